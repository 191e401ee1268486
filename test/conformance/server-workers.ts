import { createTaskServer } from "@taskwright/server";
import type { ProgressUpdate } from "@taskwright/shared";
import { expect } from "vitest";
import type { ConformanceSection } from "./conformance-case.ts";
import { tasks } from "./server-contract.ts";
import { ServerProcess } from "./server-processes.ts";
import type { ServerUnderTest } from "./server-under-test.ts";
import { untilAborted } from "./until-aborted.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

export const serverWorkersSection: ConformanceSection<ServerUnderTest> = {
  title: "servers: workers",
  rows: ["order", "unknown task", "cancel", "shutdown"],
  cases: [
    {
      name: "a worker with once runs what an attempt has enqueued beside a claim that had not seen it",
      needs: ["leases"],
      run: async (bench) => {
        const { wakeups: _, ...unwoken } = bench.backend;
        const emptyClaim = Promise.withResolvers<void>();
        const attemptEnded = Promise.withResolvers<void>();
        let claims = 0;
        bench.after.set("leases.claim", async () => {
          if (++claims !== 2) return;
          emptyClaim.resolve();
          await attemptEnded.promise;
        });
        const server = createTaskServer({
          tasks,
          backend: unwoken,
          only: ["work", "silent"],
          handlers: {
            work: async ({ input }) => {
              // The end of the first makes the worker claim again, which finds nothing.
              if (input.n === 1) return input;
              await emptyClaim.promise;
              await server.client.tasks.silent.delay();
              return input;
            },
            silent: () => {},
          },
          logger: false,
          host: bench.host,
        });
        const [, second] = await server.client.tasks.work.enqueueMany([{ n: 1 }, { n: 2 }]);
        const worker = await bench.work(server, { once: true });
        await bench.untilStatus(second, "SUCCESSFUL");
        attemptEnded.resolve();
        await worker.stopped;
        expect(worker.started).toBe(3);
      },
    },
    {
      name: "of tasks that are due the one of the lowest rank runs first",
      needs: ["leases"],
      run: async (bench) => {
        const order: number[] = [];
        const server = bench.serve({
          handlers: {
            work: ({ input }) => {
              order.push(input.n);
              return input;
            },
          },
        });
        const { work } = server.client.tasks;
        const results = [
          await work.delay({ n: 0 }),
          await work.enqueue({ n: 1 }, { priority: -5 }),
          await work.enqueue({ n: 2 }, { priority: 10 }),
          await work.delay({ n: 3 }),
        ];
        await bench.host.advance(20 * SECOND);
        results.push(await work.enqueue({ n: 4 }, { priority: 1 }));
        await bench.work(server, { concurrency: 1 });
        await Promise.all(results.map((result) => result.get()));
        expect(order).toEqual([2, 4, 0, 3, 1]);
      },
    },
    {
      name: "a worker runs at most as many handlers at once as it was told",
      needs: ["leases"],
      run: async (bench) => {
        let running = 0;
        let most = 0;
        const server = await bench.run(
          {
            work: async ({ input }) => {
              most = Math.max(most, ++running);
              await new Promise((resolve) => setImmediate(resolve));
              running--;
              return input;
            },
          },
          { concurrency: 3 },
        );
        const results = await server.client.tasks.work.enqueueMany(
          Array.from({ length: 40 }, (_, n) => ({ n })),
        );
        await Promise.all(results.map((result) => result.get()));
        expect(most).toBe(3);
      },
    },
    {
      name: "a worker works on its own queues only",
      needs: ["leases"],
      run: async (bench) => {
        const server = await bench.run({}, { queues: "emails" });
        const mail = await server.client.tasks.mail.send.delay({ n: 1 });
        const work = await server.client.tasks.work.delay({ n: 1 });
        await mail.get();
        await bench.host.advance(5 * SECOND);
        expect(await work.status()).toBe("READY");
      },
    },
    {
      name: "a task that a server has no handler for waits unharmed for one that has",
      needs: ["leases"],
      run: async (bench) => {
        const partial = createTaskServer({
          logger: false,
          tasks,
          backend: bench.backend,
          handlers: { mail: { send: () => {} } },
          only: ["mail"],
          host: bench.host,
        });
        const unknown = await partial.client.tasks.work.delay({ n: 1 });
        const known = await partial.client.tasks.mail.send.delay({ n: 1 });
        await bench.work(partial as never);
        await known.get();
        await bench.host.advance(5 * SECOND);
        expect(await unknown.refresh()).toMatchObject({ status: "READY", attempts: 0, errors: [] });
        await bench.run();
        expect(await unknown.get()).toEqual({ n: 1 });
      },
    },
    {
      name: "a cancelled task that waits never runs",
      needs: ["leases"],
      run: async (bench) => {
        let calls = 0;
        const server = bench.serve({ handlers: { silent: () => void calls++ } });
        const result = await server.client.tasks.silent.delay();
        expect(await result.cancel()).toBe("cancelled");
        expect(await result.cancel()).toBe("finished");
        await bench.work(server);
        await bench.host.advance(5 * SECOND);
        expect([calls, await result.status()]).toEqual([0, "CANCELLED"]);
      },
    },
    {
      name: "a cancel reaches a running handler through its signal, and its throw is CANCELLED",
      needs: ["leases"],
      run: async (bench) => {
        const server = await bench.run({ slow: ({ signal }) => untilAborted(signal) });
        const result = await server.client.tasks.slow.delay({ n: 1 });
        await bench.untilStatus(result, "RUNNING");
        expect(await result.cancel()).toBe("requested");
        await bench.host.advance(2 * SECOND);
        await bench.untilStatus(result, "CANCELLED");
      },
    },
    {
      name: "a handler that returns although it was cancelled has succeeded",
      needs: ["leases"],
      run: async (bench) => {
        const server = await bench.run({
          slow: ({ signal }) =>
            new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve())),
        });
        const result = await server.client.tasks.slow.delay({ n: 1 });
        await bench.untilStatus(result, "RUNNING");
        await result.cancel();
        await bench.host.advance(2 * SECOND);
        await bench.untilStatus(result, "SUCCESSFUL");
      },
    },
    {
      name: "a cancel reaches a handler that runs in another process",
      needs: ["leases", "processes"],
      run: async (bench) => {
        await using other = await ServerProcess.start(bench.store);
        const result = await bench.serve().client.tasks.slow.delay({ n: 1 });
        await other.until(({ news }) => news.includes(`started ${result.id}`));
        expect(await result.cancel()).toBe("requested");
        await other.until(({ news }) => news.includes(`aborted ${result.id} TASK_CANCELLED`));
        await bench.untilStatus(result, "CANCELLED");
      },
    },
    {
      name: "a task whose process is killed in the middle of its handler runs again in another",
      needs: ["leases", "maintenance", "processes"],
      run: async (bench) => {
        await using other = await ServerProcess.start(bench.store);
        const server = bench.serve();
        const result = await server.client.tasks.slow.delay({ n: 1 });
        await other.until(({ news }) => news.includes(`started ${result.id}`));
        await other.kill();
        await bench.host.advance(MINUTE);
        await bench.work(server, { claimInterval: "1s" });
        expect(await result.get()).toBeUndefined();
        expect(await result.refresh()).toMatchObject({ attempts: 2, errors: [{ type: "LEASE_EXPIRED" }] });
      },
    },
    {
      name: "onProgress tells where a task result stands as it changes, and its end last",
      needs: ["leases"],
      run: async (bench) => {
        const steps = [0, 1].map(() => Promise.withResolvers<void>());
        const server = bench.serve({
          handlers: {
            work: async ({ input, attempt }) => {
              for (const [part, { promise }] of steps.entries()) {
                await attempt.progress(part);
                await promise;
              }
              return { n: input.n };
            },
          },
        });
        const result = await server.client.tasks.work.delay({ n: 1 });
        const told: ProgressUpdate[] = [];
        const errors: unknown[] = [];
        result.onProgress((update) => told.push(update), { onError: (error) => errors.push(error) });
        const stop = result.onProgress(() => errors.push("told after it was stopped"));
        stop();
        await bench.until(() => told.length === 1);
        await bench.work(server);
        for (const [part, step] of steps.entries()) {
          await bench.until(async () => (await result.refresh()).progress === part);
          await bench.host.advance(500);
          await bench.until(() => told.at(-1)?.progress === part);
          step.resolve();
        }
        await bench.until(async () => (await result.status()) === "SUCCESSFUL");
        await bench.host.advance(500);
        await bench.until(() => told.at(-1)?.status === "SUCCESSFUL");
        expect(told.filter(({ progress }) => progress !== null)).toEqual([
          { status: "RUNNING", progress: 0 },
          { status: "RUNNING", progress: 1 },
          { status: "SUCCESSFUL", progress: 1 },
        ]);
        expect(told[0]).toEqual({ status: "READY", progress: null });
        server.client.tasks.work
          .result("0190f5c6-0000-7000-8000-000000000000")
          .onProgress(() => errors.push("told of nothing"), { onError: (error) => errors.push(error) });
        await bench.until(() => errors.length > 0);
        expect(errors).toEqual([expect.objectContaining({ code: "RESULT_NOT_FOUND" })]);
      },
    },
    {
      name: "progress is there for anyone who reads the result while the handler runs",
      needs: ["leases"],
      run: async (bench) => {
        const goOn = Promise.withResolvers<void>();
        const server = await bench.run({
          slow: async ({ attempt }) => {
            await attempt.progress(0);
            await attempt.progress({ done: 1, of: 2 });
            await goOn.promise;
          },
        });
        const result = await server.client.tasks.slow.delay({ n: 1 });
        const reader = bench.serve().client.tasks.slow.result(result.id);
        await bench.until(async () => (await reader.refresh()).progress !== null);
        await bench.until(async () => typeof (await reader.refresh()).progress === "object");
        expect((await reader.refresh()).progress).toEqual({ done: 1, of: 2 });
        goOn.resolve();
        await result.get();
      },
    },
    {
      name: "a worker that stops lets its handlers finish and claims nothing more",
      needs: ["leases"],
      run: async (bench) => {
        const done = Promise.withResolvers<void>();
        const server = bench.serve({ handlers: { slow: () => done.promise } });
        const worker = await bench.work(server, { concurrency: 1 });
        const running = await server.client.tasks.slow.delay({ n: 1 });
        await bench.untilStatus(running, "RUNNING");
        const stopping = worker.stop();
        const late = await server.client.tasks.work.delay({ n: 1 });
        await bench.host.advance(10 * SECOND);
        done.resolve();
        await stopping;
        expect([await running.status(), await late.status()]).toEqual(["SUCCESSFUL", "READY"]);
      },
    },
    {
      name: "what a stopping worker had claimed but not begun goes back uncounted",
      needs: ["leases"],
      run: async (bench) => {
        const done = Promise.withResolvers<void>();
        const server = bench.serve({ handlers: { slow: () => done.promise } });
        const results = await server.client.tasks.slow.enqueueMany(
          Array.from({ length: 8 }, (_, n) => ({ n })),
        );
        const worker = await bench.work(server, { concurrency: 1 });
        await bench.untilStatus(results[0], "RUNNING");
        const stopping = worker.stop();
        await bench.host.settle();
        done.resolve();
        await stopping;
        for (const result of results.slice(1)) {
          const waiting = { status: "READY", attempts: 0, workerIds: [], errors: [] };
          expect(await result.refresh()).toMatchObject(waiting);
        }
        expect(await results[0]?.status()).toBe("SUCCESSFUL");
      },
    },
    {
      name: "a handler that stops when its worker's patience ends is given back without using a retry",
      needs: ["leases"],
      run: async (bench) => {
        const server = bench.serve({
          handlers: {
            slow: ({ signal, attempt }) => (attempt.number > 1 ? undefined : untilAborted(signal)),
          },
        });
        const worker = await bench.work(server);
        const result = await server.client.tasks.slow.enqueue({ n: 1 }, { maxRetries: 0 });
        await bench.untilStatus(result, "RUNNING");
        const stopping = worker.stop();
        await bench.host.advance(19 * SECOND);
        expect(await result.status()).toBe("RUNNING");
        await bench.host.advance(2 * SECOND);
        await stopping;
        expect(await result.refresh()).toMatchObject({ status: "READY", errors: [] });
        await bench.work(server);
        expect(await result.get()).toBeUndefined();
      },
    },
    {
      name: "a handler that ignores its worker's end keeps its lease, whose expiry counts as nothing",
      needs: ["leases", "maintenance"],
      run: async (bench) => {
        const server = bench.serve({
          handlers: { slow: ({ attempt }) => (attempt.number > 1 ? undefined : new Promise(() => {})) },
        });
        const worker = await bench.work(server);
        const result = await server.client.tasks.slow.enqueue({ n: 1 }, { maxRetries: 0 });
        await bench.untilStatus(result, "RUNNING");
        await Promise.all([worker.stop(), bench.host.advance(26 * SECOND)]);
        expect((await result.refresh()).status).toBe("RUNNING");
        await bench.host.advance(10 * SECOND);
        await bench.work(server, { claimInterval: "1s" });
        expect(await result.get()).toBeUndefined();
        expect(await result.refresh()).toMatchObject({ attempts: 2, errors: [] });
      },
    },
  ],
};
