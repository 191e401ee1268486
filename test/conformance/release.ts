import type { Lease } from "@taskwright/server/backend";
import { expect } from "vitest";
import type { ConformanceSection } from "./conformance-case.ts";
import {
  HOUR,
  LEASE,
  leaseOf,
  newTasks,
  retryAt,
  START,
  type StoreUnderTest,
  success,
} from "./store-under-test.ts";

interface ReleaseChoice {
  readonly started?: boolean;
  readonly when?: "now" | "on-expiry";
  readonly now?: number;
}

async function release(store: StoreUnderTest, lease: Lease, choice: ReleaseChoice = {}): Promise<void> {
  const { started = true, when = "now", now = START } = choice;
  const facts = when === "now" ? { when, started } : ({ when, started: true } as const);
  const items = [{ lease: leaseOf(lease), ...facts }];
  expect(await store.leases.release({ items, now })).toEqual(["applied"]);
}

export const releaseSection: ConformanceSection = {
  title: "release at shutdown",
  rows: ["shutdown"],
  cases: [
    {
      name: "a released task result is READY at once and uses no retry and no lost attempt",
      needs: ["leases"],
      run: async (store) => {
        const lease = await store.addClaimed();
        const before = await store.record(lease.id);
        await release(store, lease, { now: START + 1 });
        expect(await store.record(lease.id)).toEqual({ ...before, status: "READY" });
      },
    },
    {
      name: "another worker claims a released one at once, with the next number",
      needs: ["leases"],
      run: async (store) => {
        const lease = await store.addClaimed();
        await release(store, lease);
        const next = await store.claimOne({ workerId: "other" });
        expect(next).toMatchObject({ id: lease.id, attempts: 2, retriesUsed: 0 });
        expect((await store.record(lease.id)).workerIds).toEqual(["worker-1", "other"]);
      },
    },
    {
      name: "a release before the handler was called takes back the attempt's number",
      needs: ["leases"],
      run: async (store) => {
        const lease = await store.addClaimed();
        await release(store, lease, { started: false });
        const untouched = { status: "READY", attempts: 0, workerIds: [], startedAt: null };
        expect(await store.record(lease.id)).toMatchObject(untouched);
        const next = await store.claimOne({ workerId: "other", now: START + 1 });
        expect(next.attempts).toBe(1);
        expect(await store.record(lease.id)).toMatchObject({ workerIds: ["other"], startedAt: START + 1 });
      },
    },
    {
      name: "a taken-back second attempt leaves the first",
      needs: ["leases"],
      run: async (store) => {
        const lease = await store.addClaimed({}, { workerId: "a" });
        await store.settle(lease, retryAt(START));
        await release(store, await store.claimOne({ workerId: "b" }), { started: false });
        const first = { attempts: 1, workerIds: ["a"], retriesUsed: 1, startedAt: START };
        expect(await store.record(lease.id)).toMatchObject(first);
      },
    },
    {
      name: "released ones keep their old place in line",
      needs: ["leases"],
      run: async (store) => {
        const ids = await store.addAll(newTasks(6));
        const claimed = await store.claim({ limit: 4 });
        for (const lease of [claimed[2], claimed[0], claimed[3]]) await release(store, lease as Lease);
        const urgent = await store.addOne({ priority: 1 });
        expect(await store.claimIds()).toEqual([urgent, ids[0], ids[2], ids[3], ids[4], ids[5]]);
      },
    },
    {
      name: "one that was claimed by id before its time goes back to wait for it",
      needs: ["leases"],
      run: async (store) => {
        const id = await store.addOne({ runAfter: START + HOUR });
        await release(store, await store.claimOne({ id }));
        expect((await store.record(id)).runAfter).toBe(START + HOUR);
        expect(await store.claimIds({ now: START + HOUR - 1 })).toEqual([]);
        expect(await store.claimIds({ now: START + HOUR })).toEqual([id]);
      },
    },
    {
      name: "a release on expiry keeps the lease: nobody else claims it",
      needs: ["leases"],
      run: async (store) => {
        const lease = await store.addClaimed();
        const before = await store.record(lease.id);
        await release(store, lease, { when: "on-expiry" });
        expect(await store.record(lease.id)).toEqual(before);
        expect(await store.claimIds({ workerId: "other", now: START + LEASE - 1 })).toEqual([]);
      },
    },
    {
      name: "a handler that still returns after a release on expiry is settled as usual",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        const lease = await store.addClaimed();
        await release(store, lease, { when: "on-expiry" });
        expect(await store.settle(lease, success("1"))).toEqual({ outcome: "applied", status: "SUCCESSFUL" });
        expect(await store.sweep(START + LEASE)).toEqual({ returned: 0, finished: [], more: false });
      },
    },
    {
      name: "the expiry of a lease released on expiry counts as nothing",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        const lease = await store.addClaimed();
        const before = await store.record(lease.id);
        await release(store, lease, { when: "on-expiry" });
        expect((await store.sweep(START + LEASE - 1)).finished).toEqual([]);
        expect((await store.record(lease.id)).status).toBe("RUNNING");
        expect((await store.sweep(START + LEASE)).finished).toEqual([]);
        expect(await store.record(lease.id)).toEqual({ ...before, status: "READY" });
        expect(await store.claimIds({ now: START + LEASE })).toEqual([lease.id]);
      },
    },
    {
      name: "a release on expiry never makes a task result poison, and later losses count again",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        const lease = await store.addClaimed();
        const lossAt = (round: number) => START + round * LEASE;
        await release(store, lease, { when: "on-expiry" });
        expect((await store.sweep(lossAt(1), { maxLostAttempts: 1 })).finished).toEqual([]);
        await store.claimOne({ now: lossAt(1) });
        const { finished } = await store.sweep(lossAt(2), { maxLostAttempts: 1 });
        expect(finished.map(({ id, lostAttempts }) => ({ id, lostAttempts }))).toEqual([
          { id: lease.id, lostAttempts: 1 },
        ]);
      },
    },
    {
      name: "a release on expiry is forgotten with its attempt: the loss of the one after a retry counts",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        const first = await store.addClaimed();
        await release(store, first, { when: "on-expiry" });
        await store.settle(first, retryAt(START));
        await store.claimOne();
        await store.sweep(START + LEASE);
        const record = await store.record(first.id);
        expect(record).toMatchObject({ status: "READY", lostAttempts: 1, retriesUsed: 1 });
        expect(record.errors.map(({ type }) => type)).toEqual(["EXECUTION_ERROR", "LEASE_EXPIRED"]);
      },
    },
    {
      name: "a release on expiry is forgotten when its attempt is given back: the next one's loss counts",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        const first = await store.addClaimed();
        await release(store, first, { when: "on-expiry" });
        await release(store, first);
        await store.claimOne();
        expect(await store.sweep(START + LEASE)).toMatchObject({ returned: 1 });
        expect(await store.record(first.id)).toMatchObject({ lostAttempts: 1, attempts: 2 });
      },
    },
    {
      name: "a release on expiry goes back to its old place in line",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        const [first, second] = await store.add({}, {});
        await release(store, await store.claimOne(), { when: "on-expiry" });
        await store.sweep(START + LEASE);
        expect(await store.claimIds({ now: START + LEASE })).toEqual([first, second]);
      },
    },
    {
      name: "a batch releases each as it says",
      needs: ["leases"],
      run: async (store) => {
        await store.addAll(newTasks(3));
        const [first, second, third] = (await store.claim()).map(leaseOf);
        const items = [
          { lease: first as Lease, started: false, when: "now" as const },
          { lease: second as Lease, started: true, when: "on-expiry" } as const,
          { lease: third as Lease, started: true, when: "now" as const },
        ];
        expect(await store.leases.release({ items, now: START })).toEqual(["applied", "applied", "applied"]);
        const ids = items.map(({ lease }) => lease.id);
        const records = await store.backend.store.get({ ids });
        expect(records.map((record) => [record?.status, record?.attempts])).toEqual([
          ["READY", 0],
          ["RUNNING", 1],
          ["READY", 1],
        ]);
      },
    },
  ],
};
