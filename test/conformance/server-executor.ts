import { TaskError } from "@taskwright/shared";
import { expect } from "vitest";
import type { ConformanceSection } from "./conformance-case.ts";
import type { ServerUnderTest } from "./server-under-test.ts";
import { untilAborted } from "./until-aborted.ts";

const SECOND = 1_000;
const DAY = 86_400 * SECOND;

export const serverExecutorSection: ConformanceSection<ServerUnderTest> = {
  title: "servers: the executor",
  rows: ["order", "retries", "retention", "shutdown"],
  cases: [
    {
      name: "processOneTask runs the one of the lowest rank, and gives null when none is due",
      needs: ["leases"],
      run: async (bench) => {
        const server = bench.serve();
        await server.client.tasks.work.delay({ n: 1 });
        await server.client.tasks.work.enqueue({ n: 2 }, { priority: 5 });
        await server.client.tasks.work.enqueue({ n: 3 }, { countdown: "1h" });
        expect(await server.executor.processOneTask()).toMatchObject({
          status: "SUCCESSFUL",
          output: { n: 2 },
        });
        expect(await server.executor.processOneTask()).toMatchObject({ output: { n: 1 } });
        expect(await server.executor.processOneTask()).toBeNull();
      },
    },
    {
      name: "processTasks runs at most maxTasks, of one queue when asked so",
      needs: ["leases"],
      run: async (bench) => {
        const server = bench.serve();
        await server.client.tasks.work.enqueueMany([1, 2, 3].map((n) => ({ n })));
        await server.client.tasks.mail.send.delay({ n: 4 });
        expect(await server.executor.processTasks({ queue: "emails" })).toMatchObject([
          { path: "mail.send" },
        ]);
        expect(await server.executor.processTasks({ maxTasks: 0 })).toEqual([]);
        expect(await server.executor.processTasks({ maxTasks: 2 })).toHaveLength(2);
        expect(await server.executor.processTasks()).toHaveLength(1);
        const error = { code: "UNKNOWN_QUEUE", message: expect.stringContaining('Did you mean "emails"?') };
        await expect(server.executor.processTasks({ queue: "email" })).rejects.toMatchObject(error);
      },
    },
    {
      name: "an attempt that fails is given back READY for its retry",
      needs: ["leases"],
      run: async (bench) => {
        const server = bench.serve({
          handlers: {
            work: ({ input, attempt }) => {
              if (attempt.number === 1) throw new Error("no luck");
              return input;
            },
          },
        });
        await server.client.tasks.work.delay({ n: 1 });
        expect(await server.executor.processTasks()).toMatchObject([
          { status: "READY", attempts: 1, errors: [{ message: "no luck" }] },
        ]);
        await bench.host.advance(10 * SECOND);
        expect(await server.executor.processTasks()).toMatchObject([{ status: "SUCCESSFUL", attempts: 2 }]);
      },
    },
    {
      name: "runTaskById runs a READY one, due or not, and a FAILED or CANCELLED one only with allowRetry",
      needs: ["leases"],
      run: async (bench) => {
        const server = bench.serve();
        const { executor, client } = server;
        const later = await client.tasks.work.enqueue({ n: 1 }, { countdown: "1h" });
        expect(await executor.runTaskById(later.id)).toMatchObject({ status: "SUCCESSFUL" });
        await expect(executor.runTaskById(later.id, { allowRetry: true })).rejects.toMatchObject({
          code: "NOT_EXECUTABLE",
        });
        const cancelled = await client.tasks.work.enqueue({ n: 2 }, { countdown: "1h" });
        await cancelled.cancel();
        await expect(executor.runTaskById(cancelled.id)).rejects.toMatchObject({ code: "NOT_EXECUTABLE" });
        expect(await executor.runTaskById(cancelled.id, { allowRetry: true })).toMatchObject({
          status: "SUCCESSFUL",
          output: { n: 2 },
        });
        await expect(executor.runTaskById("nobody")).rejects.toMatchObject({ code: "RESULT_NOT_FOUND" });
      },
    },
    {
      name: "runTaskById with a signal that has aborted changes nothing, and says so",
      needs: ["leases"],
      run: async (bench) => {
        const { executor, client } = bench.serve();
        const ready = await client.tasks.work.delay({ n: 1 });
        const cancelled = await client.tasks.work.delay({ n: 2 });
        await cancelled.cancel();
        for (const [result, status] of [
          [ready, "READY"],
          [cancelled, "CANCELLED"],
        ] as const) {
          const run = executor.runTaskById(result.id, { allowRetry: true, signal: AbortSignal.abort() });
          const message = expect.stringContaining(`${result.id} is ${status} as before`);
          await expect(run).rejects.toMatchObject({ code: "ABORTED", message });
          expect(await result.status()).toBe(status);
        }
      },
    },
    {
      name: "runTaskById that made one READY and cannot run it says that it is READY and will be run",
      needs: ["leases"],
      run: async (bench) => {
        const { executor, client } = bench.serve();
        const result = await client.tasks.work.delay({ n: 1 });
        const words = `${result.id} is READY again, and a worker will run it`;
        await result.cancel();
        const stop = new AbortController();
        bench.after.set("store.requeue", async () => stop.abort());
        await expect(
          executor.runTaskById(result.id, { allowRetry: true, signal: stop.signal }),
        ).rejects.toMatchObject({ code: "ABORTED", message: expect.stringContaining(words) });
        bench.after.clear();
        await result.cancel();
        bench.before.set("leases.claim", async () => {
          throw new TaskError({ code: "BACKEND_UNAVAILABLE", message: "It is away." });
        });
        await expect(executor.runTaskById(result.id, { allowRetry: true })).rejects.toMatchObject({
          code: "BACKEND_UNAVAILABLE",
          message: `It is away; work ${words}.`,
        });
        expect(await result.status()).toBe("READY");
      },
    },
    {
      name: "a signal stops the handler that runs and gives its task back uncounted",
      needs: ["leases"],
      run: async (bench) => {
        const begun = Promise.withResolvers<void>();
        const server = bench.serve({
          handlers: {
            slow: ({ signal }) => {
              begun.resolve();
              return untilAborted(signal);
            },
          },
        });
        const results = await server.client.tasks.slow.enqueueMany([{ n: 1 }, { n: 2 }]);
        const stop = new AbortController();
        const running = server.executor.processTasks({ signal: stop.signal });
        await begun.promise;
        stop.abort();
        expect(await running).toMatchObject([{ id: results[0]?.id, status: "READY", errors: [] }]);
        expect(await results[1]?.status()).toBe("READY");
      },
    },
    {
      name: "counts tell due from delayed, by state and by queue",
      needs: ["leases", "inspector"],
      run: async (bench) => {
        const server = bench.serve();
        const { executor, client } = server;
        const since = new Date(await bench.storeTime());
        await client.tasks.work.delay({ n: 1 });
        await executor.processTasks();
        await client.tasks.work.delay({ n: 2 });
        await client.tasks.work.enqueue({ n: 3 }, { countdown: "1h" });
        const cancelled = await client.tasks.mail.send.delay({ n: 4 });
        await cancelled.cancel();
        expect(await executor.pendingTaskCount()).toBe(1);
        expect(await executor.pendingTaskCount({ queue: "emails" })).toBe(0);
        const counts = { READY: 2, RUNNING: 0, SUCCESSFUL: 1, FAILED: 0, CANCELLED: 1 };
        expect(await executor.getTaskCounts()).toEqual(counts);
        expect(await executor.getTaskCounts({ queue: "emails" })).toMatchObject({ READY: 0, CANCELLED: 1 });
        const unknown = { code: "UNKNOWN_QUEUE", message: expect.stringContaining('Did you mean "emails"?') };
        await expect(executor.pendingTaskCount({ queue: "email" })).rejects.toMatchObject(unknown);
        await expect(executor.getTaskCounts({ queue: "email" })).rejects.toMatchObject(unknown);
        const none = { pending: 0, delayed: 0, running: 0, successful: 0, failed: 0, cancelled: 0 };
        expect(await executor.getQueueStats()).toEqual([
          {
            ...none,
            backend: "default",
            queue: "default",
            pending: 1,
            delayed: 1,
            successful: 1,
            oldestPendingAt: since,
          },
          { ...none, backend: "default", queue: "emails", cancelled: 1, oldestPendingAt: null },
        ]);
      },
    },
    {
      name: "getTasks gives pages by offset and by cursor, newest first, of what the filter selects",
      needs: ["inspector"],
      run: async (bench) => {
        const { executor, client } = bench.serve();
        for (let n = 0; n < 5; n++) await client.tasks.work.enqueue({ n }, { tags: [`t${n % 2}`] });
        await client.tasks.silent.delay();
        const numbers = (page: { results: readonly { input: unknown }[] }) =>
          page.results.map(({ input }) => (input as { n: number }).n);
        const first = await executor.getTasks({ task: "work", limit: 2 });
        expect(numbers(first)).toEqual([4, 3]);
        const second = await executor.getTasks({ task: "work", limit: 2, cursor: first.nextCursor ?? "" });
        expect(numbers(second)).toEqual([2, 1]);
        expect(numbers(await executor.getTasks({ task: "work", limit: 2, offset: 3 }))).toEqual([1, 0]);
        expect(numbers(await executor.getTasks({ tag: "t1", status: ["READY"] }))).toEqual([3, 1]);
      },
    },
    {
      name: "deleteTask deletes what does not run, and says whether there was something",
      needs: ["leases"],
      run: async (bench) => {
        const server = bench.serve({ handlers: { slow: () => new Promise<void>(() => {}) } });
        const { executor, client } = server;
        const waiting = await client.tasks.work.delay({ n: 1 });
        expect(await executor.deleteTask(waiting.id)).toBe(true);
        expect(await executor.deleteTask(waiting.id)).toBe(false);
        await expect(executor.getResult(waiting.id)).rejects.toMatchObject({ code: "RESULT_NOT_FOUND" });
        await bench.work(server);
        const running = await client.tasks.slow.delay({ n: 1 });
        await bench.untilStatus(running, "RUNNING");
        await expect(executor.deleteTask(running.id)).rejects.toMatchObject({ code: "NOT_EXECUTABLE" });
      },
    },
    {
      name: "purge deletes by age and state in batches, and a dry run counts alike and deletes nothing",
      needs: ["leases", "maintenance"],
      run: async (bench) => {
        const server = bench.serve({
          handlers: {
            patient: () => {
              throw new Error("no luck");
            },
          },
        });
        const { executor, client } = server;
        await client.tasks.work.enqueueMany(Array.from({ length: 7 }, (_, n) => ({ n })));
        await client.tasks.patient.enqueue({ n: 1 }, { maxRetries: 0 });
        await executor.processTasks();
        const cancelled = await client.tasks.work.enqueue({ n: 9 }, { countdown: "1h" });
        await cancelled.cancel();
        await bench.host.advance(2 * DAY);
        expect(await executor.purge()).toBe(0);
        expect(await executor.purge({ days: 1, dryRun: true })).toBe(8);
        const progress: number[] = [];
        const onProgress = (purged: number) => progress.push(purged);
        expect(await executor.purge({ days: 1, status: "SUCCESSFUL", batchSize: 3, onProgress })).toBe(7);
        expect(progress).toEqual([3, 6, 7]);
        expect(await executor.purge({ days: 1 })).toBe(1);
        expect(await executor.purge({ days: 1, status: ["CANCELLED"] })).toBe(1);
      },
    },
    {
      name: "what executors, lists and workers cannot mean is refused, with the nearest name",
      run: async (bench) => {
        const { executor, client } = bench.serve();
        const refused = async (call: () => unknown, words: string) => {
          const outcome = await Promise.resolve()
            .then(call)
            .catch((error: unknown) => error);
          expect(outcome).toMatchObject({ code: "INVALID_OPTION", message: expect.stringContaining(words) });
        };
        await refused(() => executor.processTasks({ maxTask: 1 } as never), 'Did you mean "maxTasks"?');
        await refused(() => executor.processTasks({ maxTasks: -1 }), "maxTasks must be");
        await refused(() => executor.processTasks({ maxTasks: "5" as never }), "maxTasks must be");
        await refused(() => executor.processOneTask({ queues: "a" } as never), 'Did you mean "queue"?');
        await refused(() => executor.runTaskById("a", { allowRetries: true } as never), "allowRetry");
        await refused(() => executor.getResult(7 as never), "non-empty string; got number");
        await refused(() => executor.deleteTask(""), "non-empty string");
        await refused(() => executor.purge({ day: 1 } as never), 'Did you mean "days"?');
        await refused(() => executor.purge({ days: -1 }), "days must be");
        await refused(() => executor.purge({ batchSize: 0 }), "batchSize must be");
        await refused(() => executor.purge({ status: "READY" as never }), "only finished");
        await refused(() => executor.getTasks({ stats: "READY" } as never), 'Did you mean "status"?');
        await refused(() => client.results.list({ status: "DONE" as never }), "status must be one of READY");
        await refused(() => client.results.list({ status: 7 as never }), "status must be one of READY");
        await refused(() => client.results.list({ limit: 0 }), "limit must be");
        await refused(() => client.results.list({ enqueuedFrom: new Date("?") }), "valid Date");
        await refused(() => client.results.list({ enqueuedBefore: "2030" as never }), "valid Date");
        await refused(() => client.results.list({ queue: 7 as never }), "queue must be a string");
        await refused(() => client.results.list({ cursor: "made up" }), "nextCursor");
        await refused(() => client.results.list({ cursor: 7 as never }), "cursor must be a string");
      },
    },
  ],
};
