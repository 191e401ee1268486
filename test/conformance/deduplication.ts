import type { Lease } from "@taskwright/server/backend";
import { expect } from "vitest";
import type { ConformanceSection } from "./conformance-case.ts";
import { LEASE, MINUTE, newTask, retryAt, START, type StoreUnderTest, success } from "./store-under-test.ts";

const UNTIL = START + 10 * MINUTE;
const KEY = { key: "mail.send:42", until: UNTIL };

/** Purges everything that ended, at a time. */
async function purgeAll(store: StoreUnderTest, now: number): Promise<void> {
  const statuses = ["SUCCESSFUL", "FAILED", "CANCELLED"] as const;
  const limits = { finishedBefore: now, limit: 100, dryRun: false, now };
  expect(await store.maintenance.purge({ statuses, ...limits })).toMatchObject({ more: false });
}

/** Enqueues one more task with the key and gives the id that stands for it. */
async function enqueueAgain(store: StoreUnderTest, now = START, until = now + 10 * MINUTE): Promise<string> {
  const task = newTask({ deduplication: { key: KEY.key, until } });
  const [outcome] = await store.enqueue([task], now);
  return outcome?.outcome === "deduplicated" ? outcome.id : task.id;
}

export const deduplicationSection: ConformanceSection = {
  title: "deduplication",
  rows: ["dedup"],
  cases: [
    {
      name: "a held key gives the first one's id and status, and nothing is stored",
      run: async (store) => {
        const first = await store.addOne({ deduplication: KEY });
        const second = newTask({ deduplication: KEY });
        const outcomes = await store.enqueue([second], START + 1);
        expect(outcomes).toEqual([{ outcome: "deduplicated", id: first, status: "READY" }]);
        expect(await store.backend.store.get({ ids: [second.id] })).toEqual([null]);
      },
    },
    {
      name: "a held key keeps the second one out of the line",
      needs: ["leases"],
      run: async (store) => {
        const first = await store.addOne({ deduplication: KEY });
        await enqueueAgain(store);
        expect(await store.claimIds()).toEqual([first]);
      },
    },
    {
      name: "two tasks of one batch with the same key are one, the first",
      run: async (store) => {
        const [first, second] = [newTask({ deduplication: KEY }), newTask({ deduplication: KEY })];
        expect(await store.enqueue([first, second])).toEqual([
          { outcome: "stored" },
          { outcome: "deduplicated", id: first.id, status: "READY" },
        ]);
        expect(await store.backend.store.get({ ids: [second.id] })).toEqual([null]);
      },
    },
    {
      name: "the answer has the status that the first one has by now",
      needs: ["leases"],
      run: async (store) => {
        const claimed = await store.addClaimed({ deduplication: KEY });
        const enqueue = () => store.enqueue([newTask({ deduplication: KEY })], START + 1);
        expect(await enqueue()).toEqual([{ outcome: "deduplicated", id: claimed.id, status: "RUNNING" }]);
        await store.settle(claimed, success());
        expect(await enqueue()).toEqual([{ outcome: "deduplicated", id: claimed.id, status: "SUCCESSFUL" }]);
      },
    },
    {
      name: "the window runs from the first enqueue; a duplicate does not lengthen it",
      run: async (store) => {
        const first = await store.addOne({ deduplication: KEY });
        expect(await enqueueAgain(store, UNTIL - 1)).toBe(first);
        expect(await enqueueAgain(store, UNTIL + 1)).not.toBe(first);
      },
    },
    {
      name: "a key is held until just before the end of its window and free at the end",
      run: async (store) => {
        const first = await store.addOne({ deduplication: KEY });
        expect(await enqueueAgain(store, UNTIL - 1)).toBe(first);
        const second = await enqueueAgain(store, UNTIL);
        expect(second).not.toBe(first);
        expect(await enqueueAgain(store, UNTIL + 1)).toBe(second);
      },
    },
    {
      name: "a window that is over frees the key of one that still waits, which stays",
      run: async (store) => {
        const first = await store.addOne({ deduplication: KEY });
        await enqueueAgain(store, UNTIL);
        expect((await store.record(first)).status).toBe("READY");
      },
    },
    {
      name: "FAILED frees the key",
      needs: ["leases"],
      run: async (store) => {
        const first = await store.addFinished("FAILED", { deduplication: KEY });
        expect(await enqueueAgain(store)).not.toBe(first);
      },
    },
    {
      name: "CANCELLED frees the key",
      run: async (store) => {
        const first = await store.addFinished("CANCELLED", { deduplication: KEY });
        expect(await enqueueAgain(store)).not.toBe(first);
      },
    },
    {
      name: "an attempt that ends CANCELLED frees the key",
      needs: ["leases"],
      run: async (store) => {
        const claimed = await store.addClaimed({ deduplication: KEY });
        await store.settle(claimed, { status: "CANCELLED", error: null });
        expect(await enqueueAgain(store)).not.toBe(claimed.id);
      },
    },
    {
      name: "one that a sweep fails frees its key",
      needs: ["maintenance"],
      run: async (store) => {
        const first = await store.addOne({ deduplication: KEY, expiresAt: START + 1 });
        await store.sweep(START + 1);
        expect(await enqueueAgain(store, START + 2)).not.toBe(first);
      },
    },
    {
      name: "one that a sweep gives up as poison frees its key",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        const first = await store.addClaimed({ deduplication: KEY });
        const { finished } = await store.sweep(START + LEASE, { maxLostAttempts: 1 });
        expect(finished.map(({ status }) => status)).toEqual(["FAILED"]);
        expect(await enqueueAgain(store, START + LEASE)).not.toBe(first.id);
      },
    },
    {
      name: "SUCCESSFUL holds the key until the window is over",
      needs: ["leases"],
      run: async (store) => {
        const first = await store.addFinished("SUCCESSFUL", { deduplication: KEY });
        expect(await enqueueAgain(store, UNTIL - 1)).toBe(first);
        expect(await enqueueAgain(store, UNTIL)).not.toBe(first);
      },
    },
    {
      name: "a purge of a SUCCESSFUL one leaves its key held: the answer has its id and status, although the record is gone",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        const first = await store.addFinished("SUCCESSFUL", { deduplication: KEY });
        await purgeAll(store, UNTIL - 1);
        expect(await store.backend.store.get({ ids: [first] })).toEqual([null]);
        const second = newTask({ deduplication: { ...KEY, until: UNTIL + MINUTE } });
        expect(await store.enqueue([second], UNTIL - 1)).toEqual([
          { outcome: "deduplicated", id: first, status: "SUCCESSFUL" },
        ]);
        expect(await store.enqueue([second], UNTIL)).toEqual([{ outcome: "stored" }]);
        await purgeAll(store, UNTIL);
        expect(await enqueueAgain(store, UNTIL + MINUTE - 1)).toBe(second.id);
      },
    },
    {
      name: "a purge of FAILED and CANCELLED ones takes their keys along",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        for (const status of ["FAILED", "CANCELLED"] as const) {
          const first = await store.addFinished(status, { deduplication: KEY });
          await purgeAll(store, START);
          expect(await store.backend.store.get({ ids: [first] })).toEqual([null]);
          expect(await store.enqueue([newTask({ deduplication: KEY })])).toEqual([{ outcome: "stored" }]);
          const [held] = await store.claim();
          await store.backend.store.cancel({ id: String(held?.id), now: START });
          await store.settle(held as Lease, { status: "CANCELLED", error: null });
        }
      },
    },
    {
      name: "a retry, a cancel request and a lost worker leave the key held",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        const claimed = await store.addClaimed({ deduplication: KEY });
        await store.settle(claimed, retryAt(START));
        expect(await enqueueAgain(store)).toBe(claimed.id);
        const again = await store.claimOne();
        await store.sweep(START + LEASE);
        expect(await enqueueAgain(store)).toBe(again.id);
        await store.claimOne({ now: START + LEASE });
        await store.backend.store.cancel({ id: again.id, now: START + LEASE });
        expect(await enqueueAgain(store)).toBe(again.id);
      },
    },
    {
      name: "deleting frees the key",
      run: async (store) => {
        const first = await store.addOne({ deduplication: KEY });
        await store.backend.store.delete({ ids: [first] });
        const second = await enqueueAgain(store);
        expect(second).not.toBe(first);
        expect((await store.record(second)).status).toBe("READY");
      },
    },
    {
      name: "an earlier holder that ends or is deleted does not free a key that a later one holds",
      run: async (store) => {
        const first = await store.addOne({ deduplication: KEY });
        const second = await enqueueAgain(store, UNTIL);
        await store.backend.store.cancel({ id: first, now: UNTIL });
        expect(await enqueueAgain(store, UNTIL + 1)).toBe(second);
        await store.backend.store.delete({ ids: [first] });
        expect(await enqueueAgain(store, UNTIL + 1)).toBe(second);
      },
    },
    {
      name: "an earlier holder that is purged does not free a key that a later one holds",
      needs: ["maintenance"],
      run: async (store) => {
        await store.addFinished("CANCELLED", { deduplication: KEY });
        const second = await enqueueAgain(store, START + 1);
        const limits = { finishedBefore: START + 1, limit: 10, dryRun: false, now: START + 1 };
        expect(await store.maintenance.purge({ statuses: ["CANCELLED"], ...limits })).toMatchObject({
          purged: 1,
        });
        expect(await enqueueAgain(store, START + 2)).toBe(second);
      },
    },
    {
      name: "repeating an enqueue whose answer was lost answers stored, although its own key is held",
      run: async (store) => {
        const task = newTask({ deduplication: KEY });
        await store.addAll([task]);
        expect(await store.enqueue([task], START + 1)).toEqual([{ outcome: "stored" }]);
      },
    },
    {
      name: "keys are compared exactly: case, accents, width and trailing spaces count",
      run: async (store) => {
        const keys = ["key", "KEY", "kéy", "ke\u0301y", "key ", " key", "ｋｅｙ", "key\u200b", "keY"];
        const tasks = keys.map((key) => newTask({ deduplication: { key, until: UNTIL } }));
        await store.addAll(tasks);
        const again = await store.enqueue(
          tasks.map((task) => ({ ...task, id: newTask({ deduplication: task.deduplication }).id })),
          START + 1,
        );
        const holders = again.map((outcome) => (outcome.outcome === "deduplicated" ? outcome.id : null));
        expect(holders).toEqual(tasks.map(({ id }) => id));
      },
    },
    {
      name: "tasks without a key are never one",
      run: async (store) => {
        const tasks = [newTask(), newTask(), newTask()];
        await store.addAll(tasks);
        const records = await store.backend.store.get({ ids: tasks.map(({ id }) => id) });
        expect(records.filter((record) => record === null)).toEqual([]);
      },
    },
    {
      name: "one that could not be stored does not hold its key",
      needs: ["unstorable"],
      run: async (store) => {
        const spoiled = store.spoiledTask({ deduplication: KEY });
        const [outcome] = await store.enqueue([spoiled, newTask()]);
        expect(outcome?.outcome).toBe("failed");
        const next = await enqueueAgain(store);
        expect(next).not.toBe(spoiled.id);
        expect((await store.record(next)).status).toBe("READY");
      },
    },
  ],
};
