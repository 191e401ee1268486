import type { Lease } from "@taskwright/server/backend";
import { expect } from "vitest";
import type { ConformanceSection } from "./conformance-case.ts";
import {
  HOUR,
  LEASE,
  leaseOf,
  newTasks,
  PATH,
  retryAt,
  START,
  type StoreUnderTest,
  success,
  sweepRequest,
} from "./store-under-test.ts";

const QUIET = { returned: 0, finished: [], more: false };

/** Claims what waits, begins and lets the worker die; gives the time at which the lease is over. */
async function loseWorker(store: StoreUnderTest, now: number): Promise<number> {
  const lease = leaseOf(await store.claimOne({ now }));
  expect(await store.leases.begin({ items: [lease], now })).toEqual(["applied"]);
  return now + LEASE;
}

export const sweepSection: ConformanceSection = {
  title: "lost workers and poison",
  rows: ["lease", "delivery"],
  cases: [
    {
      name: "an expired lease returns the task result to READY with one lost attempt and its error, using no retry",
      needs: ["leases", "maintenance"],
      defect: "D: RUNNING rows of a crashed worker are never recovered",
      run: async (store) => {
        const lease = await store.addClaimed({}, { workerId: "dead" });
        const before = await store.record(lease.id);
        const now = START + LEASE + 5;
        expect(await store.sweep(now)).toEqual({ returned: 1, finished: [], more: false });
        const { lost } = sweepRequest(now);
        expect(await store.record(lease.id)).toEqual({
          ...before,
          status: "READY",
          lostAttempts: 1,
          errors: [
            {
              type: lost.type,
              exceptionClass: lost.type,
              message: lost.message,
              stack: null,
              attempt: 1,
              workerId: "dead",
              at: new Date(now).toISOString(),
            },
          ],
        });
      },
    },
    {
      name: "a returned task result is claimed again at once, with the next number",
      needs: ["leases", "maintenance"],
      defect: "R: claimed messages of a crashed worker are never read again",
      run: async (store) => {
        const lease = await store.addClaimed();
        const now = START + LEASE;
        await store.sweep(now);
        expect(await store.claimOne({ now })).toMatchObject({ id: lease.id, attempts: 2, retriesUsed: 0 });
      },
    },
    {
      name: "a returned task result has its old place in line",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        const ids = await store.addAll(newTasks(4));
        await store.claim({ limit: 2 });
        await store.sweep(START + LEASE);
        const urgent = await store.addOne({ priority: 1 });
        expect(await store.claimIds({ now: START + LEASE })).toEqual([urgent, ...ids]);
      },
    },
    {
      name: "leases that run on, and task results that wait or have ended, are left alone",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        const running = await store.addClaimed();
        const ids = [running.id, await store.addOne(), await store.addFinished("SUCCESSFUL")];
        const before = await store.backend.store.get({ ids });
        expect(await store.sweep(START + LEASE - 1)).toEqual(QUIET);
        expect(await store.backend.store.get({ ids })).toEqual(before);
      },
    },
    {
      name: "a second sweep at the same time changes nothing",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        const lease = await store.addClaimed();
        await store.sweep(START + LEASE);
        const before = await store.record(lease.id);
        expect(await store.sweep(START + LEASE)).toEqual(QUIET);
        expect(await store.record(lease.id)).toEqual(before);
      },
    },
    {
      name: "sweeping an empty store answers that there was nothing",
      needs: ["maintenance"],
      run: async (store) => {
        expect(await store.sweep(START)).toEqual(QUIET);
      },
    },
    {
      name: "after its last allowed loss a task result is FAILED as poison, and the sweep names it",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        const id = await store.addOne();
        let now = START;
        for (const loss of [1, 2]) {
          now = await loseWorker(store, now);
          expect(await store.sweep(now)).toEqual({ returned: 1, finished: [], more: false });
          expect((await store.record(id)).lostAttempts).toBe(loss);
        }
        now = await loseWorker(store, now);
        const answer = await store.sweep(now);
        const record = await store.record(id);
        expect(answer).toEqual({ returned: 0, finished: [record], more: false });
        const end = { status: "FAILED", lostAttempts: 3, attempts: 3, retriesUsed: 0, finishedAt: now };
        expect(record).toMatchObject(end);
        const { lost, poisoned } = sweepRequest(now);
        expect(record.errors.map(({ message }) => message)).toEqual([
          lost.message,
          lost.message,
          poisoned.message,
        ]);
        expect(record.errors.at(-1)).toEqual({
          type: poisoned.type,
          exceptionClass: poisoned.type,
          message: poisoned.message,
          stack: null,
          attempt: 3,
          workerId: "worker-1",
          at: new Date(now).toISOString(),
        });
        expect(await store.claimIds({ now: now + HOUR })).toEqual([]);
      },
    },
    {
      name: "how many losses are allowed is the sweep's to say",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        const lease = await store.addClaimed();
        const { finished } = await store.sweep(START + LEASE, { maxLostAttempts: 1 });
        expect(finished.map(({ id, status }) => [id, status])).toEqual([[lease.id, "FAILED"]]);
      },
    },
    {
      name: "a retry in between does not forget lost attempts",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        const id = await store.addOne();
        let now = await loseWorker(store, START);
        await store.sweep(now);
        await store.settle(await store.claimOne({ now }), retryAt(now), now);
        expect(await store.record(id)).toMatchObject({ lostAttempts: 1, retriesUsed: 1, attempts: 2 });
        now = await loseWorker(store, now);
        const { finished } = await store.sweep(now, { maxLostAttempts: 2 });
        expect(finished.map((record) => record.id)).toEqual([id]);
      },
    },
    {
      name: "a sweep changes at most its limit, says that more are left, and the next ones do the rest",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        await store.addAll(newTasks(5));
        await store.claim();
        await store.addAll(newTasks(2, () => ({ expiresAt: START + LEASE })));
        const now = START + LEASE;
        const sizes: number[] = [];
        const more: boolean[] = [];
        for (let round = 0; round < 3; round++) {
          const answer = await store.sweep(now, { limit: 3 });
          sizes.push(answer.returned + answer.finished.length);
          more.push(answer.more);
        }
        expect(sizes).toEqual([3, 3, 1]);
        expect(more).toEqual([true, true, false]);
      },
    },
    {
      name: "a sweep of a thousand lost attempts returns them all",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        const ids = await store.addAll(newTasks(1_000));
        await store.claim({ limit: 1_000 });
        expect(await store.sweep(START + LEASE, { limit: 2_000 })).toMatchObject({
          returned: 1_000,
          more: false,
        });
        expect(await store.claimIds({ now: START + LEASE, limit: 1_000 })).toEqual(ids);
      },
    },
    {
      name: "of one that was lost before, only an attempt that has begun is lost again",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        const [waiting, begun] = await store.add({}, {});
        await store.claim();
        await store.sweep(START + LEASE);
        const [first, second] = await store.claim({ now: START + LEASE });
        expect([first, second].map((claimed) => [claimed?.id, claimed?.lostAttempts])).toEqual([
          [waiting, 1],
          [begun, 1],
        ]);
        const items = [leaseOf(second as Lease)];
        expect(await store.leases.begin({ items, now: START + LEASE })).toEqual(["applied"]);
        expect(await store.sweep(START + 2 * LEASE)).toMatchObject({ finished: [], more: false });
        expect(await store.record(String(waiting))).toMatchObject({
          status: "READY",
          lostAttempts: 1,
          attempts: 2,
        });
        expect((await store.record(String(waiting))).errors).toHaveLength(1);
        expect(await store.record(String(begun))).toMatchObject({
          status: "READY",
          lostAttempts: 2,
          attempts: 2,
        });
      },
    },
    {
      name: "all that go back to READY count as returned, those whose expiry counts as nothing too",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        await store.addAll(newTasks(3));
        const [first] = await store.claim();
        const items = [{ lease: leaseOf(first as Lease), started: true, when: "on-expiry" }] as const;
        await store.leases.release({ items, now: START });
        expect(await store.sweep(START + LEASE)).toEqual({ returned: 3, finished: [], more: false });
        await store.claim({ now: START + LEASE });
        expect(await store.sweep(START + 2 * LEASE)).toEqual({ returned: 3, finished: [], more: false });
      },
    },
    {
      name: "an attempt whose lease is over cannot begin",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        const lease = leaseOf(await store.addClaimed());
        await store.sweep(START + LEASE);
        const before = await store.record(lease.id);
        const items = [lease, { id: lease.id, token: "made up" }];
        expect(await store.leases.begin({ items, now: START })).toEqual(["lease-lost", "lease-lost"]);
        expect(await store.record(lease.id)).toEqual(before);
      },
    },
    {
      name: "a waiting task is not lost, however old its enqueue",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        const [waiting, delayed] = await store.add({}, { runAfter: START + 3 * HOUR });
        expect(await store.sweep(START + 2 * HOUR)).toEqual(QUIET);
        expect(await store.claimIds({ now: START + 3 * HOUR })).toEqual([waiting, delayed]);
      },
    },
    {
      name: "the lease of an earlier attempt does not end a later one",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        const lease = await store.addClaimed({}, { tasks: [{ path: PATH, lease: LEASE }] });
        await store.settle(lease, retryAt(START));
        const again = await store.claimOne({ tasks: [{ path: PATH, lease: 10 * LEASE }] });
        expect(await store.sweep(START + 9 * LEASE)).toEqual(QUIET);
        expect(await store.settle(again, success(), START + 9 * LEASE)).toMatchObject({ outcome: "applied" });
      },
    },
  ],
};
