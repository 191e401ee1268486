import { createTaskServer, implement, NonRetryable } from "@taskwright/server";
import type { Lease } from "@taskwright/server/backend";
import { expect } from "vitest";
import type { ConformanceSection } from "./conformance-case.ts";
import { tasks } from "./server-contract.ts";
import { ServerProcess } from "./server-processes.ts";
import type { ServerUnderTest } from "./server-under-test.ts";
import { newTask } from "./store-under-test.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Claims through the seam as a worker that then dies without a word. */
async function claimAndDie(bench: ServerUnderTest, path: string): Promise<void> {
  const { leases } = bench.store.backend;
  if (leases === undefined) throw new Error("The case lists `leases` under its needs.");
  const now = await bench.storeTime();
  const request = {
    workerId: "doomed",
    tasks: [{ path, lease: MINUTE }],
    queues: "all",
    limit: 1,
    now,
  } as const;
  const [lease, ...others] = (await leases.claim(request)).claimed;
  expect(others).toEqual([]);
  expect(await leases.begin({ items: [lease as Lease], now })).toEqual(["applied"]);
}

export const serverLeasesSection: ConformanceSection<ServerUnderTest> = {
  title: "servers: lost workers and retention",
  rows: ["lease", "delivery", "retention"],
  cases: [
    {
      name: "a handler that takes long keeps its lease, so that nobody else runs it",
      needs: ["leases", "maintenance"],
      run: async (bench) => {
        const done = Promise.withResolvers<void>();
        let calls = 0;
        const handlers = {
          slow: async () => {
            calls++;
            await done.promise;
          },
        };
        const server = await bench.run(handlers, { claimInterval: "1s" });
        await bench.run(handlers, { claimInterval: "1s" });
        const result = await server.client.tasks.slow.enqueue({ n: 1 }, { timeout: "10m" });
        await bench.host.advance(5 * MINUTE);
        expect(calls).toBe(1);
        done.resolve();
        await result.get();
        expect(await result.refresh()).toMatchObject({ attempts: 1, errors: [] });
      },
    },
    {
      name: "a machine whose clock is an hour off, either way, runs what is due by the store's clock, no sooner and no later",
      needs: ["leases", "readTime"],
      run: async (bench) => {
        for (const off of [-60 * MINUTE, 60 * MINUTE]) {
          bench.host.setClock(off);
          const server = bench.serve();
          const now = await bench.storeTime();
          const task = newTask({
            path: "work",
            codec: "json",
            input: '{"n":1}',
            runAfter: now + MINUTE,
            rank: now,
          });
          await bench.backend.store.enqueue({ tasks: [task], atomic: true, now });
          const result = server.client.tasks.work.result(task.id);
          const worker = await bench.work(server);
          await bench.host.advance(55 * SECOND);
          expect(await result.status()).toBe("READY");
          await bench.host.advance(10 * SECOND);
          await bench.untilStatus(result, "SUCCESSFUL");
          await bench.stop(worker);
        }
      },
    },
    {
      name: "a clock that is set forward by a day takes no lease from a worker that lives",
      needs: ["leases", "maintenance"],
      run: async (bench) => {
        const done = Promise.withResolvers<void>();
        let calls = 0;
        const handlers = {
          slow: async () => {
            calls++;
            await done.promise;
          },
        };
        const server = await bench.run(handlers, { claimInterval: "1s" });
        await bench.run(handlers, { claimInterval: "1s" });
        const result = await server.client.tasks.slow.enqueue({ n: 1 }, { timeout: "10m" });
        await bench.host.advance(10 * SECOND);
        bench.host.setClock(DAY);
        await bench.host.advance(5 * MINUTE);
        expect(calls).toBe(1);
        done.resolve();
        await result.get();
        expect(await result.refresh()).toMatchObject({ attempts: 1, errors: [] });
      },
    },
    {
      name: "a task whose worker was lost before the clock was set forward runs again all the same",
      needs: ["leases", "maintenance"],
      run: async (bench) => {
        const server = bench.serve();
        const result = await server.client.tasks.work.delay({ n: 3 });
        await claimAndDie(bench, "work");
        await bench.work(server, { claimInterval: "1s" });
        bench.host.setClock(DAY);
        await bench.host.advance(3 * MINUTE);
        expect(await result.get()).toEqual({ n: 3 });
      },
    },
    {
      name: "a task whose worker was lost runs again in another, and uses no retry for it",
      needs: ["leases", "maintenance"],
      defect: "D: RUNNING rows of a crashed worker are never recovered",
      run: async (bench) => {
        const server = bench.serve();
        const result = await server.client.tasks.work.enqueue({ n: 3 }, { maxRetries: 0 });
        await claimAndDie(bench, "work");
        await bench.work(server, { claimInterval: "1s" });
        await bench.host.advance(59 * SECOND);
        expect(await result.status()).toBe("RUNNING");
        await bench.host.advance(3 * SECOND);
        expect(await result.get()).toEqual({ n: 3 });
        const { attempts, errors, workerIds } = await result.refresh();
        expect([attempts, errors.map(({ type, workerId }) => [type, workerId])]).toEqual([
          2,
          [["LEASE_EXPIRED", "doomed"]],
        ]);
        expect(workerIds).toHaveLength(2);
      },
    },
    {
      name: "a task that has lost three workers is given up as poison, and onFailed is told",
      needs: ["leases", "maintenance"],
      run: async (bench) => {
        const failures: string[] = [];
        const server = bench.serve({ onFailed: ({ result }) => failures.push(result.id) });
        const result = await server.client.tasks.work.delay({ n: 1 });
        for (let loss = 1; loss <= 3; loss++) {
          await claimAndDie(bench, "work");
          await bench.host.advance(MINUTE);
          await server.executor.sweep();
        }
        const ended = await result.refresh();
        expect(ended).toMatchObject({ status: "FAILED", attempts: 3 });
        expect(ended.errors.map(({ type }) => type)).toEqual([
          "LEASE_EXPIRED",
          "LEASE_EXPIRED",
          "LEASE_EXPIRED",
        ]);
        await bench.until(() => failures.length > 0);
        expect(failures).toEqual([result.id]);
      },
    },
    {
      name: "the next task on its last chance begins only when the end of the one before it is stored",
      needs: ["leases", "maintenance"],
      run: async (bench) => {
        const { client, executor } = bench.serve();
        const results = [await client.tasks.work.delay({ n: 1 }), await client.tasks.work.delay({ n: 2 })];
        for (let loss = 1; loss <= 2; loss++) {
          for (const _ of results) await claimAndDie(bench, "work");
          await bench.host.advance(MINUTE);
          await executor.sweep();
        }
        const calls: number[] = [];
        const stored = Promise.withResolvers<void>();
        bench.before.set("leases.settle", () => stored.promise);
        await bench.run({
          work: ({ input }) => {
            calls.push(input.n);
            return input;
          },
        });
        await bench.until(() => calls.length > 0);
        await bench.host.settle();
        expect(calls).toHaveLength(1);
        bench.before.clear();
        stored.resolve();
        for (const result of results) await bench.untilStatus(result, "SUCCESSFUL");
        expect([...calls].sort()).toEqual([1, 2]);
      },
    },
    {
      name: "a server that does not run a task tells its own onFailed when it sees a lost worker's last loss",
      needs: ["leases", "maintenance"],
      run: async (bench) => {
        const told: string[] = [];
        const failed = (who: string) => () => void told.push(who);
        const away = implement(tasks).work.handler(({ input }) => input, { onFailed: failed("handler") });
        const { client } = bench.serve({ handlers: { work: away }, onFailed: failed("its server") });
        const sweeper = createTaskServer({
          tasks,
          backend: bench.backend,
          only: ["silent"],
          handlers: { silent: () => {} },
          onFailed: failed("the server that swept"),
          logger: false,
          host: bench.host,
        });
        await client.tasks.work.delay({ n: 1 });
        for (let loss = 1; loss <= 3; loss++) {
          await claimAndDie(bench, "work");
          await bench.host.advance(MINUTE);
          await sweeper.executor.sweep();
        }
        await bench.until(() => told.length > 0);
        expect(told).toEqual(["the server that swept"]);
      },
    },
    {
      name: "of a task that kills every worker and those that are claimed with it, only the cause is given up",
      needs: ["leases", "maintenance", "processes"],
      timeoutMs: 120_000,
      run: async (bench) => {
        const server = bench.serve();
        const [killer, ...others] = await server.client.tasks.work.enqueueMany(
          Array.from({ length: 31 }, (_, n) => ({ n })),
        );
        for (let deaths = 0; (await killer?.status()) !== "FAILED" && deaths < 6; deaths++) {
          await using victim = await ServerProcess.start(bench.store);
          await expect(victim.until(() => false)).rejects.toThrow();
          await bench.host.advance(2 * MINUTE);
          await server.executor.sweep();
        }
        await using _survivor = await ServerProcess.start(bench.store);
        for (const result of others) await bench.untilStatus(result, "SUCCESSFUL");
        expect(await killer?.refresh()).toMatchObject({ status: "FAILED", attempts: 3 });
        const records = await Promise.all(others.map((result) => result.refresh()));
        expect(records.filter(({ status }) => status !== "SUCCESSFUL")).toEqual([]);
        expect(Math.max(...records.map(({ errors }) => errors.length))).toBeLessThan(3);
      },
    },
    {
      name: "an attempt that another has overtaken is told so, and its return changes nothing",
      needs: ["leases", "maintenance"],
      run: async (bench) => {
        const causes: unknown[] = [];
        const first = Promise.withResolvers<void>();
        const server = await bench.run({
          work: async ({ signal, attempt }) => {
            signal.addEventListener("abort", () => causes.push((signal.reason as { code: string }).code));
            if (attempt.number === 1) await first.promise;
            return { n: attempt.number };
          },
        });
        const result = await server.client.tasks.work.delay({ n: 1 });
        await bench.until(async () => (await result.status()) === "RUNNING");
        const now = (await bench.storeTime()) + HOUR;
        const words = { type: "LEASE_EXPIRED", message: "lost" } as const;
        const sweep = { maxLostAttempts: 3, lost: words, poisoned: words, expired: words, limit: 10, now };
        await bench.store.backend.maintenance?.sweep(sweep);
        await bench.host.advance(25 * SECOND);
        await bench.untilStatus(result, "SUCCESSFUL");
        expect(causes).toEqual(["LEASE_LOST"]);
        first.resolve();
        await bench.host.settle();
        expect(await result.get()).toEqual({ n: 2 });
      },
    },
    {
      name: "finished task results go after seven days, those that went wrong after thirty",
      needs: ["leases", "maintenance"],
      run: async (bench) => {
        const server = bench.serve({ handlers: { patient: () => Promise.reject(new NonRetryable()) } });
        const good = await server.client.tasks.work.delay({ n: 1 });
        const bad = await server.client.tasks.patient.delay({ n: 1 });
        const cancelled = await server.client.tasks.work.enqueue({ n: 1 }, { countdown: "1h" });
        await cancelled.cancel();
        const waiting = await server.client.tasks.work.enqueue({ n: 1 }, { countdown: "90d" });
        await bench.work(server, { interval: "1h", claimInterval: "1h" });
        await Promise.all([bench.untilStatus(good, "SUCCESSFUL"), bench.untilStatus(bad, "FAILED")]);
        const ids = [good, bad, cancelled, waiting].map(({ id }) => id);
        const present = async () => (await bench.backend.store.get({ ids })).map((record) => record !== null);
        // Most of it at once: a worker looks for schedules every half minute.
        const pass = async (ms: number) => {
          bench.host.block(ms - 2 * HOUR);
          await bench.host.advance(2 * HOUR);
        };
        await pass(6 * DAY);
        expect(await present()).toEqual([true, true, true, true]);
        await pass(2 * DAY);
        expect(await present()).toEqual([false, true, true, true]);
        await pass(21 * DAY);
        expect(await present()).toEqual([false, true, true, true]);
        await pass(2 * DAY);
        expect(await present()).toEqual([false, false, false, true]);
      },
    },
  ],
};
