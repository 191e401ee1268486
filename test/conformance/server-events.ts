import { implement, NonRetryable, type TaskEventName, type TaskServer } from "@taskwright/server";
import { TaskError } from "@taskwright/shared";
import { expect } from "vitest";
import type { ConformanceSection } from "./conformance-case.ts";
import { type ServerContract, tasks } from "./server-contract.ts";
import type { ServerUnderTest } from "./server-under-test.ts";
import { untilAborted } from "./until-aborted.ts";

const SECOND = 1_000;
const NAMES = [
  "enqueued",
  "started",
  "succeeded",
  "retrying",
  "failed",
  "cancelled",
  "finished",
  "leaseLost",
  "released",
] as const satisfies readonly TaskEventName[];

interface Heard {
  readonly name: TaskEventName;
  readonly event: object;
}

function listen(server: TaskServer<ServerContract>): Heard[] {
  const heard: Heard[] = [];
  for (const name of NAMES) server.events.on(name, (event) => heard.push({ name, event }));
  return heard;
}

export const serverEventsSection: ConformanceSection<ServerUnderTest> = {
  title: "servers: events and onFailed",
  rows: ["retries", "cancel"],
  cases: [
    {
      name: "a good end is told as enqueued, started, succeeded, finished",
      needs: ["leases"],
      run: async (bench) => {
        const server = bench.serve();
        const heard = listen(server);
        const worker = await bench.work(server);
        const result = await server.client.tasks.mail.send.delay({ n: 1 });
        await result.get();
        await bench.until(() => heard.length >= 4);
        const base = { id: result.id, path: "mail.send", queue: "emails", backend: "default" };
        const attempt = { ...base, attempt: 1, workerId: worker.id };
        expect(heard).toEqual([
          { name: "enqueued", event: { ...base, deduplicated: false } },
          { name: "started", event: attempt },
          { name: "succeeded", event: { ...attempt, durationMs: expect.any(Number) } },
          { name: "finished", event: { ...base, status: "SUCCESSFUL" } },
        ]);
      },
    },
    {
      name: "a task that fails twice is told as started and retrying, then started, failed, finished",
      needs: ["leases"],
      run: async (bench) => {
        const server = bench.serve({
          handlers: {
            work: () => {
              throw new Error("no luck");
            },
          },
        });
        const heard = listen(server);
        await bench.work(server);
        const result = await server.client.tasks.work.enqueue({ n: 1 }, { maxRetries: 1 });
        await bench.host.advance(11 * SECOND);
        await bench.untilStatus(result, "FAILED");
        expect(heard.map(({ name }) => name)).toEqual([
          "enqueued",
          "started",
          "retrying",
          "started",
          "failed",
          "finished",
        ]);
        const error = { type: "EXECUTION_ERROR", message: "no luck" };
        expect(heard[2]?.event).toMatchObject({ attempt: 1, error, runAfter: expect.any(Date) });
        expect(heard[4]?.event).toMatchObject({ id: result.id, attempt: 2, error });
        expect(heard[5]?.event).toMatchObject({ id: result.id, status: "FAILED" });
      },
    },
    {
      name: "a cancel is told as cancelled and finished, whether the task waited or ran",
      needs: ["leases"],
      run: async (bench) => {
        const server = bench.serve({
          handlers: {
            slow: ({ signal }) => untilAborted(signal),
          },
        });
        const waiting = await server.client.tasks.work.enqueue({ n: 1 }, { countdown: "1h" });
        const running = await server.client.tasks.slow.delay({ n: 1 });
        await bench.work(server);
        await bench.untilStatus(running, "RUNNING");
        const heard = listen(server);
        await waiting.cancel();
        await running.cancel();
        await bench.host.advance(2 * SECOND);
        await bench.untilStatus(running, "CANCELLED");
        expect(heard.map(({ name, event }) => [name, (event as { id: string }).id])).toEqual([
          ["cancelled", waiting.id],
          ["finished", waiting.id],
          ["cancelled", running.id],
          ["finished", running.id],
        ]);
      },
    },
    {
      name: "a listener that throws, at once or later, is logged and harms nothing",
      needs: ["leases"],
      run: async (bench) => {
        const server = bench.serve();
        const heard: string[] = [];
        server.events.on("started", () => {
          throw new Error("thrown at once");
        });
        server.events.on("started", async () => {
          throw new Error("thrown later");
        });
        server.events.on("started", ({ id }) => heard.push(id));
        await bench.work(server);
        const result = await server.client.tasks.work.delay({ n: 2 });
        expect(await result.get()).toEqual({ n: 2 });
        expect(heard).toEqual([result.id]);
        const errors = bench.told.filter(({ level }) => level === "error");
        expect(errors.map(({ facts }) => (facts.err as Error).message)).toEqual([
          "thrown at once",
          "thrown later",
        ]);
      },
    },
    {
      name: "a listener that was taken away hears nothing more, and others go on",
      run: async (bench) => {
        const server = bench.serve();
        const heard: string[] = [];
        const listener = () => heard.push("first");
        const stop = server.events.on("enqueued", listener);
        server.events.on("enqueued", listener);
        stop();
        stop();
        await server.client.tasks.silent.delay();
        expect(heard).toEqual(["first"]);
      },
    },
    {
      name: "the handler's and the server's onFailed are each told once, at the final failure; what one throws keeps nothing from the other",
      needs: ["leases"],
      run: async (bench) => {
        const told: string[] = [];
        const server = bench.serve({
          handlers: {
            work: implement(tasks).work.handler(
              ({ attempt }) => {
                throw new Error(`attempt ${attempt.number}`);
              },
              {
                onFailed: ({ result, error }) => {
                  told.push(`handler ${result.status} ${result.input.n} ${error.message}`);
                  throw new Error("the hook broke");
                },
              },
            ),
          },
          onFailed: async ({ result, error }) => {
            told.push(`server ${result.id} ${result.attempts} ${error.message}`);
            throw new Error("this one too");
          },
        });
        await bench.work(server);
        const result = await server.client.tasks.work.enqueue({ n: 9 }, { maxRetries: 1 });
        await bench.host.advance(5 * SECOND);
        expect(told).toEqual([]);
        await bench.host.advance(6 * SECOND);
        await bench.untilStatus(result, "FAILED");
        await bench.until(() => told.length >= 2);
        expect(told).toEqual(["handler FAILED 9 attempt 2", `server ${result.id} 2 attempt 2`]);
        const errors = () =>
          bench.told.flatMap(({ level, facts }) => (level === "error" ? [(facts.err as Error).message] : []));
        await bench.until(() => errors().length >= 3);
        expect(errors()).toEqual(["attempt 2", "the hook broke", "this one too"]);
      },
    },
    {
      name: "onFailed is told when the store cannot be read for a while; when it stays away, the log says that",
      needs: ["leases"],
      run: async (bench) => {
        const told: string[] = [];
        const server = bench.serve({
          handlers: {
            work: () => {
              throw new NonRetryable();
            },
          },
          onFailed: ({ result }) => told.push(result.id),
        });
        await bench.work(server);
        const away = new TaskError({ code: "BACKEND_UNAVAILABLE", message: "It is away." });
        bench.after.set("leases.settle", async () => {
          bench.before.set("store.get", () => Promise.reject(away));
        });
        const briefly = await server.client.tasks.work.delay({ n: 1 });
        await bench.until(() => bench.before.has("store.get"));
        await bench.host.advance(SECOND);
        expect(told).toEqual([]);
        bench.before.clear();
        await bench.host.advance(SECOND);
        expect(told).toEqual([briefly.id]);
        const late = await server.client.tasks.work.delay({ n: 2 });
        await bench.until(() => bench.before.has("store.get"));
        await bench.host.advance(10 * SECOND);
        expect(told).toEqual([briefly.id]);
        const errors = bench.told.filter(({ level, facts }) => level === "error" && facts.err === away);
        expect(errors).toEqual([
          {
            level: "error",
            facts: { id: late.id, task: "work", err: away },
            message: "A FAILED task result could not be read, so its onFailed hooks were not called.",
          },
        ]);
      },
    },
    {
      name: "closing a server waits for the onFailed that is under way",
      needs: ["leases"],
      run: async (bench) => {
        const goOn = Promise.withResolvers<void>();
        const steps: string[] = [];
        const server = bench.serve({
          handlers: {
            work: () => {
              throw new NonRetryable();
            },
          },
          onFailed: async () => {
            steps.push("begun");
            await goOn.promise;
            steps.push("done");
          },
        });
        await server.client.tasks.work.delay({ n: 1 });
        await server.executor.processTasks();
        await bench.until(() => steps.length === 1);
        const closing = server.close().then(() => steps.push("closed"));
        await bench.host.settle();
        goOn.resolve();
        await closing;
        expect(steps).toEqual(["begun", "done", "closed"]);
      },
    },
  ],
};
