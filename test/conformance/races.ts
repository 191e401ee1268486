import { expect } from "vitest";
import type { ConformanceSection } from "./conformance-case.ts";
import { DAY, LEASE, leaseOf, newTask, newTasks, START, success } from "./store-under-test.ts";

const PARALLEL = 20;

/** Starts something many times at once. */
function atOnce<T>(run: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: PARALLEL }, (_, index) => run(index)));
}

export const racesSection: ConformanceSection = {
  title: "calls at once in one process",
  rows: ["delivery", "dedup"],
  cases: [
    {
      name: "claims at once hand out each task result once",
      needs: ["leases"],
      run: async (store) => {
        const ids = await store.addAll(newTasks(150));
        const claims = await atOnce((index) => store.claim({ workerId: `worker-${index}`, limit: 10 }));
        const claimed = claims.flat();
        expect(claimed.map(({ id }) => id).sort()).toEqual([...ids].sort());
        expect(new Set(claimed.map(({ token }) => token)).size).toBe(150);
        const records = await store.backend.store.get({ ids });
        expect(new Set(records.map((record) => record?.attempts))).toEqual(new Set([1]));
      },
    },
    {
      name: "enqueues at once with one key store one",
      run: async (store) => {
        const tasks = newTasks(PARALLEL, () => ({ deduplication: { key: "one", until: START + DAY } }));
        const outcomes = await atOnce((index) => store.enqueue([tasks[index] ?? newTask()]));
        const records = await store.backend.store.get({ ids: tasks.map(({ id }) => id) });
        const stored = records.flatMap((record) => (record === null ? [] : [record.id]));
        expect(stored).toHaveLength(1);
        const answers = outcomes.flat();
        expect(answers.filter(({ outcome }) => outcome === "stored")).toHaveLength(1);
        for (const answer of answers) {
          if (answer.outcome !== "stored")
            expect(answer).toMatchObject({ outcome: "deduplicated", id: stored[0] });
        }
      },
    },
    {
      name: "enqueues at once of one id store it once, and all answer stored",
      needs: ["leases"],
      run: async (store) => {
        const task = newTask();
        const outcomes = await atOnce(() => store.enqueue([task]));
        expect(outcomes.flat()).toEqual(outcomes.map(() => ({ outcome: "stored" })));
        expect(await store.claimIds()).toEqual([task.id]);
      },
    },
    {
      name: "settlements at once of one attempt apply once",
      needs: ["leases"],
      run: async (store) => {
        const lease = leaseOf(await store.addClaimed());
        const outcomes = await atOnce((index) => store.settle(lease, success(String(index))));
        const winner = outcomes.findIndex(({ outcome }) => outcome === "applied");
        expect(outcomes.filter(({ outcome }) => outcome === "applied")).toHaveLength(1);
        expect((await store.record(lease.id)).output).toBe(String(winner));
      },
    },
    {
      name: "sweeps at once count each lost attempt once",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        const ids = await store.addAll(newTasks(60));
        await store.claim();
        const answers = await atOnce(() => store.sweep(START + LEASE, { limit: 25 }));
        expect(answers.reduce((sum, { returned }) => sum + returned, 0)).toBe(60);
        const records = await store.backend.store.get({ ids });
        expect(new Set(records.map((record) => record?.lostAttempts))).toEqual(new Set([1]));
      },
    },
    {
      name: "sweeps at once name each finished task result once",
      needs: ["maintenance"],
      run: async (store) => {
        const ids = await store.addAll(newTasks(60, () => ({ expiresAt: START + 1 })));
        const answers = await atOnce(() => store.sweep(START + 1, { limit: 25 }));
        const finished = answers.flatMap((answer) => answer.finished.map(({ id }) => id));
        expect(finished.sort()).toEqual([...ids].sort());
      },
    },
    {
      name: "purges at once count each task result once",
      needs: ["maintenance"],
      run: async (store) => {
        const ids = await store.addAll(newTasks(60));
        for (const id of ids) await store.backend.store.cancel({ id, now: START });
        const request = { statuses: ["CANCELLED"] as const, finishedBefore: START, limit: 25, dryRun: false };
        const answers = await atOnce(() => store.maintenance.purge({ ...request, now: START + DAY }));
        expect(answers.reduce((sum, { purged }) => sum + purged, 0)).toBe(60);
      },
    },
    {
      name: "a cancel and a claim at once agree: cancelled and never run, or requested and running",
      needs: ["leases"],
      run: async (store) => {
        const ids = await store.addAll(newTasks(PARALLEL));
        const claims = ids.map((id) => store.claim({ id }));
        const cancels = [...ids].reverse().map((id) => store.backend.store.cancel({ id, now: START }));
        const claimed = new Set((await Promise.all(claims)).flat().map(({ id }) => id));
        const outcomes = (await Promise.all(cancels)).reverse();
        const records = await store.backend.store.get({ ids });
        for (const [index, record] of records.entries()) {
          const isRunning = claimed.has(String(ids[index]));
          expect(outcomes[index]).toBe(isRunning ? "requested" : "cancelled");
          const end = isRunning
            ? { status: "RUNNING", cancelRequested: true }
            : { status: "CANCELLED", attempts: 0 };
          expect(record).toMatchObject(end);
        }
      },
    },
    {
      name: "a late settlement and a sweep at once agree: the end is stored, or the attempt is lost",
      needs: ["leases", "maintenance"],
      run: async (store) => {
        await store.addAll(newTasks(PARALLEL));
        const leases = await store.claim();
        const now = START + LEASE;
        const settling = leases.map((lease) => store.settle(lease, success(), now));
        const sweeping = atOnce(() => store.sweep(now, { limit: 3 }));
        const applied = (await Promise.all(settling)).map(({ outcome }) => outcome === "applied");
        const returned = (await sweeping).reduce((sum, answer) => sum + answer.returned, 0);
        expect(applied.filter((isApplied) => isApplied).length + returned).toBe(PARALLEL);
        const records = await store.backend.store.get({ ids: leases.map(({ id }) => id) });
        const statuses = applied.map((isApplied) => (isApplied ? "SUCCESSFUL" : "READY"));
        expect(records.map((record) => record?.status)).toEqual(statuses);
      },
    },
  ],
};
