import type { Lease, Settlement } from "@taskwright/server/backend";
import { expect } from "vitest";
import type { ConformanceSection } from "./conformance-case.ts";
import {
  attemptError,
  failure,
  LEASE,
  leaseOf,
  MINUTE,
  newTask,
  retryAt,
  SECOND,
  START,
  type StoreUnderTest,
  success,
} from "./store-under-test.ts";

const LOST = { outcome: "lease-lost" };

/** Tries everything that a holder may do and expects each to be refused, with nothing changed. */
async function expectRefused(store: StoreUnderTest, lease: Lease, now: number): Promise<void> {
  const [before] = await store.backend.store.get({ ids: [lease.id] });
  const { leases } = store;
  const error = attemptError({ message: "stale" });
  const settlements: readonly Settlement[] = [
    success('"stale"'),
    retryAt(now, error),
    failure(error),
    { status: "FAILED", error, started: false },
    { status: "CANCELLED", error },
    { status: "CANCELLED", error: null },
  ];
  // One that might be the repetition of what ended it is answered as that was; see settle.ts.
  const strange = settlements.filter(({ status }) => status === "SUCCESSFUL" || status !== before?.status);
  for (const settlement of strange) {
    expect(await leases.settle({ items: [{ lease, settlement }], now })).toEqual([LOST]);
  }
  expect(await leases.renew({ items: [{ lease, duration: 10 * LEASE }], now })).toEqual([LOST]);
  expect(await leases.progress({ items: [{ lease, progress: '"stale"' }], now })).toEqual(["lease-lost"]);
  const releases = [
    { when: "now", started: true },
    { when: "now", started: false },
    { when: "on-expiry", started: true },
  ] as const;
  for (const how of releases) {
    expect(await leases.release({ items: [{ lease, ...how }], now })).toEqual(["lease-lost"]);
  }
  expect(await leases.begin({ items: [lease], now })).toEqual(["lease-lost"]);
  expect(await store.backend.store.get({ ids: [lease.id] })).toEqual([before]);
}

export const leasesSection: ConformanceSection = {
  title: "leases and fencing",
  rows: ["delivery", "lease"],
  cases: [
    {
      name: "a renewal moves the lease's end to its time and length",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        const lease = await store.addClaimed();
        const now = START + 20 * SECOND;
        expect(await store.leases.renew({ items: [{ lease, duration: LEASE }], now })).toEqual([
          { outcome: "renewed", cancelRequested: false },
        ]);
        expect((await store.sweep(now + LEASE - 1)).returned).toBe(0);
        expect((await store.sweep(now + LEASE)).returned).toBe(1);
      },
    },
    {
      name: "a renewal may also shorten a lease",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        const lease = await store.addClaimed();
        await store.leases.renew({ items: [{ lease, duration: 5 * SECOND }], now: START + SECOND });
        expect((await store.sweep(START + 6 * SECOND - 1)).returned).toBe(0);
        expect((await store.sweep(START + 6 * SECOND)).returned).toBe(1);
      },
    },
    {
      name: "an expired lease that nobody has swept can still be renewed",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        const lease = await store.addClaimed();
        const now = START + 10 * LEASE;
        expect(await store.leases.renew({ items: [{ lease, duration: LEASE }], now })).toMatchObject([
          { outcome: "renewed" },
        ]);
        expect((await store.sweep(now)).returned).toBe(0);
        expect(await store.settle(lease, success(), now)).toEqual({
          outcome: "applied",
          status: "SUCCESSFUL",
        });
      },
    },
    {
      name: "an expired lease that nobody has swept can still be settled",
      needs: ["leases"],
      run: async (store) => {
        const lease = await store.addClaimed();
        const outcome = await store.settle(lease, success('"late"'), START + 10 * LEASE);
        expect(outcome).toEqual({ outcome: "applied", status: "SUCCESSFUL" });
        expect((await store.record(lease.id)).output).toBe('"late"');
      },
    },
    {
      name: "after a sweep the old token is refused by every operation",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        const lease = leaseOf(await store.addClaimed());
        await store.sweep(START + LEASE);
        await expectRefused(store, lease, START + LEASE);
      },
    },
    {
      name: "an old attempt never overwrites a newer one",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        const old = leaseOf(await store.addClaimed({}, { workerId: "old" }));
        const now = START + LEASE;
        await store.sweep(now);
        const current = await store.claimOne({ workerId: "new", now });
        expect(current.id).toBe(old.id);
        await expectRefused(store, old, now);
        await store.leases.progress({ items: [{ lease: current, progress: '"mine"' }], now });
        await expectRefused(store, old, now);
        expect(await store.settle(current, success('"new"'), now)).toMatchObject({ outcome: "applied" });
        await expectRefused(store, old, now);
        expect(await store.record(old.id)).toMatchObject({
          output: '"new"',
          progress: '"mine"',
          attempts: 2,
        });
      },
    },
    {
      name: "what an old attempt was refused changes neither the newer one's number nor how its loss counts",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        const old = leaseOf(await store.addClaimed({}, { workerId: "old" }));
        await store.settle(old, retryAt(START));
        const current = await store.claimOne({ workerId: "new" });
        expect(current.id).toBe(old.id);
        await expectRefused(store, old, START);
        expect(await store.record(old.id)).toMatchObject({ attempts: 2, workerIds: ["old", "new"] });
        expect(await store.sweep(START + LEASE)).toMatchObject({ returned: 1 });
        const { lostAttempts, errors } = await store.record(old.id);
        expect([lostAttempts, errors.at(-1)?.attempt]).toEqual([1, 2]);
        // The other way round: one whose loss would not count yet is not begun by it.
        const waiting = await store.claimOne({ now: START + LEASE });
        await expectRefused(store, old, START + LEASE);
        await store.sweep(START + 2 * LEASE);
        expect(await store.record(waiting.id)).toMatchObject({ lostAttempts: 1, attempts: 3 });
      },
    },
    {
      name: "the same worker's old token is refused as well",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        const old = leaseOf(await store.addClaimed());
        await store.sweep(START + LEASE);
        const current = await store.claimOne({ now: START + LEASE });
        await expectRefused(store, old, START + LEASE);
        expect(await store.settle(current, success(), START + LEASE)).toMatchObject({ outcome: "applied" });
      },
    },
    {
      name: "after each kind of end the token is refused",
      needs: ["leases"],
      run: async (store) => {
        const ends = [
          success(),
          failure(),
          retryAt(START + MINUTE),
          { status: "CANCELLED", error: null } as const,
        ];
        for (const settlement of ends) {
          const lease = leaseOf(await store.addClaimed());
          await store.settle(lease, settlement);
          await expectRefused(store, lease, START);
        }
      },
    },
    {
      name: "after a release the token is refused",
      needs: ["leases"],
      run: async (store) => {
        const lease = leaseOf(await store.addClaimed());
        await store.leases.release({ items: [{ lease, started: true, when: "now" }], now: START });
        await expectRefused(store, lease, START);
      },
    },
    {
      name: "after a retry by hand the tokens of before are refused",
      needs: ["leases"],
      run: async (store) => {
        const lease = leaseOf(await store.addClaimed());
        await store.settle(lease, failure());
        await store.backend.store.requeue({ id: lease.id, runAfter: START, rank: START, now: START });
        await expectRefused(store, lease, START);
        const current = await store.claimOne();
        expect(current.token).not.toBe(lease.token);
        await expectRefused(store, lease, START);
      },
    },
    {
      name: "another's token, a made-up token and none at all are refused",
      needs: ["leases"],
      run: async (store) => {
        const [mine, other] = [await store.addClaimed(), await store.addClaimed()];
        for (const token of [other.token, "made up", "", "' OR 1=1 --", "%"]) {
          await expectRefused(store, { id: mine.id, token }, START);
        }
        expect(await store.settle(mine, success())).toMatchObject({ outcome: "applied" });
      },
    },
    {
      name: "a task result that waits, or is not there, answers lease-lost",
      needs: ["leases"],
      run: async (store) => {
        const waiting = await store.addOne();
        for (const id of [waiting, newTask().id]) {
          for (const token of ["", "made up"]) await expectRefused(store, { id, token }, START);
        }
      },
    },
    {
      name: "in a batch each lease is judged alone, and the answers keep its order",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        const lost = await store.addClaimed({}, { tasks: [{ path: "mail.send", lease: 1 }] });
        await store.sweep(START + 1);
        const [first, second] = [await store.addClaimed(), await store.addClaimed()];
        const now = START + 2;
        const leases = [first, lost, second].map(leaseOf);
        const renewed = await store.leases.renew({
          items: leases.map((lease) => ({ lease, duration: LEASE })),
          now,
        });
        expect(renewed.map(({ outcome }) => outcome)).toEqual(["renewed", "lease-lost", "renewed"]);
        const progress = leases.map((lease, index) => ({ lease, progress: String(index) }));
        const applied = ["applied", "lease-lost", "applied"];
        expect(await store.leases.progress({ items: progress, now })).toEqual(applied);
        const items = leases.map((lease, index) => ({ lease, settlement: success(String(index)) }));
        const settled = await store.leases.settle({ items, now });
        expect(settled.map(({ outcome }) => outcome)).toEqual(applied);
        expect((await store.record(first.id)).output).toBe("0");
        expect((await store.record(lost.id)).status).toBe("READY");
        expect((await store.record(second.id)).output).toBe("2");
      },
    },
    {
      name: "a renewal tells each attempt whether its own cancel was requested",
      needs: ["leases"],
      run: async (store) => {
        const leases = [await store.addClaimed(), await store.addClaimed(), await store.addClaimed()];
        await store.backend.store.cancel({ id: String(leases[1]?.id), now: START });
        const items = leases.map((lease) => ({ lease, duration: LEASE }));
        expect(await store.leases.renew({ items, now: START })).toEqual(
          [false, true, false].map((cancelRequested) => ({ outcome: "renewed", cancelRequested })),
        );
      },
    },
    {
      name: "empty batches answer empty lists",
      needs: ["leases"],
      run: async (store) => {
        const nothing = { items: [], now: START };
        expect(await store.leases.renew(nothing)).toEqual([]);
        expect(await store.leases.settle(nothing)).toEqual([]);
        expect(await store.leases.release(nothing)).toEqual([]);
        expect(await store.leases.progress(nothing)).toEqual([]);
      },
    },
  ],
};
