import { expect } from "vitest";
import type { ConformanceSection } from "./conformance-case.ts";
import { LEASE, leaseOf, retryAt, START, success } from "./store-under-test.ts";

export const progressSection: ConformanceSection = {
  title: "progress",
  rows: ["delivery"],
  cases: [
    {
      name: "progress is stored with the running attempt, the latest winning",
      needs: ["leases"],
      run: async (store) => {
        const lease = leaseOf(await store.addClaimed());
        const before = await store.record(lease.id);
        expect(before.progress).toBeNull();
        for (const progress of ["0.25", '{"done":3,"of":4}']) {
          expect(await store.leases.progress({ items: [{ lease, progress }], now: START })).toEqual([
            "applied",
          ]);
          expect(await store.record(lease.id)).toEqual({ ...before, progress });
        }
      },
    },
    {
      name: "falsy progress is progress",
      needs: ["leases"],
      run: async (store) => {
        const lease = leaseOf(await store.addClaimed());
        for (const progress of ["0", "null", "false", '""']) {
          await store.leases.progress({ items: [{ lease, progress }], now: START });
          expect((await store.record(lease.id)).progress).toBe(progress);
        }
      },
    },
    {
      name: "a batch stores each attempt's own progress",
      needs: ["leases"],
      run: async (store) => {
        const leases = [await store.addClaimed(), await store.addClaimed(), await store.addClaimed()].map(
          leaseOf,
        );
        const items = leases.map((lease, index) => ({ lease, progress: `${index / 2}` }));
        expect(await store.leases.progress({ items, now: START })).toEqual(["applied", "applied", "applied"]);
        const records = await store.backend.store.get({ ids: leases.map(({ id }) => id) });
        expect(records.map((record) => record?.progress)).toEqual(["0", "0.5", "1"]);
      },
    },
    {
      name: "what progress said last can be read after the end",
      needs: ["leases"],
      run: async (store) => {
        const lease = await store.addClaimed();
        await store.leases.progress({ items: [{ lease, progress: "0.9" }], now: START });
        await store.settle(lease, success());
        expect((await store.record(lease.id)).progress).toBe("0.9");
      },
    },
    {
      name: "progress of an attempt that has ended is refused",
      needs: ["leases"],
      run: async (store) => {
        const lease = await store.addClaimed();
        await store.settle(lease, retryAt(START));
        const items = [{ lease: leaseOf(lease), progress: "1" }];
        expect(await store.leases.progress({ items, now: START })).toEqual(["lease-lost"]);
        expect((await store.record(lease.id)).progress).toBeNull();
      },
    },
    {
      name: "progress changes neither lease nor place: the lease ends when it would have",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        const lease = await store.addClaimed();
        await store.leases.progress({ items: [{ lease, progress: "1" }], now: START + LEASE - 1 });
        expect((await store.sweep(START + LEASE)).returned).toBe(1);
      },
    },
  ],
};
