import { expect } from "vitest";
import type { ConformanceSection } from "./conformance-case.ts";
import { LEASE, MINUTE, newTasks, PATH, rankOf, retryAt, SECOND, START } from "./store-under-test.ts";

/** Numbers from 0 up to 1 that are the same in every run. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

export const claimOrderSection: ConformanceSection = {
  title: "order",
  rows: ["order"],
  cases: [
    {
      name: "the lowest rank goes first",
      needs: ["leases"],
      run: async (store) => {
        const [c, a, d, b] = await store.add({ rank: 30 }, { rank: 10 }, { rank: 40 }, { rank: 20 });
        expect(await store.claimIds()).toEqual([a, b, c, d]);
      },
    },
    {
      name: "equal ranks go in the order of their enqueue",
      needs: ["leases"],
      run: async (store) => {
        const first = await store.addAll(newTasks(20));
        const second = await store.addAll(newTasks(20));
        expect(await store.claimIds({ limit: 15 })).toEqual(first.slice(0, 15));
        expect(await store.claimIds()).toEqual([...first.slice(15), ...second]);
      },
    },
    {
      name: "the order holds across the queues and tasks of a worker",
      needs: ["leases"],
      run: async (store) => {
        const places = [5, 3, 8, 1, 9, 2, 7, 4, 6, 0];
        const tasks = newTasks(10, (index) => ({
          rank: START + (places[index] ?? 0),
          queue: `queue-${index % 3}`,
          path: `task-${index % 4}`,
        }));
        await store.addAll(tasks);
        const paths = [0, 1, 2, 3].map((index) => ({ path: `task-${index}`, lease: LEASE }));
        const queues = ["queue-0", "queue-1", "queue-2"];
        const sorted = [...tasks].sort((left, right) => left.rank - right.rank).map(({ id }) => id);
        expect(await store.claimIds({ tasks: paths, queues, limit: 6 })).toEqual(sorted.slice(0, 6));
        expect(await store.claimIds({ tasks: paths, queues: "all" })).toEqual(sorted.slice(6));
      },
    },
    {
      name: "of two that are due at once the higher priority goes first",
      needs: ["leases"],
      run: async (store) => {
        const priorities = [-100, 0, 100, 1, -1];
        const tasks = newTasks(5, (index) => ({ priority: priorities[index] ?? 0 }));
        await store.addAll(tasks);
        const claimed = await store.claim();
        expect(claimed.map(({ priority }) => priority)).toEqual([100, 1, 0, -1, -100]);
      },
    },
    {
      name: "a point of priority is thirty seconds of head start",
      needs: ["leases"],
      run: async (store) => {
        const [plain, late, early] = await store.add(
          { runAfter: START },
          { runAfter: START + 31 * SECOND, priority: 1 },
          { runAfter: START + 29 * SECOND, priority: 1 },
        );
        expect(await store.claimIds({ now: START + MINUTE })).toEqual([early, plain, late]);
      },
    },
    {
      name: "nothing due more than a hundred minutes later can overtake",
      needs: ["leases"],
      defect: "R: strict high, normal, low starves",
      run: async (store) => {
        const [low] = await store.add({ priority: -100, runAfter: START });
        await store.addAll(newTasks(50, () => ({ priority: 100, runAfter: START + 200 * 30 * SECOND + 1 })));
        expect(await store.claimIds({ now: START + 101 * MINUTE, limit: 1 })).toEqual([low]);
      },
    },
    {
      name: "ranks are numbers: negative, small and large ones sort by value",
      needs: ["leases"],
      run: async (store) => {
        const ranks = [10, 9, -9, -10, 0, 1e15, -1e15, 100, 2 ** 40, -1];
        const tasks = newTasks(ranks.length, (index) => ({ rank: ranks[index] ?? 0 }));
        await store.addAll(tasks);
        const claimed = await store.claimIds();
        const rankById = new Map(tasks.map(({ id, rank }) => [id, rank]));
        expect(claimed.map((id) => rankById.get(id))).toEqual([...ranks].sort((left, right) => left - right));
      },
    },
    {
      name: "a low rank does not bring a task forward of its own time",
      needs: ["leases"],
      run: async (store) => {
        const [future, present] = await store.add(
          { rank: -1, runAfter: START + 1 },
          { rank: START, runAfter: START },
        );
        expect(await store.claimIds()).toEqual([present]);
        expect(await store.claimIds({ now: START + 1 })).toEqual([future]);
      },
    },
    {
      name: "a delayed task takes its place by rank once it is due, behind nobody who came later",
      needs: ["leases"],
      defect: "F: deferred tasks starve",
      run: async (store) => {
        const delayed = await store.addOne({ runAfter: START + MINUTE });
        const early = await store.addAll(newTasks(3, () => ({ runAfter: START })));
        const late = await store.addAll(newTasks(30, () => ({ runAfter: START + MINUTE + 1 })));
        expect(await store.claimIds({ now: START + 2 * MINUTE })).toEqual([...early, delayed, ...late]);
      },
    },
    {
      name: "delayed tasks that become due together go by rank, then in the order of their enqueue",
      needs: ["leases"],
      run: async (store) => {
        const dueAt = START + MINUTE;
        const [a, urgent, b] = await store.add(
          { runAfter: dueAt },
          { runAfter: dueAt, priority: 5 },
          { runAfter: dueAt },
        );
        expect(await store.claimIds({ now: START })).toEqual([]);
        expect(await store.claimIds({ now: dueAt })).toEqual([urgent, a, b]);
      },
    },
    {
      name: "a retry takes the place that its new rank gives",
      needs: ["leases"],
      run: async (store) => {
        const claimed = await store.addClaimed();
        const [before, after] = await store.add({ runAfter: START + 50 }, { runAfter: START + 150 });
        await store.settle(claimed, retryAt(START + 100));
        expect(await store.claimIds({ now: START + MINUTE })).toEqual([before, claimed.id, after]);
      },
    },
    {
      name: "one that is put back in line by hand takes the place that its new rank gives",
      needs: ["leases"],
      run: async (store) => {
        const id = await store.addFinished("CANCELLED", { runAfter: START });
        const [before, after] = await store.add({ runAfter: START + 50 }, { runAfter: START + 150 });
        const runAfter = START + 100;
        await store.backend.store.requeue({ id, runAfter, rank: rankOf(runAfter, 0), now: START + MINUTE });
        expect(await store.claimIds({ now: START + MINUTE })).toEqual([before, id, after]);
      },
    },
    {
      name: "two thousand tasks in any order come out by rank and enqueue, whatever the size of the claims",
      needs: ["leases"],
      run: async (store) => {
        const random = createRandom(7);
        const tasks = newTasks(2_000, () => {
          const runAfter = START + Math.floor(random() * 100) * SECOND;
          const priority = Math.floor(random() * 9) - 4;
          return { runAfter, priority, queue: `queue-${Math.floor(random() * 3)}` };
        });
        await store.addAll(tasks);
        const sorted = tasks
          .map(({ id, rank }, index) => ({ id, rank, index }))
          .sort((left, right) => left.rank - right.rank || left.index - right.index)
          .map(({ id }) => id);
        const claimed: string[] = [];
        for (let size = 1; claimed.length < tasks.length; size = (size * 7) % 211) {
          const ids = await store.claimIds({
            now: START + 200 * SECOND,
            limit: size,
            tasks: [{ path: PATH, lease: LEASE }],
          });
          expect(ids.length).toBe(Math.min(size, tasks.length - claimed.length));
          claimed.push(...ids);
        }
        expect(claimed).toEqual(sorted);
      },
    },
  ],
};
