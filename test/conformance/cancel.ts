import { expect } from "vitest";
import type { ConformanceSection } from "./conformance-case.ts";
import {
  attemptError,
  failure,
  HOUR,
  LEASE,
  leaseOf,
  newTask,
  retryAt,
  START,
  success,
  sweepRequest,
} from "./store-under-test.ts";

export const cancelSection: ConformanceSection = {
  title: "cancel",
  rows: ["cancel"],
  cases: [
    {
      name: "READY becomes CANCELLED at once",
      run: async (store) => {
        const id = await store.addOne();
        const before = await store.record(id);
        expect(await store.backend.store.cancel({ id, now: START + 5 })).toBe("cancelled");
        expect(await store.record(id)).toEqual({ ...before, status: "CANCELLED", finishedAt: START + 5 });
      },
    },
    {
      name: "a cancelled one is never claimed, due or delayed",
      needs: ["leases"],
      run: async (store) => {
        const [due, delayed, kept] = await store.add({}, { runAfter: START + HOUR }, {});
        for (const id of [due, delayed]) {
          expect(await store.backend.store.cancel({ id: String(id), now: START })).toBe("cancelled");
        }
        expect(await store.claimIds({ now: START + HOUR })).toEqual([kept]);
      },
    },
    {
      name: "a retry that waits is cancelled at once",
      needs: ["leases"],
      run: async (store) => {
        const lease = await store.addClaimed();
        await store.settle(lease, retryAt(START + HOUR));
        expect(await store.backend.store.cancel({ id: lease.id, now: START + 1 })).toBe("cancelled");
        expect(await store.record(lease.id)).toMatchObject({ status: "CANCELLED", finishedAt: START + 1 });
      },
    },
    {
      name: "RUNNING goes on with its flag set, however often it is asked",
      needs: ["leases"],
      run: async (store) => {
        const lease = await store.addClaimed();
        const before = await store.record(lease.id);
        expect(await store.backend.store.cancel({ id: lease.id, now: START })).toBe("requested");
        expect(await store.backend.store.cancel({ id: lease.id, now: START + 1 })).toBe("requested");
        expect(await store.record(lease.id)).toEqual({ ...before, cancelRequested: true });
        expect(await store.settle(lease, success())).toMatchObject({ outcome: "applied" });
      },
    },
    {
      name: "a finished one stays as it is",
      needs: ["leases"],
      run: async (store) => {
        for (const status of ["SUCCESSFUL", "FAILED", "CANCELLED"] as const) {
          const id = await store.addFinished(status);
          const before = await store.record(id);
          expect(await store.backend.store.cancel({ id, now: START + 5 })).toBe("finished");
          expect(await store.record(id)).toEqual(before);
        }
      },
    },
    {
      name: "cancelling twice answers cancelled, then finished",
      run: async (store) => {
        const id = await store.addOne();
        expect(await store.backend.store.cancel({ id, now: START })).toBe("cancelled");
        expect(await store.backend.store.cancel({ id, now: START + 1 })).toBe("finished");
        expect((await store.record(id)).finishedAt).toBe(START);
      },
    },
    {
      name: "one that is not there answers not-found",
      run: async (store) => {
        expect(await store.backend.store.cancel({ id: newTask().id, now: START })).toBe("not-found");
      },
    },
    {
      name: "a cancel touches no other task result",
      run: async (store) => {
        const [first, second] = await store.add({}, {});
        const before = await store.record(String(second));
        await store.backend.store.cancel({ id: String(first), now: START });
        expect(await store.record(String(second))).toEqual(before);
      },
    },
    {
      name: "a normal return still wins over a cancel request, and the flag goes with the end",
      needs: ["leases"],
      run: async (store) => {
        const lease = await store.addClaimed();
        await store.backend.store.cancel({ id: lease.id, now: START });
        expect(await store.settle(lease, success("1"))).toEqual({ outcome: "applied", status: "SUCCESSFUL" });
        const end = { status: "SUCCESSFUL", output: "1", cancelRequested: false };
        expect(await store.record(lease.id)).toMatchObject(end);
      },
    },
    {
      name: "an end that core has decided stands: FAILED stays FAILED, CANCELLED is CANCELLED",
      needs: ["leases"],
      run: async (store) => {
        for (const settlement of [failure(), { status: "CANCELLED", error: attemptError() } as const]) {
          const lease = await store.addClaimed();
          await store.backend.store.cancel({ id: lease.id, now: START });
          const { status } = settlement;
          expect(await store.settle(lease, settlement)).toEqual({ outcome: "applied", status });
          expect(await store.record(lease.id)).toMatchObject({ status, cancelRequested: false });
        }
      },
    },
    {
      name: "a retry that meets a cancel request becomes CANCELLED, and the answer says so",
      needs: ["leases"],
      run: async (store) => {
        const lease = await store.addClaimed();
        await store.backend.store.cancel({ id: lease.id, now: START });
        const outcome = await store.settle(lease, retryAt(START), START + 4);
        expect(outcome).toEqual({ outcome: "applied", status: "CANCELLED" });
        const end = { status: "CANCELLED", cancelRequested: false, finishedAt: START + 4, retriesUsed: 0 };
        expect(await store.record(lease.id)).toMatchObject(end);
        expect(await store.claimIds({ now: START + HOUR })).toEqual([]);
      },
    },
    {
      name: "a release that meets a cancel request becomes CANCELLED",
      needs: ["leases"],
      run: async (store) => {
        for (const started of [true, false]) {
          const lease = await store.addClaimed();
          await store.backend.store.cancel({ id: lease.id, now: START });
          const items = [{ lease: leaseOf(lease), started, when: "now" as const }];
          expect(await store.leases.release({ items, now: START + 4 })).toEqual(["applied"]);
          const end = { status: "CANCELLED", cancelRequested: false, finishedAt: START + 4 };
          expect(await store.record(lease.id)).toMatchObject(end);
        }
        expect(await store.claimIds({ now: START + HOUR })).toEqual([]);
      },
    },
    {
      name: "one whose worker was lost after a cancel request is CANCELLED by the sweep, which names it",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        const lease = await store.addClaimed();
        await store.backend.store.cancel({ id: lease.id, now: START });
        const answer = await store.sweep(START + LEASE);
        const record = await store.record(lease.id);
        expect(answer).toEqual({ returned: 0, finished: [record], more: false });
        const end = { status: "CANCELLED", cancelRequested: false, finishedAt: START + LEASE };
        expect(record).toMatchObject(end);
      },
    },
    {
      name: "one whose last allowed loss meets a cancel request is CANCELLED, with the loss among its errors",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        const lease = await store.addClaimed();
        await store.backend.store.cancel({ id: lease.id, now: START });
        const { lost } = sweepRequest(START + LEASE);
        const { finished } = await store.sweep(START + LEASE, { maxLostAttempts: 1 });
        expect(finished.map(({ id }) => id)).toEqual([lease.id]);
        const record = await store.record(lease.id);
        expect(record).toMatchObject({ status: "CANCELLED", lostAttempts: 1, cancelRequested: false });
        expect(record.errors.map(({ message }) => message)).toEqual([lost.message]);
      },
    },
    {
      name: "one released on expiry after a cancel request is CANCELLED by the sweep",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        const lease = await store.addClaimed();
        await store.backend.store.cancel({ id: lease.id, now: START });
        const items = [{ lease: leaseOf(lease), started: true, when: "on-expiry" }] as const;
        await store.leases.release({ items, now: START });
        expect((await store.sweep(START + LEASE)).finished.map(({ id }) => id)).toEqual([lease.id]);
        expect(await store.record(lease.id)).toMatchObject({
          status: "CANCELLED",
          lostAttempts: 0,
          errors: [],
        });
      },
    },
    {
      name: "a cancel request ends with the attempt: a later retry by hand starts without it",
      needs: ["leases"],
      run: async (store) => {
        const lease = await store.addClaimed();
        await store.backend.store.cancel({ id: lease.id, now: START });
        await store.settle(lease, { status: "CANCELLED", error: null });
        await store.backend.store.requeue({ id: lease.id, runAfter: START, rank: START, now: START });
        const again = await store.claimOne();
        expect(await store.record(lease.id)).toMatchObject({ status: "RUNNING", cancelRequested: false });
        expect(await store.settle(again, retryAt(START))).toEqual({ outcome: "applied", status: "READY" });
      },
    },
  ],
};
