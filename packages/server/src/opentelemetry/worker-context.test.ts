import { AsyncLocalStorage } from "node:async_hooks";
import { trace } from "@opentelemetry/api";
import { initTasks } from "@taskwright/shared";
import { expect, onTestFinished, test } from "vitest";
import { RecordedSpans } from "../../../../test/harness/recorded-spans.ts";
import { memoryBackend } from "../backends/memory/index.ts";
import { createTaskServer } from "../create-task-server.ts";
import { createWorker } from "../worker/index.ts";

const t = initTasks.create();
const tasks = t.router({ work: t.task });

test("a worker that a request has woken claims and runs outside of that request, and so do its looks afterwards", async () => {
  const spans = new RecordedSpans();
  onTestFinished(() => spans[Symbol.dispose]());
  const requests = new AsyncLocalStorage<string>();
  const memory = memoryBackend();
  const { leases } = memory;
  if (leases === undefined) throw new Error("The memory backend has them.");
  const claims: (readonly [span: unknown, request: unknown])[] = [];
  let claimed = () => {};
  const claim: typeof leases.claim = (request) => {
    claims.push([trace.getActiveSpan(), requests.getStore()]);
    claimed();
    return leases.claim(request);
  };
  const ran: unknown[] = [];
  const server = createTaskServer({
    tasks,
    backend: { ...memory, leases: { ...leases, claim } },
    handlers: { work: () => void ran.push(requests.getStore()) },
    logger: false,
  });
  await server.open();
  const worker = createWorker(server, { claimInterval: "1s" });
  await worker.start();
  const enqueue = () => requests.run("a request", () => server.client.tasks.work.delay());
  let result: Awaited<ReturnType<typeof enqueue>> | undefined;
  await spans.inside("request", async () => {
    result = await enqueue();
  });
  await result?.get();
  const before = claims.length;
  await new Promise<void>((resolve) => {
    claimed = () => claims.length >= before + 2 && resolve();
  });
  await worker.stop();
  await server.close();
  expect(ran).toEqual([undefined]);
  expect(claims.filter(([span, request]) => span !== undefined || request !== undefined)).toEqual([]);
});
