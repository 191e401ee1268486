import { expect } from "vitest";
import type { ConformanceSection } from "./conformance-case.ts";
import {
  attemptError,
  failure,
  HOUR,
  LEASE,
  newTask,
  retryAt,
  START,
  type StoreUnderTest,
} from "./store-under-test.ts";

function requeue(store: StoreUnderTest, id: string, runAfter = START) {
  return store.backend.store.requeue({ id, runAfter, rank: runAfter, now: START });
}

export const requeueSection: ConformanceSection = {
  title: "retry and delete by hand",
  rows: ["retries"],
  cases: [
    {
      name: "a CANCELLED task result is READY again with the given time",
      run: async (store) => {
        const id = await store.addOne({ expiresAt: START + HOUR });
        const before = await store.record(id);
        await store.backend.store.cancel({ id, now: START });
        expect(await requeue(store, id, START + 5)).toBe("requeued");
        expect(await store.record(id)).toEqual({ ...before, runAfter: START + 5, expiresAt: null });
      },
    },
    {
      name: "a FAILED one keeps its errors and attempts, with its retries unused and its losses forgotten",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        const { id } = await store.addClaimed({ expiresAt: START + HOUR });
        let now = START + LEASE;
        await store.sweep(now);
        await store.settle(await store.claimOne({ now }), retryAt(now, attemptError({ attempt: 2 })), now);
        now += 1;
        await store.settle(await store.claimOne({ now }), failure(attemptError({ attempt: 3 })), now);
        const before = await store.record(id);
        expect(before).toMatchObject({ attempts: 3, retriesUsed: 1, lostAttempts: 1, finishedAt: now });
        expect(await requeue(store, id, now + 5)).toBe("requeued");
        expect(await store.record(id)).toEqual({
          ...before,
          status: "READY",
          runAfter: now + 5,
          retriesUsed: 0,
          lostAttempts: 0,
          expiresAt: null,
          finishedAt: null,
        });
      },
    },
    {
      name: "it is claimed at its new time, with the next number",
      needs: ["leases"],
      run: async (store) => {
        const id = await store.addFinished("FAILED");
        await requeue(store, id, START + HOUR);
        expect(await store.claimIds({ now: START + HOUR - 1 })).toEqual([]);
        expect(await store.claimOne({ now: START + HOUR })).toMatchObject({
          id,
          attempts: 2,
          retriesUsed: 0,
        });
      },
    },
    {
      name: "it runs to a good end like any other",
      needs: ["leases"],
      run: async (store) => {
        const id = await store.addFinished("FAILED");
        await requeue(store, id);
        const lease = await store.claimOne();
        await store.settle(lease, { status: "SUCCESSFUL", output: "1" }, START + 9);
        expect(await store.record(id)).toMatchObject({
          status: "SUCCESSFUL",
          output: "1",
          finishedAt: START + 9,
        });
      },
    },
    {
      name: "losses are counted anew after a retry by hand",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        const { id } = await store.addClaimed();
        let now = START + LEASE;
        expect((await store.sweep(now, { maxLostAttempts: 1 })).finished).toHaveLength(1);
        await store.backend.store.requeue({ id, runAfter: now, rank: now, now });
        await store.claimOne({ now });
        now += LEASE;
        expect(await store.sweep(now, { maxLostAttempts: 2 })).toMatchObject({ returned: 1, finished: [] });
      },
    },
    {
      name: "one that waits, runs or was successful is not retryable and stays as it is",
      needs: ["leases"],
      run: async (store) => {
        const ids = [
          await store.addOne(),
          (await store.addClaimed()).id,
          await store.addFinished("SUCCESSFUL"),
        ];
        for (const id of ids) {
          const before = await store.record(id);
          expect(await requeue(store, id, START + HOUR)).toBe("not-retryable");
          expect(await store.record(id)).toEqual(before);
        }
      },
    },
    {
      name: "a second retry by hand finds it not retryable",
      run: async (store) => {
        const id = await store.addFinished("CANCELLED");
        expect(await requeue(store, id)).toBe("requeued");
        expect(await requeue(store, id)).toBe("not-retryable");
      },
    },
    {
      name: "a retry by hand of one that is not there answers not-found",
      run: async (store) => {
        expect(await requeue(store, newTask().id)).toBe("not-found");
      },
    },
    {
      name: "a deleted task result is gone, whether it waited or had ended",
      needs: ["leases"],
      run: async (store) => {
        const ids = [await store.addOne(), await store.addOne({ runAfter: START + HOUR })];
        for (const status of ["SUCCESSFUL", "FAILED", "CANCELLED"] as const)
          ids.push(await store.addFinished(status));
        const kept = await store.addOne();
        expect(await store.backend.store.delete({ ids })).toEqual(ids.map(() => "deleted"));
        expect(await store.backend.store.get({ ids })).toEqual(ids.map(() => null));
        expect(await store.claimIds({ now: START + HOUR })).toEqual([kept]);
      },
    },
    {
      name: "a deleted task result can be neither cancelled nor retried, and its id is free",
      run: async (store) => {
        const task = newTask();
        await store.addAll([task]);
        await store.backend.store.delete({ ids: [task.id] });
        expect(await store.backend.store.cancel({ id: task.id, now: START })).toBe("not-found");
        expect(await requeue(store, task.id)).toBe("not-found");
        await store.addAll([{ ...task, input: '"again"' }]);
        expect((await store.record(task.id)).input).toBe('"again"');
      },
    },
    {
      name: "a RUNNING one is left alone, in a batch that answers for each in its order",
      needs: ["leases"],
      run: async (store) => {
        const running = await store.addClaimed();
        const waiting = await store.addOne();
        const ids = [newTask().id, running.id, waiting];
        expect(await store.backend.store.delete({ ids })).toEqual(["not-found", "running", "deleted"]);
        expect((await store.record(running.id)).status).toBe("RUNNING");
        expect(await store.settle(running, { status: "SUCCESSFUL", output: null })).toMatchObject({
          outcome: "applied",
        });
        expect(await store.backend.store.delete({ ids: [] })).toEqual([]);
      },
    },
  ],
};
