import { expect } from "vitest";
import type { ConformanceSection } from "./conformance-case.ts";
import {
  attemptError,
  failure,
  HOUR,
  leaseOf,
  newTasks,
  retryAt,
  SECOND,
  START,
  success,
} from "./store-under-test.ts";

export const settleSection: ConformanceSection = {
  title: "settle and retry",
  rows: ["retries", "delivery"],
  cases: [
    {
      name: "SUCCESSFUL stores the output and the time of the end, and nothing else",
      needs: ["leases"],
      run: async (store) => {
        const lease = await store.addClaimed();
        const before = await store.record(lease.id);
        const outcome = await store.settle(lease, success('{"id":7}'), START + SECOND);
        expect(outcome).toEqual({ outcome: "applied", status: "SUCCESSFUL" });
        expect(await store.record(lease.id)).toEqual({
          ...before,
          status: "SUCCESSFUL",
          output: '{"id":7}',
          finishedAt: START + SECOND,
        });
      },
    },
    {
      name: "FAILED stores the error and the time of the end",
      needs: ["leases"],
      run: async (store) => {
        const lease = await store.addClaimed();
        const before = await store.record(lease.id);
        const error = attemptError();
        expect(await store.settle(lease, failure(error), START + 9)).toEqual({
          outcome: "applied",
          status: "FAILED",
        });
        const end = { status: "FAILED", errors: [error], finishedAt: START + 9 };
        expect(await store.record(lease.id)).toEqual({ ...before, ...end });
      },
    },
    {
      name: "FAILED before the handler was called takes back the attempt's number",
      needs: ["leases"],
      run: async (store) => {
        const lease = await store.addClaimed();
        const error = attemptError({ type: "EXPIRED", attempt: 0, workerId: null, stack: null });
        await store.settle(lease, { status: "FAILED", error, started: false });
        expect(await store.record(lease.id)).toMatchObject({
          status: "FAILED",
          attempts: 0,
          workerIds: [],
          startedAt: null,
          errors: [error],
        });
      },
    },
    {
      name: "taking back a later attempt leaves the earlier ones",
      needs: ["leases"],
      run: async (store) => {
        const first = await store.addClaimed({}, { workerId: "a" });
        await store.settle(first, retryAt(START));
        const second = await store.claimOne({ workerId: "b", now: START + 1 });
        await store.settle(second, { status: "FAILED", error: attemptError(), started: false }, START + 1);
        const record = await store.record(first.id);
        expect(record).toMatchObject({ attempts: 1, workerIds: ["a"], startedAt: START });
        expect(record.errors).toHaveLength(2);
      },
    },
    {
      name: "CANCELLED stores its error, or none",
      needs: ["leases"],
      run: async (store) => {
        const error = attemptError({ exceptionClass: "AbortError" });
        for (const given of [error, null]) {
          const lease = await store.addClaimed();
          const outcome = await store.settle(lease, { status: "CANCELLED", error: given }, START + 3);
          expect(outcome).toEqual({ outcome: "applied", status: "CANCELLED" });
          const errors = given === null ? [] : [given];
          expect(await store.record(lease.id)).toMatchObject({
            status: "CANCELLED",
            errors,
            finishedAt: START + 3,
          });
        }
      },
    },
    {
      name: "the second settlement of one attempt is refused and changes nothing",
      needs: ["leases"],
      run: async (store) => {
        const lease = await store.addClaimed();
        await store.settle(lease, success('"first"'), START + 1);
        const before = await store.record(lease.id);
        expect(await store.settle(lease, success('"second"'), START + 2)).toEqual({ outcome: "lease-lost" });
        expect(await store.settle(lease, failure(), START + 2)).toEqual({ outcome: "lease-lost" });
        expect(await store.record(lease.id)).toEqual(before);
      },
    },
    {
      name: "a settlement that is repeated because its answer was lost is answered as before and changes nothing",
      needs: ["leases"],
      run: async (store) => {
        const ends = [success('"done"'), failure(), { status: "CANCELLED", error: attemptError() } as const];
        for (const settlement of ends) {
          const lease = await store.addClaimed();
          const applied = { outcome: "applied", status: settlement.status };
          expect(await store.settle(lease, settlement, START + 1)).toEqual(applied);
          const before = await store.record(lease.id);
          expect(await store.settle(lease, settlement, START + 2)).toEqual(applied);
          expect(await store.record(lease.id)).toEqual(before);
          const stranger = { id: lease.id, token: "made up" };
          expect(await store.settle(stranger, settlement, START + 2)).toEqual({ outcome: "lease-lost" });
        }
      },
    },
    {
      name: "a batch of different ends settles each as it says",
      needs: ["leases"],
      run: async (store) => {
        await store.addAll(newTasks(5));
        const claimed = await store.claim();
        const settlements = [
          success("1"),
          retryAt(START + HOUR),
          failure(),
          { status: "CANCELLED", error: null } as const,
          success(),
        ];
        const items = claimed.map((lease, index) => ({
          lease: leaseOf(lease),
          settlement: settlements[index] ?? success(),
        }));
        const statuses = settlements.map(({ status }) => status);
        expect(await store.leases.settle({ items, now: START })).toEqual(
          statuses.map((status) => ({ outcome: "applied", status })),
        );
        const records = await store.backend.store.get({ ids: claimed.map(({ id }) => id) });
        expect(records.map((record) => record?.status)).toEqual(statuses);
        expect(records.map((record) => record?.output)).toEqual(["1", null, null, null, null]);
      },
    },
    {
      name: "a batch of five hundred settlements is stored whole",
      needs: ["leases"],
      run: async (store) => {
        await store.addAll(newTasks(500));
        const claimed = await store.claim({ limit: 500 });
        const items = claimed.map((lease) => ({
          lease: leaseOf(lease),
          settlement: success(`"${lease.id}"`),
        }));
        const outcomes = await store.leases.settle({ items, now: START });
        expect(new Set(outcomes.map(({ outcome }) => outcome))).toEqual(new Set(["applied"]));
        const records = await store.backend.store.get({ ids: claimed.map(({ id }) => id) });
        expect(records.map((record) => record?.output)).toEqual(claimed.map(({ id }) => `"${id}"`));
      },
    },
    {
      name: "what has ended is neither claimed nor swept again",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        for (const status of ["SUCCESSFUL", "FAILED"] as const) await store.addFinished(status);
        expect(await store.sweep(START + HOUR)).toEqual({ returned: 0, finished: [], more: false });
        expect(await store.claimIds({ now: START + HOUR })).toEqual([]);
      },
    },
    {
      name: "a retry is READY again with its time, its error and one retry used",
      needs: ["leases"],
      defect: "D: no retries",
      run: async (store) => {
        const lease = await store.addClaimed();
        const before = await store.record(lease.id);
        const error = attemptError();
        const outcome = await store.settle(lease, retryAt(START + HOUR, error), START + SECOND);
        expect(outcome).toEqual({ outcome: "applied", status: "READY" });
        const retry = { status: "READY", runAfter: START + HOUR, retriesUsed: 1, errors: [error] };
        expect(await store.record(lease.id)).toEqual({ ...before, ...retry });
      },
    },
    {
      name: "a retry is claimed at its time and not before",
      needs: ["leases"],
      run: async (store) => {
        const lease = await store.addClaimed();
        await store.settle(lease, retryAt(START + HOUR));
        expect(await store.claimIds({ now: START + HOUR - 1 })).toEqual([]);
        expect(await store.claimIds({ now: START + HOUR })).toEqual([lease.id]);
      },
    },
    {
      name: "errors gather in order over the attempts, up to an end that is good",
      needs: ["leases"],
      run: async (store) => {
        const first = await store.addClaimed();
        const errors = [1, 2, 3].map((attempt) => attemptError({ attempt, message: `no ${attempt}` }));
        let lease = first;
        for (const error of errors) {
          await store.settle(lease, retryAt(START, error));
          lease = await store.claimOne();
        }
        await store.settle(lease, success('"at last"'));
        expect(await store.record(first.id)).toMatchObject({
          errors,
          status: "SUCCESSFUL",
          output: '"at last"',
          attempts: 4,
          retriesUsed: 3,
        });
      },
    },
    {
      name: "the backend counts retries and decides nothing: a retry beyond maxRetries is stored",
      needs: ["leases"],
      run: async (store) => {
        const lease = await store.addClaimed({ maxRetries: 0 });
        expect(await store.settle(lease, retryAt(START))).toEqual({ outcome: "applied", status: "READY" });
        expect(await store.record(lease.id)).toMatchObject({ retriesUsed: 1, maxRetries: 0 });
      },
    },
  ],
};
