import { expect } from "vitest";
import type { ConformanceSection } from "./conformance-case.ts";
import { fillIndex, indexOnce, KEEP_FOR, listed } from "./filtered-lists.ts";
import { newTasks, START } from "./store-under-test.ts";

const FILTER = { input: [{ path: ["to"], operator: "equals", value: "a" }] } as const;

export const inputIndexSection: ConformanceSection = {
  title: "index of inputs",
  rows: ["retention"],
  cases: [
    {
      name: "nothing is indexed before somebody filters on inputs by equality",
      needs: ["inspector", "maintenance"],
      run: async (store) => {
        if (store.maintenance.indexInputs === undefined) return;
        await store.addAll(newTasks(5));
        await listed(store, { input: [{ path: ["to"], operator: "contains", value: "a" }] });
        expect(await indexOnce(store)).toEqual({ isWanted: false, indexed: 0, more: false });
        await listed(store, FILTER);
        expect(await indexOnce(store, 3)).toEqual({ isWanted: true, indexed: 3, more: true });
        expect(await indexOnce(store, 3)).toEqual({ isWanted: true, indexed: 2, more: false });
        expect(await indexOnce(store, 3)).toEqual({ isWanted: true, indexed: 0, more: false });
      },
    },
    {
      name: "lists answer the same at every step of the index, and from several processes that fill it",
      needs: ["inspector", "maintenance"],
      run: async (store) => {
        const tasks = newTasks(60, (index) => ({
          input: JSON.stringify({ to: index % 3 === 0 ? "a" : "b" }),
        }));
        const ids = await store.addAll(tasks);
        const wanted = ids.filter((_, index) => index % 3 === 0).reverse();
        expect(await listed(store, FILTER, { limit: 4 })).toEqual(wanted);
        for (let step = 0; step < 12; step++) {
          await Promise.all([indexOnce(store, 7), listed(store, FILTER, { limit: 4 }), indexOnce(store, 7)]);
          expect(await listed(store, FILTER, { limit: 4 })).toEqual(wanted);
          expect(await listed(store, FILTER, { limit: 100, scanLimit: 9 })).toEqual(wanted);
        }
      },
    },
    {
      name: "what is enqueued after the newest were deleted is found by its own input",
      needs: ["inspector", "maintenance"],
      run: async (store) => {
        const [oldest, ...newest] = await store.addAll(newTasks(4, () => ({ input: '{"to":"a"}' })));
        await listed(store, FILTER);
        await fillIndex(store);
        await store.backend.store.delete({ ids: newest });
        const [other] = await store.add({ input: '{"to":"b"}' }, { input: '{"to":"b"}' });
        const last = await store.addOne({ input: '{"to":"a"}' });
        for (const round of [1, 2]) {
          expect(await listed(store, FILTER), `round ${round}`).toEqual([last, oldest]);
          const ofOther = await listed(store, { input: [{ path: ["to"], operator: "equals", value: "b" }] });
          expect(ofOther).toContain(other);
          expect(ofOther).toHaveLength(2);
          await fillIndex(store);
        }
      },
    },
    {
      name: "what is deleted or purged leaves nothing in the index",
      needs: ["inspector", "maintenance", "leases", "footprint"],
      run: async (store) => {
        const { footprint } = store.fixture;
        if ("none" in footprint) return;
        const addAndRemove = async () => {
          const ids = await store.addAll(
            newTasks(6, (index) => ({ input: JSON.stringify({ to: "a", index }) })),
          );
          await store.addFinished("SUCCESSFUL");
          await listed(store, FILTER);
          await fillIndex(store);
          await store.backend.store.delete({ ids: ids.slice(0, 3) });
          for (const id of ids.slice(3)) await store.backend.store.cancel({ id, now: START });
          await store.maintenance.purge({
            statuses: ["SUCCESSFUL", "CANCELLED"],
            finishedBefore: START,
            limit: 100,
            dryRun: false,
            now: START,
          });
          return footprint.measure(store.context);
        };
        const first = await addAndRemove();
        expect(await addAndRemove()).toBe(first);
        expect(await listed(store, {})).toEqual([]);
      },
    },
    {
      name: "an index that nobody has used for long is taken down, and made again when it is asked for",
      needs: ["inspector", "maintenance", "footprint"],
      run: async (store) => {
        const { footprint } = store.fixture;
        if ("none" in footprint || store.maintenance.indexInputs === undefined) return;
        const ids = (await store.addAll(newTasks(20, () => ({ input: '{"to":"a"}' })))).reverse();
        const before = await footprint.measure(store.context);
        await listed(store, FILTER);
        await fillIndex(store);
        expect(await footprint.measure(store.context)).toBeGreaterThanOrEqual(before + 20);
        const later = START + KEEP_FOR;
        expect(await indexOnce(store, 7, later - 1)).toMatchObject({ isWanted: true });
        // One round ends its use and others remove it, so that nobody is still reading it.
        expect(await indexOnce(store, 7, later)).toEqual({ isWanted: false, indexed: 0, more: false });
        expect(await footprint.measure(store.context)).toBeGreaterThanOrEqual(before + 20);
        expect(await indexOnce(store, 7, later)).toMatchObject({ isWanted: false, more: true });
        for (let round = 0; round < 3; round++) await indexOnce(store, 7, later);
        expect(await footprint.measure(store.context)).toBeLessThanOrEqual(before + 1);
        for (let round = 0; round < 2; round++) {
          expect(await listed(store, FILTER)).toEqual(ids);
          await fillIndex(store, later);
        }
      },
    },
  ],
};
