import { expect } from "vitest";
import type { ConformanceSection } from "./conformance-case.ts";
import { failure, HOUR, LEASE, leaseOf, MINUTE, retryAt, START, sweepRequest } from "./store-under-test.ts";

const QUIET = { returned: 0, finished: [], more: false };
const EXPIRES = START + MINUTE;

export const expirySection: ConformanceSection = {
  title: "expiry",
  rows: ["retries"],
  cases: [
    {
      name: "a task that was not started in time is FAILED as EXPIRED, and the sweep names it",
      needs: ["maintenance"],
      run: async (store) => {
        const id = await store.addOne({ expiresAt: EXPIRES });
        const before = await store.record(id);
        const now = EXPIRES + 7;
        const answer = await store.sweep(now);
        const record = await store.record(id);
        expect(answer).toEqual({ returned: 0, finished: [record], more: false });
        const { expired } = sweepRequest(now);
        expect(record).toEqual({
          ...before,
          status: "FAILED",
          finishedAt: now,
          errors: [
            {
              type: "EXPIRED",
              exceptionClass: "EXPIRED",
              message: expired.message,
              stack: null,
              attempt: 0,
              workerId: null,
              at: new Date(now).toISOString(),
            },
          ],
        });
      },
    },
    {
      name: "a task expires at its time and not a millisecond earlier",
      needs: ["maintenance"],
      run: async (store) => {
        const id = await store.addOne({ expiresAt: EXPIRES });
        expect(await store.sweep(EXPIRES - 1)).toEqual(QUIET);
        expect((await store.sweep(EXPIRES)).finished.map((record) => record.id)).toEqual([id]);
      },
    },
    {
      name: "a delayed task expires although it is not due yet",
      needs: ["maintenance"],
      run: async (store) => {
        const id = await store.addOne({ expiresAt: EXPIRES, runAfter: START + HOUR });
        expect((await store.sweep(EXPIRES)).finished.map((record) => record.id)).toEqual([id]);
      },
    },
    {
      name: "a task without an expiry waits for ever",
      needs: ["maintenance"],
      run: async (store) => {
        const id = await store.addOne();
        expect(await store.sweep(START + 100_000 * HOUR)).toEqual(QUIET);
        expect((await store.record(id)).status).toBe("READY");
      },
    },
    {
      name: "an expired task is not claimed after the sweep",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        await store.addOne({ expiresAt: EXPIRES });
        await store.sweep(EXPIRES);
        expect(await store.claimIds({ now: EXPIRES })).toEqual([]);
      },
    },
    {
      name: "a RUNNING task does not expire",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        const lease = await store.addClaimed(
          { expiresAt: EXPIRES },
          { tasks: [{ path: "mail.send", lease: HOUR }] },
        );
        expect(await store.sweep(EXPIRES + 1)).toEqual(QUIET);
        expect((await store.record(lease.id)).status).toBe("RUNNING");
      },
    },
    {
      name: "a task that was started in time does not expire while it waits for its retry",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        const lease = await store.addClaimed({ expiresAt: EXPIRES });
        await store.settle(lease, retryAt(START + HOUR));
        expect(await store.sweep(EXPIRES + 1)).toEqual(QUIET);
        expect(await store.claimIds({ now: START + HOUR })).toEqual([lease.id]);
      },
    },
    {
      name: "a task that was started in time does not expire when its worker is lost",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        const lease = await store.addClaimed({ expiresAt: EXPIRES });
        expect(await store.sweep(START + HOUR)).toEqual({ returned: 1, finished: [], more: false });
        expect(await store.sweep(START + HOUR)).toEqual(QUIET);
        expect((await store.record(lease.id)).status).toBe("READY");
      },
    },
    {
      name: "a task that was claimed but never started can still expire",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        const lease = leaseOf(await store.addClaimed({ expiresAt: EXPIRES }));
        await store.leases.release({ items: [{ lease, started: false, when: "now" }], now: START });
        expect((await store.sweep(EXPIRES)).finished.map((record) => record.id)).toEqual([lease.id]);
      },
    },
    {
      name: "a retry by hand removes the expiry",
      needs: ["maintenance"],
      run: async (store) => {
        const id = await store.addOne({ expiresAt: EXPIRES });
        await store.sweep(EXPIRES);
        await store.backend.store.requeue({ id, runAfter: EXPIRES, rank: EXPIRES, now: EXPIRES });
        expect(await store.sweep(EXPIRES + LEASE)).toEqual(QUIET);
        expect(await store.record(id)).toMatchObject({ status: "READY", expiresAt: null });
      },
    },
    {
      name: "what has ended does not expire",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        const lease = await store.addClaimed({ expiresAt: EXPIRES });
        await store.settle(lease, failure());
        await store.addFinished("CANCELLED", { expiresAt: EXPIRES });
        expect(await store.sweep(EXPIRES + 1)).toEqual(QUIET);
      },
    },
  ],
};
