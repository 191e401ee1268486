import { type Attempt, NonRetryable } from "@taskwright/server";
import { TaskError } from "@taskwright/shared";
import { expect } from "vitest";
import type { ConformanceSection } from "./conformance-case.ts";
import type { ServerUnderTest } from "./server-under-test.ts";
import { untilAborted } from "./until-aborted.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

function unavailable(): TaskError {
  return new TaskError({ code: "BACKEND_UNAVAILABLE", message: "It is away." });
}

/** Makes the first of some operations go wrong, before or after the store has carried it out. */
function failOnce(bench: ServerUnderTest, when: "before" | "after", operation: string): void {
  let failures = 0;
  bench[when].set(operation, async () => {
    if (failures++ === 0) throw unavailable();
  });
}

export const serverInterleavingsSection: ConformanceSection<ServerUnderTest> = {
  title: "servers: what comes late, early, or twice",
  rows: ["delivery", "cancel", "timeout", "shutdown", "lease", "retries"],
  cases: [
    {
      name: "a handler is not called once its attempt has ended while its context was made",
      needs: ["leases"],
      run: async (bench) => {
        const late = Promise.withResolvers<object>();
        const called: number[] = [];
        let contexts = 0;
        const server = bench.serve({
          createContext: () => (contexts++ === 0 ? late.promise : {}),
          handlers: { slow: ({ attempt }) => void called.push(attempt.number) },
        });
        await bench.work(server);
        const result = await server.client.tasks.slow.delay({ n: 1 });
        await bench.untilStatus(result, "RUNNING");
        await bench.host.advance(2 * MINUTE);
        await bench.untilStatus(result, "SUCCESSFUL");
        late.resolve({});
        await bench.host.settle();
        expect(called).toEqual([2]);
      },
    },
    {
      name: "a task that is cancelled while its context is made is CANCELLED without a call of its handler",
      needs: ["leases"],
      run: async (bench) => {
        const late = Promise.withResolvers<object>();
        let calls = 0;
        const server = bench.serve({
          createContext: () => late.promise,
          handlers: { slow: () => void calls++ },
        });
        await bench.work(server);
        const result = await server.client.tasks.slow.delay({ n: 1 });
        await bench.untilStatus(result, "RUNNING");
        expect(await result.cancel()).toBe("requested");
        await bench.host.advance(2 * SECOND);
        late.resolve({});
        await bench.untilStatus(result, "CANCELLED");
        expect(calls).toBe(0);
      },
    },
    {
      name: "a cancel that comes while the claim's answer is on its way reaches the handler within a second",
      needs: ["leases", "wakeups"],
      run: async (bench) => {
        let abortedAfter: number | null = null;
        const handlers: Parameters<typeof bench.run>[0] = {
          patient: async ({ signal }) => {
            const startedAt = bench.host.monotonicTime();
            await untilAborted(signal).catch((reason: unknown) => {
              abortedAfter = bench.host.monotonicTime() - startedAt;
              throw reason;
            });
          },
        };
        const server = await bench.run(handlers, { id: "worker-1" });
        let isRequested = false;
        const told = Promise.withResolvers<void>();
        const stopWatching = bench.backend.wakeups?.watchCancels({
          workerId: "worker-1",
          wake: () => isRequested && told.resolve(),
        });
        const answer = Promise.withResolvers<void>();
        let isRunning: () => Promise<boolean> = async () => false;
        // Of the claims that are under way, only the answer of the one that brings it is late.
        bench.after.set("leases.claim", async () => {
          if (await isRunning()) await answer.promise;
        });
        const result = await server.client.tasks.patient.delay({ n: 1 });
        isRunning = async () => (await result.status()) === "RUNNING";
        // Not by settle(), which waits for the answer.
        while (!(await isRunning())) await new Promise((resolve) => setImmediate(resolve));
        isRequested = true;
        expect(await result.cancel()).toBe("requested");
        // The wake may come later than the answer.
        await told.promise;
        bench.after.clear();
        answer.resolve();
        await bench.host.settle();
        await bench.host.advance(SECOND);
        await bench.untilStatus(result, "CANCELLED");
        expect(abortedAfter ?? 0).toBeLessThanOrEqual(SECOND);
        stopWatching?.();
      },
    },
    {
      name: "a cancel reaches a handler that an executor runs",
      needs: ["leases", "wakeups"],
      run: async (bench) => {
        const server = bench.serve({ handlers: { patient: ({ signal }) => untilAborted(signal) } });
        const result = await server.client.tasks.patient.delay({ n: 1 });
        const running = server.executor.processTasks();
        await bench.untilStatus(result, "RUNNING");
        expect(await result.cancel()).toBe("requested");
        await bench.host.advance(SECOND);
        expect(await running).toMatchObject([{ id: result.id, status: "CANCELLED" }]);
      },
    },
    {
      name: "progress that nobody waits for, and that comes too late, harms nobody",
      needs: ["leases"],
      run: async (bench) => {
        let attempt: Attempt | undefined;
        const server = await bench.run({
          work: (call) => {
            attempt = call.attempt;
            return call.input;
          },
        });
        const result = await server.client.tasks.work.delay({ n: 1 });
        await bench.untilStatus(result, "SUCCESSFUL");
        const unhandled: unknown[] = [];
        const listen = (reason: unknown) => unhandled.push(reason);
        process.on("unhandledRejection", listen);
        try {
          void attempt?.progress(1);
          await bench.host.settle();
          await new Promise((resolve) => setImmediate(resolve));
        } finally {
          process.off("unhandledRejection", listen);
        }
        expect(unhandled).toEqual([]);
        expect(await result.refresh()).toMatchObject({ status: "SUCCESSFUL", progress: null });
      },
    },
    {
      name: "a claim whose answer takes most of a lease begins nothing on a lease that may be over",
      needs: ["leases", "maintenance"],
      run: async (bench) => {
        let running = 0;
        let most = 0;
        const handlers = {
          slow: async () => {
            running++;
            most = Math.max(most, running);
            await new Promise<void>((resolve) => {
              bench.host.setTimer(5 * SECOND, resolve);
            });
            running--;
          },
        };
        const server = bench.serve({ handlers });
        const result = await server.client.tasks.slow.delay({ n: 1 });
        let claims = 0;
        bench.after.set("leases.claim", async () => {
          // The lease is of three seconds.
          if (claims++ === 0) bench.host.block(2.9 * SECOND);
        });
        await bench.work(server);
        await bench.work(bench.serve({ handlers }), { claimInterval: "1s" });
        await bench.host.advance(MINUTE);
        await bench.untilStatus(result, "SUCCESSFUL");
        expect(most).toBe(1);
      },
    },
    {
      name: "an output that does not fit fails its task also after the timeout, without a retry",
      needs: ["leases"],
      run: async (bench) => {
        let calls = 0;
        const server = bench.serve({
          handlers: {
            work: async ({ signal }) => {
              calls++;
              await untilAborted(signal).catch(() => undefined);
              return { n: "not a number" } as never;
            },
          },
        });
        await bench.work(server);
        const result = await server.client.tasks.work.enqueue({ n: 1 }, { timeout: "10s" });
        await bench.untilStatus(result, "RUNNING");
        await bench.host.advance(5 * MINUTE);
        const failed = await bench.untilStatus(result, "FAILED");
        expect(failed.errors.map(({ type }) => type)).toEqual(["PAYLOAD_ERROR"]);
        expect(calls).toBe(1);
      },
    },
    {
      name: "NonRetryable ends a task also when its worker is stopping",
      needs: ["leases"],
      run: async (bench) => {
        const server = bench.serve({
          handlers: {
            patient: async ({ signal }) => {
              await untilAborted(signal).catch(() => undefined);
              throw new NonRetryable("declined");
            },
          },
        });
        const worker = await bench.work(server);
        const result = await server.client.tasks.patient.delay({ n: 1 });
        await bench.untilStatus(result, "RUNNING");
        await bench.stop(worker);
        expect(await result.refresh()).toMatchObject({ status: "FAILED", errors: [{ message: "declined" }] });
      },
    },
    {
      name: "what a handler throws beside the reason when its worker stops is logged",
      needs: ["leases"],
      run: async (bench) => {
        const server = bench.serve({
          handlers: {
            patient: async ({ signal }) => {
              await untilAborted(signal).catch(() => undefined);
              throw new RangeError("the ledger is torn");
            },
          },
        });
        const worker = await bench.work(server);
        const result = await server.client.tasks.patient.delay({ n: 1 });
        await bench.untilStatus(result, "RUNNING");
        await bench.stop(worker);
        expect(await result.refresh()).toMatchObject({ status: "READY", errors: [] });
        const errors = bench.told.map(({ facts }) => facts.err).filter((err) => err instanceof RangeError);
        expect(errors).toHaveLength(1);
      },
    },
    {
      name: "a release that meets one failure of the store counts as nothing all the same",
      needs: ["leases", "maintenance"],
      run: async (bench) => {
        const server = bench.serve({ handlers: { patient: ({ signal }) => untilAborted(signal) } });
        const worker = await bench.work(server);
        const result = await server.client.tasks.patient.delay({ n: 1 });
        await bench.untilStatus(result, "RUNNING");
        failOnce(bench, "before", "leases.release");
        await bench.stop(worker);
        await bench.host.advance(2 * MINUTE);
        await server.executor.sweep();
        expect(await result.refresh()).toMatchObject({ status: "READY", errors: [], attempts: 1 });
      },
    },
    {
      name: "onFailed is told although the store's answer to the end of the attempt was lost",
      needs: ["leases"],
      run: async (bench) => {
        const failed: string[] = [];
        const server = bench.serve({
          handlers: {
            work: () => {
              throw new NonRetryable("declined");
            },
          },
          onFailed: ({ result }) => failed.push(result.id),
        });
        await bench.work(server);
        failOnce(bench, "after", "leases.settle");
        const result = await server.client.tasks.work.delay({ n: 1 });
        await bench.untilStatus(result, "FAILED");
        await bench.host.advance(MINUTE);
        await bench.until(() => failed.length > 0);
        expect(failed).toEqual([result.id]);
      },
    },
    {
      name: "a handler that ignores an executor's signal and its timeout counts as no lost worker",
      needs: ["leases", "maintenance"],
      run: async (bench) => {
        const server = bench.serve({ handlers: { slow: () => new Promise<void>(() => {}) } });
        const result = await server.client.tasks.slow.delay({ n: 1 });
        const stop = new AbortController();
        const running = server.executor.runTaskById(result.id, { signal: stop.signal });
        await bench.untilStatus(result, "RUNNING");
        await bench.host.advance(10 * SECOND);
        stop.abort();
        await bench.host.advance(70 * SECOND);
        await running;
        await bench.host.advance(10 * SECOND);
        await server.executor.sweep();
        expect(await result.refresh()).toMatchObject({ status: "READY", errors: [] });
      },
    },
    {
      name: "a sweep by hand leaves leases alone for a while after the clock was set",
      needs: ["leases", "maintenance"],
      run: async (bench) => {
        const server = bench.serve();
        const result = await server.client.tasks.work.delay({ n: 1 });
        const request = {
          workerId: "alive elsewhere",
          tasks: [{ path: "work", lease: 10 * MINUTE }],
          queues: "all",
          limit: 1,
          now: await bench.storeTime(),
        } as const;
        expect((await bench.backend.leases?.claim(request))?.claimed).toHaveLength(1);
        await server.executor.sweep();
        bench.host.setClock(60 * MINUTE);
        await bench.host.advance(31 * SECOND);
        await server.executor.sweep();
        await bench.host.settle();
        expect(await server.executor.sweep()).toBe(0);
        expect(await result.refresh()).toMatchObject({ status: "RUNNING", attempts: 1 });
        await bench.host.advance(11 * MINUTE);
        await server.executor.sweep();
        expect((await result.refresh()).status).toBe("READY");
      },
    },
    {
      name: "a worker to run once also runs what its last handler has enqueued, on a store that wakes nobody too",
      needs: ["leases"],
      run: async (bench) => {
        const ran: number[] = [];
        const { wakeups: _wakeups, ...backend } = bench.backend;
        const server = bench.serve({
          others: { silent: backend },
          handlers: {
            work: async ({ input }) => {
              ran.push(input.n);
              if (input.n < 3)
                await server.client.tasks.work.enqueue({ n: input.n + 1 }, { backend: "silent" });
              return input;
            },
          },
        });
        await server.client.tasks.work.enqueue({ n: 1 }, { backend: "silent" });
        const worker = await bench.work(server, { once: true, backend: "silent" });
        await worker.stopped;
        expect(ran).toEqual([1, 2, 3]);
      },
    },
  ],
};
