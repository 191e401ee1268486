import type { Backend, LeaseSource } from "@taskwright/server/backend";
import { createWorker } from "@taskwright/server/worker";
import { TaskError } from "@taskwright/shared";
import { expect } from "vitest";
import type { ConformanceSection } from "./conformance-case.ts";
import type { ServerUnderTest } from "./server-under-test.ts";
import { untilAborted } from "./until-aborted.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** What a store gives that is gone without a word. */
function never(): Promise<never> {
  return new Promise(() => {});
}

/** What has become of a promise so far. */
function watch(promise: Promise<unknown>): { readonly outcome: unknown } {
  const seen = { outcome: "pending" as unknown };
  promise.then(
    (value) => {
      seen.outcome = value;
    },
    (error: { code?: string }) => {
      seen.outcome = error.code ?? error;
    },
  );
  return seen;
}

function unavailable(): Promise<never> {
  return Promise.reject(new TaskError({ code: "BACKEND_UNAVAILABLE", message: "It is away." }));
}

export const serverOutagesSection: ConformanceSection<ServerUnderTest> = {
  title: "servers: stores that are away or do not answer",
  rows: ["delivery", "shutdown", "durable"],
  cases: [
    {
      name: "get ends two seconds after its time when the store does not answer, and the next one goes on",
      run: async (bench) => {
        const { work } = bench.serve().client.tasks;
        const result = await work.delay({ n: 1 });
        bench.after.set("store.get", never);
        const waiting = watch(result.get({ timeout: "5s" }));
        await bench.host.advance(6 * SECOND);
        expect(waiting.outcome).toBe("pending");
        await bench.host.advance(SECOND);
        expect(waiting.outcome).toBe("RESULT_TIMEOUT");
        bench.after.clear();
        await bench.host.advance(MINUTE);
        expect(await result.status()).toBe("READY");
      },
    },
    {
      name: "get with a timeout of nothing still reads once",
      needs: ["leases"],
      run: async (bench) => {
        const server = await bench.run();
        const result = await server.client.tasks.work.delay({ n: 1 });
        await bench.untilStatus(result, "SUCCESSFUL");
        expect(await result.get({ timeout: "0s" })).toEqual({ n: 1 });
      },
    },
    {
      name: "get ends at once when its signal aborts, before, while it waits, or while the store does not answer",
      run: async (bench) => {
        const { work } = bench.serve().client.tasks;
        const result = await work.delay({ n: 1 });
        const reason = new Error("enough");
        const early = watch(result.get({ signal: AbortSignal.abort(reason) }));
        const stop = new AbortController();
        const waiting = watch(result.get({ signal: stop.signal }));
        await bench.host.settle();
        bench.after.set("store.get", never);
        const reading = watch(result.get({ signal: stop.signal }));
        await bench.host.settle();
        expect([early, waiting, reading].map(({ outcome }) => outcome)).toEqual([
          "ABORTED",
          "pending",
          "pending",
        ]);
        stop.abort(reason);
        await bench.host.settle();
        expect([waiting, reading].map(({ outcome }) => outcome)).toEqual(["ABORTED", "ABORTED"]);
      },
    },
    {
      name: "a wait does not read the store again and again",
      needs: ["leases", "wakeups"],
      run: async (bench) => {
        const { work } = bench.serve().client.tasks;
        const result = await work.delay({ n: 1 });
        let reads = 0;
        let wakes = 0;
        bench.before.set("store.get", async () => void reads++);
        // A store wakes in real time, of which the minute takes as much as it takes: first whenever others may not have known
        // of the watch, then now and then. What watches the same is woken as often.
        const stop = bench.backend.wakeups?.watchResult({ id: result.id, wake: () => wakes++ });
        const waiting = watch(result.get());
        await bench.host.advance(MINUTE);
        stop?.();
        expect(waiting.outcome).toBe("pending");
        expect(reads).toBeGreaterThan(1);
        // One finds it, one comes after the watch began, one each five seconds, and one after each wake.
        expect(reads).toBeLessThanOrEqual(2 + 12 + wakes);
        await bench.run();
        await bench.until(() => waiting.outcome !== "pending");
        expect(waiting.outcome).toEqual({ n: 1 });
      },
    },
    {
      name: "a store that never answers makes calls reject within a minute, and the next ones go on",
      needs: ["leases"],
      run: async (bench) => {
        const server = bench.serve();
        const { work } = server.client.tasks;
        for (const name of ["store.enqueue", "leases.claim"]) bench.after.set(name, never);
        const enqueued = watch(work.delay({ n: 1 }));
        const processed = watch(server.executor.processTasks());
        await bench.host.advance(MINUTE);
        expect(enqueued.outcome).toBe("BACKEND_UNAVAILABLE");
        expect(processed.outcome).toBe("BACKEND_UNAVAILABLE");
        bench.after.clear();
        const result = await work.delay({ n: 2 });
        await server.executor.processTasks();
        expect(await result.get()).toEqual({ n: 2 });
      },
    },
    {
      name: "what a claim brings after its time is given back uncounted",
      needs: ["leases"],
      run: async (bench) => {
        const server = bench.serve();
        const result = await server.client.tasks.work.delay({ n: 1 });
        const late = Promise.withResolvers<void>();
        bench.after.set("leases.claim", () => late.promise);
        const processed = watch(server.executor.processOneTask());
        await bench.host.advance(MINUTE);
        expect(processed.outcome).toBe("BACKEND_UNAVAILABLE");
        expect(await result.status()).toBe("RUNNING");
        bench.after.clear();
        late.resolve();
        await bench.host.settle();
        expect(await result.refresh()).toMatchObject({ status: "READY", attempts: 0, errors: [] });
      },
    },
    {
      name: "an outcome that the store is not there to take is kept, with its lease, until it is",
      needs: ["leases", "maintenance"],
      run: async (bench) => {
        const server = bench.serve();
        const result = await server.client.tasks.slow.delay({ n: 1 });
        bench.before.set("leases.settle", unavailable);
        await bench.work(server);
        await bench.host.advance(MINUTE);
        await bench.serve().executor.sweep();
        expect(await result.status()).toBe("RUNNING");
        bench.before.clear();
        await bench.host.advance(6 * SECOND);
        expect(await result.refresh()).toMatchObject({ status: "SUCCESSFUL", attempts: 1, errors: [] });
      },
    },
    {
      name: "an outcome that the store refuses is given up alone, and those that travel with it are stored",
      needs: ["leases"],
      run: async (bench) => {
        const { backend } = bench;
        const leases = backend.leases as LeaseSource;
        const sizes: number[] = [];
        let refused = "";
        const choosy: Backend = {
          ...backend,
          leases: {
            claim: (request) => leases.claim(request),
            begin: (request) => leases.begin(request),
            renew: (request) => leases.renew(request),
            release: (request) => leases.release(request),
            progress: (request) => leases.progress(request),
            settle: async (request) => {
              sizes.push(request.items.length);
              if (!request.items.some(({ lease }) => lease.id === refused)) return leases.settle(request);
              throw new TaskError({ code: "BACKEND_INCOMPATIBLE", message: "A trigger refused it." });
            },
          },
        };
        const server = bench.serve({ others: { choosy } });
        const results = await server.client.tasks.work
          .using({ backend: "choosy" })
          .enqueueMany(Array.from({ length: 9 }, (_, n) => ({ n })));
        refused = String(results[4]?.id);
        await bench.work(server, { backend: "choosy" });
        for (const result of results.filter(({ id }) => id !== refused))
          await bench.untilStatus(result, "SUCCESSFUL");
        expect(sizes[0]).toBeGreaterThan(1);
        expect(await results[4]?.status()).toBe("RUNNING");
        const errors = bench.told.filter(({ level }) => level === "error");
        expect(errors).toMatchObject([{ facts: { id: refused, err: { code: "BACKEND_INCOMPATIBLE" } } }]);
      },
    },
    {
      name: "a worker that should end when nothing is due ends with the store's error when that stays away",
      needs: ["leases"],
      run: async (bench) => {
        bench.before.set("leases.claim", unavailable);
        const away = watch((await bench.work(bench.serve(), { once: true })).stopped);
        const mute = bench.serve();
        await bench.host.advance(50 * SECOND);
        expect(away.outcome).toBe("pending");
        await bench.host.advance(20 * SECOND);
        expect(away.outcome).toBe("BACKEND_UNAVAILABLE");
        bench.before.clear();
        bench.after.set("leases.claim", never);
        const silent = watch((await bench.work(mute, { once: true })).stopped);
        await bench.host.advance(4 * MINUTE);
        expect(silent.outcome).toBe("BACKEND_UNAVAILABLE");
      },
    },
    {
      name: "a worker stops within its patience although the store does not answer",
      needs: ["leases"],
      run: async (bench) => {
        const server = bench.serve({
          handlers: {
            slow: ({ signal }) => untilAborted(signal),
          },
        });
        const worker = await bench.work(server);
        const [running] = await server.client.tasks.slow.enqueueMany([{ n: 1 }, { n: 2 }]);
        await server.client.tasks.work.delay({ n: 1 });
        await bench.untilStatus(running, "RUNNING");
        for (const name of [
          "leases.claim",
          "leases.settle",
          "leases.release",
          "leases.renew",
          "maintenance.sweep",
        ])
          bench.after.set(name, never);
        await server.client.tasks.work.delay({ n: 2 });
        await bench.host.settle();
        const stopped = watch(
          worker
            .stop()
            .then(() => worker.stop())
            .then(() => "stopped"),
        );
        await bench.host.advance(31 * SECOND);
        expect(stopped.outcome).toBe("stopped");
        expect(
          bench.told.some(({ message }) => message.includes("did not answer while the worker stopped")),
        ).toBe(true);
      },
    },
    {
      name: "what a claim brings to a worker that has stopped meanwhile goes back uncounted",
      needs: ["leases"],
      run: async (bench) => {
        const server = bench.serve();
        const late = Promise.withResolvers<void>();
        bench.after.set("leases.claim", () => late.promise);
        const result = await server.client.tasks.work.delay({ n: 1 });
        const worker = await bench.work(server);
        expect(await result.status()).toBe("RUNNING");
        await Promise.all([worker.stop(), bench.host.advance(31 * SECOND)]);
        late.resolve();
        await bench.host.settle();
        expect(await result.refresh()).toMatchObject({ status: "READY", attempts: 0, errors: [] });
      },
    },
    {
      name: "closing a server ends although its store does not answer",
      run: async (bench) => {
        const server = bench.serve();
        bench.after.set("store.enqueue", never);
        bench.after.set("close", never);
        const enqueued = watch(server.client.tasks.work.delay({ n: 1 }));
        await bench.host.settle();
        const closed = watch(server.close());
        await bench.host.advance(26 * SECOND);
        expect(closed.outcome).toBe("BACKEND_UNAVAILABLE");
        await bench.host.advance(MINUTE);
        expect(enqueued.outcome).toBe("BACKEND_UNAVAILABLE");
      },
    },
    {
      name: "a store that does not open makes a worker's start and stop end all the same",
      needs: ["leases"],
      run: async (bench) => {
        bench.after.set("open", never);
        const worker = createWorker(bench.serve());
        const started = watch(worker.start());
        const stopped = watch(worker.stop().then(() => "stopped"));
        await bench.host.advance(26 * SECOND);
        expect(stopped.outcome).toBe("stopped");
        await bench.host.advance(10 * MINUTE);
        expect(started.outcome).toBe("BACKEND_UNAVAILABLE");
      },
    },
  ],
};
