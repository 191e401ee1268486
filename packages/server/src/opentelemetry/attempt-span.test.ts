import { context, propagation, trace } from "@opentelemetry/api";
import { initTasks } from "@taskwright/shared";
import { expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import { RecordedSpans } from "../../../../test/harness/recorded-spans.ts";
import { memoryBackend } from "../backends/memory/index.ts";
import type { Attempt } from "../core/attempt.ts";
import { NonRetryable } from "../core/handler-signals.ts";
import { createTaskServer } from "../create-task-server.ts";
import { createTestServer } from "../testing/create-test-server.ts";
import { immediateBackend } from "../testing/immediate-backend.ts";
import { createWorker } from "../worker/index.ts";
import { openTelemetry } from "./index.ts";

const t = initTasks.create();
const tasks = t.router({
  work: t.task.input(z.object({ n: z.int() })).options({ retryDelay: "10s", maxRetries: 2 }),
  more: t.task,
});

/** What a handler does in these tests. */
type Work = (attempt: Attempt, more: () => Promise<unknown>, signal: AbortSignal) => unknown;

function recorder(): RecordedSpans {
  const spans = new RecordedSpans();
  onTestFinished(() => spans[Symbol.dispose]());
  return spans;
}

function serve(work: Work = () => {}) {
  const spans = recorder();
  const server = createTestServer({
    tasks,
    tracing: openTelemetry(spans.options),
    handlers: {
      work: async ({ attempt, client, signal }) => {
        await work(attempt, () => client.tasks.more.delay(), signal);
      },
      more: () => {},
    },
  });
  return { spans, server };
}

test("an attempt is a child of its enqueue, across the queue, and what its handler does is inside it", async () => {
  let baggage: string | undefined;
  let active: string | undefined;
  const { spans, server } = serve(async (_, more) => {
    await Promise.resolve();
    active = trace.getActiveSpan()?.spanContext().spanId;
    baggage = propagation.getActiveBaggage()?.getEntry("tenant")?.value;
    await more();
  });
  let id = "";
  const enqueue = async () => {
    ({ id } = await server.client.tasks.work.delay({ n: 1 }));
  };
  await spans.inside("request", enqueue, { tenant: "blue" });
  await server.drain();
  const [enqueued, attempt, inner, innerAttempt] = await Promise.all(
    ["enqueue work", "process work", "enqueue more", "process more"].map((name) => spans.one(name)),
  );
  expect(attempt).toMatchObject({ kind: "CONSUMER", parentId: enqueued?.id, links: [], isError: false });
  expect(attempt?.attributes).toEqual({
    "messaging.system.name": "taskwright",
    "messaging.system": "taskwright",
    "messaging.operation.type": "process",
    "messaging.operation.name": "process",
    "messaging.destination.name": "default",
    "messaging.message.id": id,
    "messaging.client.id": expect.stringContaining("executor-"),
    "taskwright.task": "work",
    "taskwright.backend": "default",
    "taskwright.attempt": 1,
    "taskwright.outcome": "succeeded",
  });
  expect({ active, baggage }).toEqual({ active: attempt?.id, baggage: "blue" });
  expect(inner?.parentId).toBe(attempt?.id);
  expect(innerAttempt?.parentId).toBe(inner?.id);
  expect(new Set((await spans.all()).map(({ traceId }) => traceId)).size).toBe(1);
});

test("a retry is a sibling of the attempt before it; those that go wrong are errors", async () => {
  const { spans, server } = serve((attempt) => {
    if (attempt.number < 3) throw new RangeError(`not at ${attempt.number}`);
    throw new TypeError("never");
  });
  await server.client.tasks.work.delay({ n: 1 });
  await server.drain({ withRetries: true });
  const { id } = await spans.one("enqueue work");
  const attempts = await spans.all("process work");
  expect(attempts.map(({ parentId }) => parentId)).toEqual([id, id, id]);
  expect(
    attempts.map(({ attributes }) => [attributes["taskwright.attempt"], attributes["taskwright.outcome"]]),
  ).toEqual([
    [1, "retrying"],
    [2, "retrying"],
    [3, "failed"],
  ]);
  expect(attempts.map(({ attributes }) => attributes["error.type"])).toEqual([
    "RangeError",
    "RangeError",
    "TypeError",
  ]);
  expect(attempts[2]).toMatchObject({
    isError: true,
    message: "never",
    exceptions: ["TypeError"],
    attributes: { "taskwright.error.type": "EXECUTION_ERROR" },
  });
});

test("what was enqueued as one of many begins a trace of its own, with a link", async () => {
  const { spans, server } = serve();
  await spans.inside("request", () => server.client.tasks.work.enqueueMany([{ n: 1 }, { n: 2 }]), { a: "b" });
  await server.drain();
  const enqueued = await spans.one("enqueue work");
  const attempts = await spans.all("process work");
  expect(attempts).toMatchObject([
    { parentId: null, links: [enqueued.id] },
    { parentId: null, links: [enqueued.id] },
  ]);
  expect(new Set([enqueued, ...attempts].map(({ traceId }) => traceId)).size).toBe(3);
});

test("what was enqueued untraced, and what a schedule enqueues, begins a trace of its own", async () => {
  const { spans, server } = serve();
  await spans.inside("set-up", () =>
    server.client.schedules.create({ id: "s", task: "more", cron: "* * * * *" }),
  );
  await server.clock.advance("1m");
  await server.drain();
  const tick = await spans.one("process more");
  expect(tick).toMatchObject({ parentId: null, links: [], attributes: { "taskwright.schedule.id": "s" } });
  expect(await spans.all("enqueue more")).toEqual([]);
});

test("a stored context that cannot be read is as none", async () => {
  const spans = recorder();
  const inject = (_: unknown, carrier: unknown) => Object.assign(carrier as object, { traceparent: "00-zz" });
  const { propagator, provider: tracerProvider } = spans;
  const odd = { inject, extract: propagator.extract.bind(propagator), fields: () => [] };
  const throwing = {
    ...odd,
    extract: () => {
      throw new Error("odd");
    },
  };
  for (const given of [odd, throwing]) {
    const server = createTestServer({
      tasks,
      tracing: openTelemetry({ tracerProvider, propagator: given }),
      handlers: { work: () => {}, more: () => {} },
    });
    const result = await server.client.tasks.more.delay();
    await server.drain();
    expect(await result.status()).toBe("SUCCESSFUL");
  }
  expect(await spans.all("process more")).toMatchObject([
    { parentId: null, links: [], isError: false },
    { parentId: null, links: [], isError: false },
  ]);
});

test("an attempt that somebody calls for has a link to the caller; one of a worker's loop has none", async () => {
  const spans = recorder();
  const done = Promise.withResolvers<void>();
  const server = createTaskServer({
    tasks,
    backend: memoryBackend(),
    tracing: openTelemetry(spans.options),
    handlers: { work: () => {}, more: () => done.resolve() },
  });
  await server.client.tasks.work.delay({ n: 1 });
  const caller = await spans.inside("endpoint", () => server.executor.processOneTask());
  const [called] = await spans.all("process work");
  expect(called).toMatchObject({ parentId: (await spans.one("enqueue work")).id, links: [caller] });
  const worker = createWorker(server);
  await server.client.tasks.more.delay();
  await spans.inside("start-up", async () => {
    await worker.start();
    await done.promise;
    await worker.stop();
  });
  expect(await spans.one("process more")).toMatchObject({
    parentId: (await spans.one("enqueue more")).id,
    links: [],
    attributes: { "messaging.client.id": worker.id },
  });
  await server.close();
});

test("what the hooks of a failure enqueue is inside the attempt that failed", async () => {
  const spans = recorder();
  const server = createTestServer({
    tasks,
    tracing: openTelemetry(spans.options),
    handlers: {
      work: () => {
        throw new NonRetryable("no luck");
      },
      more: () => {},
    },
    onFailed: async () => {
      await Promise.resolve();
      await server.client.tasks.more.delay();
    },
  });
  await server.client.tasks.work.delay({ n: 1 });
  await server.drain();
  await server.close();
  expect((await spans.one("enqueue more")).parentId).toBe((await spans.one("process work")).id);
});

test("server.run is a span inside what the caller does", async () => {
  const { spans, server } = serve((attempt) => {
    if (attempt.maxRetries === 0 && attempt.parentId === null) throw new RangeError("not now");
  });
  const caller = await spans.inside("script", async () => {
    await server.run.more();
    await expect(server.run.work({ n: 1 })).rejects.toThrow("not now");
  });
  expect(await spans.one("run more")).toMatchObject({
    kind: "INTERNAL",
    parentId: caller,
    isError: false,
    attributes: { "taskwright.task": "more", "taskwright.outcome": "succeeded" },
  });
  expect(await spans.one("run work")).toMatchObject({
    parentId: caller,
    isError: true,
    exceptions: ["RangeError"],
  });
});

test("what runs inside its enqueue is inside its span", async () => {
  const spans = recorder();
  await using server = createTaskServer({
    tasks,
    backend: immediateBackend(),
    tracing: openTelemetry(spans.options),
    handlers: { work: () => {}, more: () => {} },
  });
  await server.client.tasks.more.delay();
  await server.client.tasks.work.enqueueMany([{ n: 1 }]);
  const [single, many] = [await spans.one("enqueue more"), await spans.one("enqueue work")];
  expect(await spans.one("process more")).toMatchObject({ parentId: single.id, links: [] });
  expect(await spans.one("process work")).toMatchObject({ parentId: null, links: [many.id] });
});

test("a cancel and a shutdown are no errors, and a timeout is one", async () => {
  const begun: (() => void)[] = [];
  const untilBegun = () => new Promise<void>((resolve) => begun.push(resolve));
  const { spans, server } = serve(
    (_, __, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
        begun.shift()?.();
      }),
  );
  const cancelled = await server.client.tasks.work.delay({ n: 1 });
  let running: Promise<unknown>;
  let isRunning = untilBegun();
  running = server.executor.processOneTask();
  await isRunning;
  await cancelled.cancel();
  await running;
  await server.client.tasks.work.enqueue({ n: 2 }, { timeout: "1m", maxRetries: 0 });
  isRunning = untilBegun();
  const stop = new AbortController();
  running = server.executor.processTasks({ signal: stop.signal });
  await isRunning;
  stop.abort();
  await running;
  isRunning = untilBegun();
  running = server.executor.processOneTask();
  await isRunning;
  await server.clock.advance("61s");
  await running;
  expect(
    (await spans.all("process work")).map(({ isError, attributes }) => [
      attributes["taskwright.outcome"],
      isError,
      attributes["taskwright.error.type"],
    ]),
  ).toEqual([
    ["cancelled", false, undefined],
    ["released", false, undefined],
    ["failed", true, "TIMEOUT"],
  ]);
});

test("a span is as long as its handler ran, however long the store takes to learn of it", async () => {
  const spans = recorder();
  const memory = memoryBackend();
  const { leases } = memory;
  if (leases === undefined) throw new Error("The memory backend has them.");
  let settledAt = 0;
  const settle: typeof leases.settle = async (request) => {
    settledAt = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 100));
    return leases.settle(request);
  };
  const server = createTaskServer({
    tasks,
    backend: { ...memory, leases: { ...leases, settle } },
    tracing: openTelemetry(spans.options),
    handlers: {
      work: () => {},
      more: () => {
        throw new NonRetryable("no luck");
      },
    },
    logger: false,
  });
  await server.client.tasks.more.delay();
  const before = performance.now();
  await server.executor.processOneTask();
  const { durationMs } = await spans.one("process more");
  expect(durationMs).toBeLessThanOrEqual(settledAt - before + 1);
  await server.close();
});

test("whatever is active stays active after an enqueue", async () => {
  const { spans, server } = serve();
  await spans.inside("request", async () => {
    const before = context.active();
    await server.client.tasks.more.delay();
    expect(context.active()).toBe(before);
  });
});
