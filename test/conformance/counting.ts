import type { TaskFilter } from "@taskwright/server/backend";
import { expect } from "vitest";
import type { ConformanceSection } from "./conformance-case.ts";
import { HOUR, newTasks, START } from "./store-under-test.ts";

export const countingSection: ConformanceSection = {
  title: "counts",
  rows: ["retention"],
  cases: [
    {
      name: "an empty store has no rows",
      needs: ["inspector"],
      run: async (store) => {
        expect(await store.inspector.countByQueue({ now: START })).toEqual([]);
      },
    },
    {
      name: "each queue has one row, by name, with every state counted",
      needs: ["inspector", "leases"],
      run: async (store) => {
        await store.addAll(newTasks(2, (index) => ({ queue: "b", runAfter: START - index })));
        await store.addAll(newTasks(3, () => ({ queue: "b", runAfter: START + HOUR })));
        await store.addClaimed({ queue: "a" });
        for (const status of ["SUCCESSFUL", "SUCCESSFUL", "FAILED", "CANCELLED"] as const) {
          await store.addFinished(status, { queue: "c" });
        }
        const none = {
          due: 0,
          later: 0,
          running: 0,
          successful: 0,
          failed: 0,
          cancelled: 0,
          oldestDueAt: null,
        };
        expect(await store.inspector.countByQueue({ now: START })).toEqual([
          { ...none, queue: "a", running: 1 },
          { ...none, queue: "b", due: 2, later: 3, oldestDueAt: START - 1 },
          { ...none, queue: "c", successful: 2, failed: 1, cancelled: 1 },
        ]);
      },
    },
    {
      name: "READY is due from its time on",
      needs: ["inspector"],
      run: async (store) => {
        await store.addOne({ runAfter: START + 10 });
        const countAt = async (now: number) => (await store.inspector.countByQueue({ now }))[0];
        expect(await countAt(START + 9)).toMatchObject({ due: 0, later: 1, oldestDueAt: null });
        expect(await countAt(START + 10)).toMatchObject({ due: 1, later: 0, oldestDueAt: START + 10 });
      },
    },
    {
      name: "the oldest due time is that of the one due longest, whatever its priority",
      needs: ["inspector"],
      run: async (store) => {
        await store.add(
          { runAfter: START - 50, priority: -100 },
          { runAfter: START - 20, priority: 100 },
          { runAfter: START + 5 },
        );
        const [counts] = await store.inspector.countByQueue({ now: START });
        expect(counts?.oldestDueAt).toBe(START - 50);
      },
    },
    {
      name: "a deleted task result is counted no more, nor is its queue when it was the last",
      needs: ["inspector"],
      run: async (store) => {
        const [first, second] = await store.add({ queue: "a" }, { queue: "b" });
        await store.backend.store.delete({ ids: [String(first)] });
        const rows = await store.inspector.countByQueue({ now: START });
        expect(rows.map(({ queue }) => queue)).toEqual(["b"]);
        await store.backend.store.delete({ ids: [String(second)] });
        expect(await store.inspector.countByQueue({ now: START })).toEqual([]);
      },
    },
    {
      name: "queues whose names differ by case or spaces have their own rows",
      needs: ["inspector"],
      run: async (store) => {
        await store.add({ queue: "mail" }, { queue: "Mail" }, { queue: "mail " }, { queue: "máil" });
        const rows = await store.inspector.countByQueue({ now: START });
        expect(rows.map(({ due }) => due)).toEqual([1, 1, 1, 1]);
      },
    },
    {
      name: "with a cap no number is greater, and what is below it is exact",
      needs: ["inspector", "leases"],
      run: async (store) => {
        await store.addAll(
          newTasks(4, (index) => ({ queue: "a", path: `p-${index % 2}`, runAfter: START - index })),
        );
        await store.addAll(newTasks(3, () => ({ queue: "a", runAfter: START + HOUR })));
        await store.addAll(
          newTasks(5, (index) => ({ queue: "b", path: `p-${index}`, runAfter: START + HOUR })),
        );
        await store.addClaimed({ queue: "c" });
        for (const status of ["SUCCESSFUL", "SUCCESSFUL", "FAILED", "CANCELLED"] as const) {
          await store.addFinished(status, { queue: "c" });
        }
        const countAt = (now: number, cap?: number) =>
          store.inspector.countByQueue(cap === undefined ? { now } : { now, cap });
        for (const now of [START - 2, START, START + HOUR]) {
          const exact = await countAt(now);
          expect(await countAt(now, 100)).toEqual(exact);
          for (const cap of [1, 2, 3, 4]) {
            const capped = await countAt(now, cap);
            const numbers = ["due", "later", "running", "successful", "failed", "cancelled"] as const;
            for (const [index, row] of exact.entries()) {
              const expected = Object.fromEntries(numbers.map((name) => [name, Math.min(cap, row[name])]));
              expect(capped[index], `${now} ${cap}`).toMatchObject({ queue: row.queue, ...expected });
            }
            expect(capped).toHaveLength(3);
          }
        }
      },
    },
    {
      name: "a count of what a filter selects ends at its cap, or when it has looked at as many as it may",
      needs: ["inspector", "leases"],
      run: async (store) => {
        const { count } = store.inspector;
        if (count === undefined) return;
        await store.addAll(
          newTasks(12, (index) => ({
            queue: index < 3 ? "rare" : "a",
            input: JSON.stringify({ even: index % 2 === 0 }),
          })),
        );
        await store.addFinished("FAILED", { input: null });
        const counted = (filter: TaskFilter, cap = 100, scanLimit = 100) => count({ filter, cap, scanLimit });
        expect(await counted({})).toEqual({ count: 13, isExact: true });
        expect(await counted({}, 13)).toEqual({ count: 13, isExact: true });
        expect(await counted({}, 12)).toEqual({ count: 12, isExact: false });
        expect(await counted({ statuses: ["FAILED"] })).toEqual({ count: 1, isExact: true });
        expect(await counted({ statuses: [] })).toEqual({ count: 0, isExact: true });
        expect(await counted({ queue: "rare" })).toEqual({ count: 3, isExact: true });
        // An index of queues looks at no others.
        expect([
          { count: 2, isExact: false },
          { count: 3, isExact: true },
        ]).toContainEqual(await counted({ queue: "rare" }, 100, 12));
        const even = { input: [{ path: ["even"], operator: "equals", value: true }] } as const;
        expect(await counted(even)).toEqual({ count: 6, isExact: true });
        expect(await counted({ ...even, queue: "rare" })).toEqual({ count: 2, isExact: true });
        expect(await counted(even, 5)).toEqual({ count: 5, isExact: false });
      },
    },
  ],
};
