import type { PurgeRequest } from "@taskwright/server/backend";
import type { FinishedStatus } from "@taskwright/shared";
import { expect } from "vitest";
import type { ConformanceSection } from "./conformance-case.ts";
import {
  DAY,
  HOUR,
  LEASE,
  newTasks,
  PATH,
  retryAt,
  START,
  type StoreUnderTest,
  success,
} from "./store-under-test.ts";

const ALL: readonly FinishedStatus[] = ["SUCCESSFUL", "FAILED", "CANCELLED"];

function purge(store: StoreUnderTest, given: Partial<PurgeRequest> = {}) {
  const request = { statuses: ALL, finishedBefore: START, limit: 1_000, dryRun: false, now: START + DAY };
  return store.maintenance.purge({ ...request, ...given });
}

async function present(store: StoreUnderTest, ids: readonly string[]): Promise<boolean[]> {
  return (await store.backend.store.get({ ids })).map((record) => record !== null);
}

/** Takes task results of many queues and keys through every way to their end, and purges them. */
async function liveAndPurge(store: StoreUnderTest, count: number): Promise<void> {
  await store.addAll(
    newTasks(count, (index) => ({
      tags: ["a", `tag-${index}`],
      queue: `queue-${index}`,
      runAfter: START + (index % 2) * HOUR,
      deduplication: { key: `key ${index}`, until: START + HOUR },
    })),
  );
  const now = START + HOUR;
  const claimed = await store.claim({ now });
  expect(claimed).toHaveLength(count);
  const items = claimed
    .filter((_, index) => index % 3 !== 0)
    .map((lease) => ({ lease, settlement: success("1") }));
  await store.leases.settle({ items, now });
  const end = now + LEASE;
  expect((await store.sweep(end, { maxLostAttempts: 1 })).finished).toHaveLength(count - items.length);
  expect(await purge(store, { finishedBefore: end, now: end })).toEqual({ purged: count, more: false });
  await store.sweep(end);
}

export const purgeSection: ConformanceSection = {
  title: "purge and retention",
  rows: ["retention"],
  cases: [
    {
      name: "what finished at the given time or before goes, what finished later stays",
      needs: ["maintenance"],
      run: async (store) => {
        const ids: string[] = [];
        for (const now of [START - 1, START, START + 1])
          ids.push(await store.addFinished("CANCELLED", {}, now));
        expect(await purge(store)).toEqual({ purged: 2, more: false });
        expect(await present(store, ids)).toEqual([false, false, true]);
      },
    },
    {
      name: "only the given states go",
      needs: ["maintenance", "leases"],
      run: async (store) => {
        const ids: string[] = [];
        for (const status of ALL) ids.push(await store.addFinished(status));
        expect(await purge(store, { statuses: ["SUCCESSFUL"] })).toEqual({ purged: 1, more: false });
        expect(await present(store, ids)).toEqual([false, true, true]);
        expect(await purge(store, { statuses: ["FAILED", "CANCELLED"] })).toEqual({ purged: 2, more: false });
        expect(await present(store, ids)).toEqual([false, false, false]);
      },
    },
    {
      name: "what waits or runs never goes, however old",
      needs: ["maintenance", "leases"],
      defect: "R: a time to live set at enqueue loses delayed tasks",
      run: async (store) => {
        const [waiting, delayed] = await store.add(
          { enqueuedAt: START - 900 * DAY },
          { runAfter: START + 900 * DAY },
        );
        const running = await store.addClaimed({ enqueuedAt: START - 900 * DAY });
        const retried = await store.addClaimed();
        await store.settle(retried, retryAt(START + DAY));
        const late = START + 800 * DAY;
        expect(await purge(store, { finishedBefore: late, now: late })).toEqual({ purged: 0, more: false });
        const ids = [waiting, delayed, running.id, retried.id].map(String);
        expect(await present(store, ids)).toEqual([true, true, true, true]);
      },
    },
    {
      name: "the time of the end counts, not that of the enqueue or the start",
      needs: ["maintenance", "leases"],
      run: async (store) => {
        const lease = await store.addClaimed(
          { enqueuedAt: START - 90 * DAY, runAfter: START - 90 * DAY },
          { tasks: [{ path: PATH, lease: 91 * DAY }] },
        );
        await store.settle(lease, success(), START + HOUR);
        expect(await purge(store)).toEqual({ purged: 0, more: false });
        expect(await purge(store, { finishedBefore: START + HOUR })).toEqual({ purged: 1, more: false });
      },
    },
    {
      name: "a purge takes the oldest ends first, at most its limit, and says that more are left",
      needs: ["maintenance"],
      run: async (store) => {
        const ids: string[] = [];
        for (const age of [3, 1, 5, 2, 4]) ids.push(await store.addFinished("CANCELLED", {}, START - age));
        expect(await purge(store, { limit: 2 })).toEqual({ purged: 2, more: true });
        expect(await present(store, ids)).toEqual([true, true, false, true, false]);
        expect(await purge(store, { limit: 2 })).toEqual({ purged: 2, more: true });
        expect(await present(store, ids)).toEqual([false, true, false, false, false]);
        expect(await purge(store, { limit: 2 })).toEqual({ purged: 1, more: false });
      },
    },
    {
      name: "the oldest go first across the states",
      needs: ["maintenance", "leases"],
      run: async (store) => {
        const ids: string[] = [];
        for (const [index, status] of [...ALL, ...ALL].entries()) {
          ids.push(await store.addFinished(status, {}, START - 10 + index));
        }
        expect(await purge(store, { limit: 4 })).toEqual({ purged: 4, more: true });
        expect(await present(store, ids)).toEqual([false, false, false, false, true, true]);
      },
    },
    {
      name: "a dry run counts up to its limit and deletes nothing",
      needs: ["maintenance"],
      run: async (store) => {
        const ids = await store.addAll(newTasks(5));
        for (const id of ids) await store.backend.store.cancel({ id, now: START });
        expect((await purge(store, { dryRun: true })).purged).toBe(5);
        expect((await purge(store, { dryRun: true, limit: Number.MAX_SAFE_INTEGER })).purged).toBe(5);
        expect((await purge(store, { dryRun: true, limit: 3 })).purged).toBe(3);
        expect(await present(store, ids)).toEqual([true, true, true, true, true]);
      },
    },
    {
      name: "a dry run counts only what a purge would delete: its states, up to its time",
      needs: ["maintenance", "leases"],
      run: async (store) => {
        for (const now of [START - 1, START, START + 1, START + 2]) {
          await store.addFinished("CANCELLED", {}, now);
          await store.addFinished("FAILED", { queue: "other" }, now);
        }
        expect((await purge(store, { dryRun: true })).purged).toBe(4);
        expect((await purge(store, { dryRun: true, finishedBefore: START - 2 })).purged).toBe(0);
        expect((await purge(store, { dryRun: true, statuses: ["FAILED"] })).purged).toBe(2);
        expect((await purge(store)).purged).toBe(4);
      },
    },
    {
      name: "purging an empty store answers that there was nothing",
      needs: ["maintenance"],
      run: async (store) => {
        expect(await purge(store)).toEqual({ purged: 0, more: false });
      },
    },
    {
      name: "a purged task result is in no list and no count",
      needs: ["maintenance", "inspector"],
      run: async (store) => {
        await store.addFinished("CANCELLED");
        const kept = await store.addOne();
        await purge(store);
        const { records } = await store.inspector.list({ filter: {}, cursor: null, offset: 0, limit: 10 });
        expect(records.map(({ id }) => id)).toEqual([kept]);
        expect(await store.inspector.countByQueue({ now: START })).toMatchObject([{ due: 1, cancelled: 0 }]);
      },
    },
    {
      name: "one that is put back in line by hand is not purged",
      needs: ["maintenance"],
      run: async (store) => {
        const id = await store.addFinished("CANCELLED");
        await store.backend.store.requeue({ id, runAfter: START, rank: START, now: START });
        expect(await purge(store)).toEqual({ purged: 0, more: false });
        expect(await present(store, [id])).toEqual([true]);
      },
    },
    {
      name: "after everything was purged the store holds no more than at the beginning",
      needs: ["maintenance", "leases", "footprint"],
      defect: "R: acknowledged entries are never deleted, so streams grow for ever",
      run: async (store) => {
        const { footprint } = store.fixture;
        if ("none" in footprint) throw new Error(footprint.none);
        await liveAndPurge(store, 1);
        const before = await footprint.measure(store.context);
        await liveAndPurge(store, 60);
        expect(await footprint.measure(store.context)).toBeLessThanOrEqual(before);
      },
    },
  ],
};
