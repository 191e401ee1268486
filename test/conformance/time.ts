import { expect } from "vitest";
import type { ConformanceSection } from "./conformance-case.ts";
import { DAY, HOUR, LEASE, newTask, START, success } from "./store-under-test.ts";

export const timeSection: ConformanceSection = {
  title: "time",
  rows: ["time"],
  cases: [
    {
      name: "the time given with the request is the only clock, long ago and far ahead",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        for (const epoch of [Date.UTC(2001, 0), Date.UTC(2026, 5, 1, 12), Date.UTC(2199, 11, 31)]) {
          const key = { key: `once ${epoch}`, until: epoch + HOUR };
          const at = { enqueuedAt: epoch, runAfter: epoch + HOUR, rank: epoch + HOUR, deduplication: key };
          const task = newTask(at);
          const { id } = task;
          expect(await store.enqueue([task], epoch)).toEqual([{ outcome: "stored" }]);
          const [twin] = await store.enqueue([newTask(at)], epoch + HOUR - 1);
          expect(twin).toMatchObject({ outcome: "deduplicated", id });
          expect(await store.claimAnswer({ now: epoch })).toEqual({ claimed: [], nextDueAt: epoch + HOUR });
          await store.claimOne({ now: epoch + HOUR });
          expect((await store.sweep(epoch + HOUR + LEASE - 1)).returned).toBe(0);
          expect((await store.sweep(epoch + HOUR + LEASE)).returned).toBe(1);
          const end = epoch + HOUR + LEASE;
          expect(await store.settle(await store.claimOne({ now: end }), success(), end)).toMatchObject({
            outcome: "applied",
          });
          expect(await store.record(id)).toMatchObject({ startedAt: epoch + HOUR, finishedAt: end });
          const purge = { statuses: ["SUCCESSFUL"] as const, limit: 10, dryRun: false, now: end };
          expect(await store.maintenance.purge({ ...purge, finishedBefore: end - 1 })).toMatchObject({
            purged: 0,
          });
          expect(await store.maintenance.purge({ ...purge, finishedBefore: end })).toMatchObject({
            purged: 1,
          });
        }
      },
    },
    {
      name: "what a clock ahead has brought into line waits for its time by the clock of who asks",
      needs: ["leases", "inspector"],
      run: async (store) => {
        const [later, first] = await store.add({ runAfter: START + HOUR, rank: START + HOUR }, {});
        expect(await store.claimIds({ now: START + DAY, limit: 1 })).toEqual([first]);
        expect(await store.claimAnswer()).toEqual({ claimed: [], nextDueAt: START + HOUR });
        const [counts] = await store.inspector.countByQueue({ now: START });
        expect(counts).toMatchObject({ due: 0, later: 1, running: 1, oldestDueAt: null });
        const second = await store.addOne();
        const { claimed, nextDueAt } = await store.claimAnswer();
        expect(claimed.map(({ id }) => id)).toEqual([second]);
        expect(nextDueAt).toBe(START + HOUR);
        expect(await store.inspector.countByQueue({ now: START + HOUR })).toMatchObject([
          { due: 1, later: 0, running: 2, oldestDueAt: START + HOUR },
        ]);
        expect(await store.claimIds({ now: START + HOUR })).toEqual([later]);
      },
    },
    {
      name: "times are kept to the millisecond, up to the last year of four digits",
      run: async (store) => {
        const times = [1, 999_999_999_999, START + 1, START + 999, Date.UTC(9999, 11, 31, 23, 59, 59, 999)];
        for (const time of times) {
          const id = await store.addOne({ enqueuedAt: time, runAfter: time, expiresAt: time, rank: time });
          expect(await store.record(id)).toMatchObject({ enqueuedAt: time, runAfter: time, expiresAt: time });
        }
      },
    },
    {
      name: "a window is compared with the time of the request, not with when the store saw the first one",
      run: async (store) => {
        const deduplication = { key: "k", until: START + 400 * DAY };
        const first = await store.addOne({ deduplication });
        const [outcome] = await store.enqueue([newTask({ deduplication })], START + 399 * DAY);
        expect(outcome).toMatchObject({ outcome: "deduplicated", id: first });
      },
    },
    {
      name: "the store's own clock gives epoch milliseconds and does not run backwards",
      needs: ["readTime"],
      run: async (store) => {
        const { readTime } = store.backend;
        const times: number[] = [];
        for (let reading = 0; reading < 20; reading++) times.push((await readTime?.()) ?? Number.NaN);
        expect(times.every((time) => time > Date.UTC(2020, 0) && time < Date.UTC(2200, 0))).toBe(true);
        expect([...times].sort((left, right) => left - right)).toEqual(times);
      },
    },
  ],
};
