import type { Backend, Lease } from "@taskwright/server/backend";
import { isTaskError } from "@taskwright/shared";
import { expect } from "vitest";
import type { ConformanceSection } from "./conformance-case.ts";
import { LEASE, leaseOf, newTask, PATH, START, success, sweepRequest } from "./store-under-test.ts";
import { countWakes } from "./wake-counter.ts";

const NO_LEASE: Lease = { id: newTask().id, token: "none" };

/** Every operation of a backend once, by name; those on leases with one that was held. */
function everyOperation(
  backend: Backend,
  lease: Lease = NO_LEASE,
): ReadonlyMap<string, () => Promise<unknown>> {
  const { store, leases, maintenance, inspector, readTime } = backend;
  const id = newTask().id;
  const now = START;
  const operations = new Map<string, (() => Promise<unknown>) | undefined>([
    ["enqueue", () => store.enqueue({ tasks: [newTask()], atomic: false, now })],
    ["enqueue, atomic", () => store.enqueue({ tasks: [newTask()], atomic: true, now })],
    ["get", () => store.get({ ids: [id] })],
    ["cancel", () => store.cancel({ id, now })],
    ["requeue", () => store.requeue({ id, runAfter: now, rank: now, now })],
    ["delete", () => store.delete({ ids: [id] })],
    [
      "claim",
      leases &&
        (() =>
          leases.claim({
            workerId: "w",
            tasks: [{ path: PATH, lease: LEASE }],
            queues: "all",
            limit: 1,
            now,
          })),
    ],
    ["renew", leases && (() => leases.renew({ items: [{ lease, duration: LEASE }], now }))],
    ["settle", leases && (() => leases.settle({ items: [{ lease, settlement: success() }], now }))],
    ["release", leases && (() => leases.release({ items: [{ lease, started: true, when: "now" }], now }))],
    ["progress", leases && (() => leases.progress({ items: [{ lease, progress: "1" }], now }))],
    ["sweep", maintenance && (() => maintenance.sweep(sweepRequest(now)))],
    [
      "purge",
      maintenance &&
        (() =>
          maintenance.purge({ statuses: ["FAILED"], finishedBefore: now, limit: 1, dryRun: false, now })),
    ],
    ["list", inspector && (() => inspector.list({ filter: {}, cursor: null, offset: 0, limit: 1 }))],
    ["countByQueue", inspector && (() => inspector.countByQueue({ now }))],
    ["readTime", readTime],
  ]);
  return new Map([...operations].flatMap(([name, run]) => (run === undefined ? [] : [[name, run] as const])));
}

export const lifecycleSection: ConformanceSection = {
  title: "open, close and diagnose",
  rows: ["durable"],
  cases: [
    {
      name: "a backend says what it is and may be opened any number of times",
      run: async (store) => {
        expect(store.backend.kind).toMatch(/^\S+$/);
        const id = await store.addOne();
        await Promise.all([store.backend.open(), store.backend.open()]);
        await store.backend.open();
        expect((await store.record(id)).status).toBe("READY");
      },
    },
    {
      name: "every operation that is there works on an empty store",
      run: async (store) => {
        for (const [name, run] of everyOperation(store.backend))
          await expect(run(), name).resolves.toBeDefined();
      },
    },
    {
      name: "after close every operation rejects with CLOSED",
      run: async (store) => {
        await store.backend.close();
        for (const [name, run] of everyOperation(store.backend)) {
          const error = await run().then(
            () => "it was carried out",
            (reason: unknown) => reason,
          );
          expect(isTaskError(error, "CLOSED"), `${name}: ${error}`).toBe(true);
        }
      },
    },
    {
      name: "close ends every watch",
      needs: ["wakeups"],
      run: async (store) => {
        const id = await store.addOne();
        const watches = [
          countWakes((wake) => store.wakeups.watchReady({ queues: "all", wake })),
          countWakes((wake) => store.wakeups.watchResult({ id, wake })),
          countWakes((wake) => store.wakeups.watchCancels({ workerId: "worker-1", wake })),
        ];
        const last = [store.addOne(), store.backend.store.cancel({ id, now: START })];
        await Promise.all(last);
        await store.backend.close();
        const counts = watches.map(({ count }) => count);
        await new Promise((resolve) => setImmediate(resolve));
        expect(watches.map(({ count }) => count)).toEqual(counts);
        for (const wakes of watches) wakes.stop();
      },
    },
    {
      name: "a diagnosis of a healthy store finds no error and says what can be lost",
      run: async (store) => {
        const findings = await store.backend.diagnose();
        expect(findings.filter(({ level }) => !["ok", "warning"].includes(level))).toEqual([]);
        const messages = findings.map(({ message }) => message);
        expect(messages.join("\n")).toMatch(/\b(lose|loses|lost|loss|survives?)\b/);
        for (const message of messages) expect(message.trim().length).toBeGreaterThan(10);
      },
    },
    {
      name: "a store that fails rejects with BACKEND_UNAVAILABLE or BACKEND_INCOMPATIBLE and the driver's error",
      needs: ["breakage"],
      timeoutMs: 120_000,
      run: async (store) => {
        const { breakage } = store.fixture;
        if ("none" in breakage) throw new Error(breakage.none);
        const lease = store.backend.leases && leaseOf(await store.addClaimed());
        await breakage.inflict(store.context);
        const operations = [...everyOperation(store.backend, lease)];
        const outcomes = await Promise.allSettled(operations.map(([, run]) => run()));
        for (const [index, outcome] of outcomes.entries()) {
          const [name] = operations[index] ?? [];
          const error = outcome.status === "rejected" ? outcome.reason : new Error("it was carried out");
          const isExpected =
            isTaskError(error, "BACKEND_UNAVAILABLE") || isTaskError(error, "BACKEND_INCOMPATIBLE");
          expect(isExpected, `${name}: ${error}`).toBe(true);
          expect((error as Error).cause, name).toBeInstanceOf(Error);
        }
      },
    },
    {
      name: "a diagnosis of a store that fails finds an error instead of throwing one",
      needs: ["breakage"],
      timeoutMs: 60_000,
      run: async (store) => {
        const { breakage } = store.fixture;
        if ("none" in breakage) throw new Error(breakage.none);
        await breakage.inflict(store.context);
        const findings = await store.backend.diagnose();
        expect(findings.filter(({ level }) => level === "error")).not.toEqual([]);
      },
    },
  ],
};
