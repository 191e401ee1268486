import { expect } from "vitest";
import type { ConformanceSection } from "./conformance-case.ts";
import { HOUR, LEASE, newTask, newTasks, PATH, retryAt, SECOND, START, success } from "./store-under-test.ts";

export const claimSection: ConformanceSection = {
  title: "claim",
  rows: ["delivery", "lease"],
  cases: [
    {
      name: "a claimed task result is RUNNING with one more attempt",
      needs: ["leases"],
      run: async (store) => {
        const id = await store.addOne();
        const before = await store.record(id);
        await store.claimOne({ workerId: "host-1:77", now: START + 5 });
        expect(await store.record(id)).toEqual({
          ...before,
          status: "RUNNING",
          attempts: 1,
          startedAt: START + 5,
          lastAttemptedAt: START + 5,
          workerIds: ["host-1:77"],
        });
      },
    },
    {
      name: "a claim hands out all that an attempt needs",
      needs: ["leases"],
      run: async (store) => {
        const task = newTask({
          queue: "emails",
          priority: 3,
          runAfter: START - 9,
          enqueuedAt: START - 10,
          expiresAt: START + HOUR,
          codec: "superjson",
          maxRetries: 7,
          policy: '{"timeoutMs":5}',
          parentId: "parent",
          scheduleId: "schedule",
          tags: ["x", "y"],
        });
        await store.addAll([task]);
        const { token, ...claimed } = await store.claimOne();
        const { rank: _place, deduplication: _key, ...given } = task;
        expect(claimed).toEqual({ ...given, attempts: 1, retriesUsed: 0, lostAttempts: 0 });
        expect(token).toBeTypeOf("string");
        expect(token).not.toBe("");
      },
    },
    {
      name: "a later claim hands out the attempt's number and the retries used so far",
      needs: ["leases"],
      run: async (store) => {
        const first = await store.addClaimed();
        await store.settle(first, retryAt(START));
        expect(await store.claimOne()).toMatchObject({ attempts: 2, retriesUsed: 1 });
      },
    },
    {
      name: "a second attempt keeps the first start and adds its worker and time",
      needs: ["leases"],
      run: async (store) => {
        const first = await store.addClaimed({}, { workerId: "a" });
        await store.settle(first, retryAt(START + 1));
        await store.claimOne({ workerId: "b", now: START + SECOND });
        expect(await store.record(first.id)).toMatchObject({
          startedAt: START,
          lastAttemptedAt: START + SECOND,
          workerIds: ["a", "b"],
          attempts: 2,
        });
      },
    },
    {
      name: "the token is new at every claim",
      needs: ["leases"],
      run: async (store) => {
        await store.addAll(newTasks(50));
        const tokens = new Set<string>();
        for (let round = 0; round < 3; round++) {
          const claimed = await store.claim();
          for (const { token } of claimed) tokens.add(token);
          const items = claimed.map((lease) => ({ lease, started: true, when: "now" as const }));
          await store.leases.release({ items, now: START });
        }
        expect(tokens.size).toBe(150);
      },
    },
    {
      name: "a claim takes at most its limit and leaves the rest",
      needs: ["leases"],
      run: async (store) => {
        await store.addAll(newTasks(5));
        expect(await store.claimIds({ limit: 2 })).toHaveLength(2);
        expect(await store.claimIds({ limit: 2 })).toHaveLength(2);
        expect(await store.claimIds({ limit: 2 })).toHaveLength(1);
        expect(await store.claimIds({ limit: 2 })).toHaveLength(0);
      },
    },
    {
      name: "a task is claimed from its time on and not a millisecond earlier",
      needs: ["leases"],
      run: async (store) => {
        const id = await store.addOne({ runAfter: START + 1_000 });
        expect(await store.claimIds({ now: START + 999 })).toEqual([]);
        expect(await store.claimIds({ now: START + 1_000 })).toEqual([id]);
      },
    },
    {
      name: "what is RUNNING is claimed by no one else, even past its lease, until a sweep",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        const id = await store.addOne();
        await store.claimOne();
        expect(await store.claimIds({ workerId: "other" })).toEqual([]);
        expect(await store.claimIds({ workerId: "other", now: START + HOUR })).toEqual([]);
        await store.sweep(START + HOUR);
        expect(await store.claimIds({ workerId: "other", now: START + HOUR })).toEqual([id]);
      },
    },
    {
      name: "what has ended is not claimed",
      needs: ["leases"],
      run: async (store) => {
        for (const status of ["SUCCESSFUL", "FAILED", "CANCELLED"] as const) await store.addFinished(status);
        expect(await store.claimIds({ now: START + HOUR })).toEqual([]);
      },
    },
    {
      name: "a worker's claim is not held up by what another worker holds",
      needs: ["leases"],
      defect: "F: one lock over the handler makes workers run one at a time",
      run: async (store) => {
        await store.addAll(newTasks(3));
        const held = [await store.claimOne({ workerId: "a" }), await store.claimOne({ workerId: "b" })];
        held.push(await store.claimOne({ workerId: "c" }));
        for (const lease of held.reverse()) {
          expect(await store.settle(lease, success())).toMatchObject({ outcome: "applied" });
        }
      },
    },
    {
      name: "an empty store hands out nothing and knows no next time",
      needs: ["leases"],
      run: async (store) => {
        expect(await store.claimAnswer()).toEqual({ claimed: [], nextDueAt: null });
      },
    },
    {
      name: "a worker without handlers claims nothing",
      needs: ["leases"],
      run: async (store) => {
        await store.add({}, { runAfter: START + 9 });
        expect(await store.claimAnswer({ tasks: [] })).toEqual({ claimed: [], nextDueAt: null });
      },
    },
    {
      name: "a claim by id takes just that one, due or not",
      needs: ["leases"],
      run: async (store) => {
        const [, wanted, later] = await store.add({}, {}, { runAfter: START + HOUR });
        expect(await store.claimIds({ id: String(wanted) })).toEqual([wanted]);
        expect(await store.claimIds({ id: String(later) })).toEqual([later]);
        expect(await store.claimIds({ now: START + HOUR })).toHaveLength(1);
      },
    },
    {
      name: "a claim by id takes no task without a handler, and none that is not READY",
      needs: ["leases"],
      run: async (store) => {
        const unknown = await store.addOne({ path: "unknown" });
        const running = await store.addClaimed();
        const done = await store.addFinished("CANCELLED");
        for (const id of [unknown, running.id, done, newTask().id])
          expect(await store.claimIds({ id })).toEqual([]);
        expect((await store.record(unknown)).status).toBe("READY");
        expect((await store.record(running.id)).attempts).toBe(1);
      },
    },
    {
      name: "a claim tells when to look again: the earliest time after now",
      needs: ["leases"],
      run: async (store) => {
        await store.add(
          { runAfter: START + 300 },
          { runAfter: START + 200 },
          { runAfter: START },
          { runAfter: START - 5 },
        );
        // Who got all that was asked for looks again anyway, and need not be told.
        expect([START + 200, null]).toContain((await store.claimAnswer({ limit: 1 })).nextDueAt);
        expect((await store.claimAnswer()).nextDueAt).toBe(START + 200);
        const answer = await store.claimAnswer({ now: START + 200 });
        expect(answer.claimed).toHaveLength(1);
        expect(answer.nextDueAt).toBe(START + 300);
        await store.add({ runAfter: START - 9 }, { runAfter: START - 8 });
        expect((await store.claimAnswer({ now: START + 300, limit: 1 })).nextDueAt).toBeNull();
      },
    },
    {
      name: "the next time is one of what this worker could run",
      needs: ["leases"],
      run: async (store) => {
        await store.add(
          { runAfter: START + 100, path: "unknown" },
          { runAfter: START + 200, queue: "other" },
          { runAfter: START + 300 },
        );
        expect((await store.claimAnswer({ queues: ["default"] })).nextDueAt).toBe(START + 300);
        expect((await store.claimAnswer({ queues: ["other", "default"] })).nextDueAt).toBe(START + 200);
        expect((await store.claimAnswer({ queues: ["third"] })).nextDueAt).toBeNull();
      },
    },
    {
      name: "the next time follows a retry and forgets what was cancelled",
      needs: ["leases"],
      run: async (store) => {
        const later = await store.addOne({ runAfter: START + 500 });
        const claimed = await store.addClaimed();
        await store.settle(claimed, retryAt(START + 900));
        expect((await store.claimAnswer()).nextDueAt).toBe(START + 500);
        await store.backend.store.cancel({ id: later, now: START });
        expect((await store.claimAnswer()).nextDueAt).toBe(START + 900);
      },
    },
    {
      name: "each is leased for the time of its own task",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        const [short, long] = await store.add({ path: "short" }, { path: "long" });
        const tasks = [
          { path: "long", lease: 60 * SECOND },
          { path: "short", lease: 10 * SECOND },
        ];
        expect(await store.claimIds({ tasks })).toHaveLength(2);
        expect((await store.sweep(START + 10 * SECOND)).returned).toBe(1);
        expect((await store.record(String(short))).status).toBe("READY");
        expect((await store.record(String(long))).status).toBe("RUNNING");
      },
    },
    {
      name: "a lease ends at the time of the claim and its length, to the millisecond",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        const { id } = await store.addClaimed({}, { tasks: [{ path: PATH, lease: LEASE }], now: START + 7 });
        expect((await store.sweep(START + 7 + LEASE - 1)).returned).toBe(0);
        expect((await store.record(id)).status).toBe("RUNNING");
        expect((await store.sweep(START + 7 + LEASE)).returned).toBe(1);
      },
    },
  ],
};
