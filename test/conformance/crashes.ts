import type { TaskRecord } from "@taskwright/server/backend";
import { expect } from "vitest";
import type { ConformanceSection } from "./conformance-case.ts";
import { StoreProcess } from "./store-processes.ts";
import { LEASE, leaseOf, newTasks, PATH, START, type StoreUnderTest, success } from "./store-under-test.ts";

const CLAIM = { tasks: [{ path: PATH, lease: LEASE }], queues: "all", now: START } as const;

async function recordsOf(store: StoreUnderTest, ids: readonly string[]): Promise<(TaskRecord | null)[]> {
  const records: (TaskRecord | null)[] = [];
  for (let from = 0; from < ids.length; from += 500) {
    records.push(...(await store.backend.store.get({ ids: ids.slice(from, from + 500) })));
  }
  return records;
}

/** Claims everything that is left, as a worker that comes after the crash does. */
async function claimRest(store: StoreUnderTest, now: number): Promise<string[]> {
  const claimed: string[] = [];
  for (let page = await store.claimIds({ now, limit: 500 }); page.length > 0; ) {
    claimed.push(...page);
    page = await store.claimIds({ now, limit: 500 });
  }
  return claimed;
}

export const crashesSection: ConformanceSection = {
  title: "crashes",
  rows: ["durable", "delivery", "lease"],
  cases: [
    {
      name: "the leases of a killed process return after their end, and its tokens are refused",
      needs: ["leases", "maintenance", "processes"],
      defect: "D: RUNNING rows of a crashed worker are never recovered",
      timeoutMs: 60_000,
      run: async (store) => {
        const ids = await store.addAll(newTasks(50));
        const doomed = await StoreProcess.start(store);
        const { claimed } = await doomed.call("leases", "claim", { ...CLAIM, workerId: "doomed", limit: 30 });
        expect(claimed.map(({ id }) => id)).toEqual(ids.slice(0, 30));
        await doomed.kill();

        expect(await store.claimIds({ workerId: "other", limit: 10 })).toEqual(ids.slice(30, 40));
        expect((await store.sweep(START + LEASE - 1)).returned).toBe(0);
        expect((await store.sweep(START + LEASE)).returned).toBe(40);
        const now = START + LEASE;
        const items = claimed.map((lease) => ({ lease: leaseOf(lease), settlement: success('"stale"') }));
        const settled = await store.leases.settle({ items, now });
        expect(new Set(settled.map(({ outcome }) => outcome))).toEqual(new Set(["lease-lost"]));
        expect(await store.claimIds({ workerId: "other", now })).toEqual(ids);
        const records = await recordsOf(store, ids.slice(0, 30));
        for (const record of records) {
          expect(record).toMatchObject({
            attempts: 2,
            lostAttempts: 1,
            retriesUsed: 0,
            workerIds: ["doomed", "other"],
          });
        }
      },
    },
    {
      name: "whatever a killed process was told is stored, is stored; nothing is stored by halves",
      needs: ["leases", "processes"],
      defect: "R: a task result is written in several steps, so that a crash leaves half of it",
      timeoutMs: 60_000,
      run: async (store) => {
        for (const batch of [1, 20]) {
          const path = `batch-of-${batch}`;
          const producer = await StoreProcess.start(store);
          void producer.ask({ kind: "produce", path, batch, now: START });
          await producer.until(({ acknowledged }) => acknowledged.length >= 300);
          await producer.kill();

          const { announced, acknowledged } = producer;
          const stored = await recordsOf(store, announced);
          const present = announced.filter((_, index) => stored[index] !== null);
          expect(acknowledged.filter((id) => !present.includes(id))).toEqual([]);
          for (let from = 0; from < announced.length; from += batch) {
            const group = stored.slice(from, from + batch);
            const count = group.filter((record) => record !== null).length;
            expect([0, group.length]).toContain(count);
            for (const [index, record] of group.entries()) {
              if (record === null) continue;
              const whole = {
                status: "READY",
                input: JSON.stringify({ index }),
                tags: ["produced", String(index)],
              };
              expect(record).toMatchObject(whole);
            }
          }
          const claimed: string[] = [];
          const tasks = [{ path, lease: LEASE }];
          for (
            let page = await store.claimIds({ tasks });
            page.length > 0;
            page = await store.claimIds({ tasks })
          ) {
            claimed.push(...page);
          }
          expect(claimed.sort()).toEqual([...present].sort());
        }
      },
    },
    {
      name: "a worker killed in the middle of its work loses nothing, and what it has settled runs no more",
      needs: ["leases", "maintenance", "processes"],
      timeoutMs: 120_000,
      run: async (store) => {
        const ids = await store.addAll(newTasks(2_000));
        const doomed = await StoreProcess.start(store);
        void doomed.ask({ kind: "work", workerId: "doomed", path: PATH, batch: 10, now: START });
        await doomed.until(({ journal }) => journal.length >= 200);
        await doomed.kill();
        const settled = new Set(doomed.journal.map(({ id }) => id));
        expect(doomed.journal.filter(({ outcome }) => outcome !== "applied")).toEqual([]);

        const now = START + LEASE;
        while ((await store.sweep(now)).more);
        const rest = new Set(await claimRest(store, now));
        for (const [index, record] of (await recordsOf(store, ids)).entries()) {
          const id = String(ids[index]);
          if (settled.has(id)) expect(record).toMatchObject({ status: "SUCCESSFUL", attempts: 1 });
          // The last batch may have been stored without the process living to tell.
          if (record?.status === "SUCCESSFUL") expect(record.output).toBe('["doomed",1]');
          else expect(rest.has(id)).toBe(true);
          expect(rest.has(id) && record?.status === "SUCCESSFUL").toBe(false);
        }
      },
    },
    {
      name: "processes that are killed again and again do not harm the store for others",
      needs: ["leases", "maintenance", "processes"],
      timeoutMs: 120_000,
      run: async (store) => {
        const ids = await store.addAll(newTasks(1_000));
        let now = START;
        for (let round = 0; round < 5; round++) {
          const doomed = await StoreProcess.start(store);
          void doomed.ask({ kind: "work", workerId: `doomed-${round}`, path: PATH, batch: 5, now });
          await doomed.until(({ journal }) => journal.length >= 20);
          await doomed.kill();
          now += LEASE;
          await store.sweep(now, { maxLostAttempts: 100 });
        }
        for (const id of await claimRest(store, now)) expect(ids).toContain(id);
        const records = await recordsOf(store, ids);
        expect(records.filter((record) => record === null)).toEqual([]);
        const statuses = new Set(records.map((record) => record?.status));
        expect(statuses).toEqual(new Set(["SUCCESSFUL", "RUNNING"]));
      },
    },
    {
      name: "what was stored is there after closing and opening the store again",
      needs: ["processes"],
      run: async (store) => {
        const id = await store.addOne({ tags: ["kept"] });
        const before = await store.record(id);
        await store.backend.close();
        const other = await StoreProcess.start(store);
        try {
          expect(await other.call("store", "get", { ids: [id] })).toEqual([before]);
        } finally {
          await other.kill();
        }
      },
    },
  ],
};
