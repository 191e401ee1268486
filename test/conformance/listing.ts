import type { ListRequest, NewTask, TaskFilter } from "@taskwright/server/backend";
import { expect } from "vitest";
import type { ConformanceSection } from "./conformance-case.ts";
import { MINUTE, newTask, newTasks, SECOND, START, type StoreUnderTest } from "./store-under-test.ts";

async function list(
  store: StoreUnderTest,
  filter: TaskFilter,
  page: Partial<ListRequest> = {},
): Promise<string[]> {
  const { records } = await store.inspector.list({ cursor: null, offset: 0, limit: 100, ...page, filter });
  return records.map(({ id }) => id);
}

/** Stores tasks one after the other, a second apart. */
async function addInTurn(
  store: StoreUnderTest,
  count: number,
  given: (index: number) => Partial<NewTask> = () => ({}),
): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index++) {
    ids.push(await store.addOne({ enqueuedAt: START + index * SECOND, ...given(index) }));
  }
  return ids;
}

/** Every page in turn, following the cursors. */
async function listAll(store: StoreUnderTest, filter: TaskFilter, limit: number): Promise<string[][]> {
  const pages: string[][] = [];
  let cursor: string | null = null;
  do {
    const answer = await store.inspector.list({ filter, cursor, offset: 0, limit });
    pages.push(answer.records.map(({ id }) => id));
    cursor = answer.nextCursor;
  } while (cursor !== null && pages.length < 1_000);
  return pages;
}

/** Stores some that wait and some that ended, of two parents; gives filters with what each of them selects. */
async function addForIndexes(
  store: StoreUnderTest,
): Promise<{ readonly filters: readonly (readonly [TaskFilter, readonly string[]])[] }> {
  const parents = [newTask().id, newTask().id];
  const ids = await addInTurn(store, 18, (index) => ({ parentId: parents[index % 2] ?? null }));
  const isCancelled = (index: number) => index % 3 === 0;
  for (const id of ids.filter((_, index) => isCancelled(index)))
    await store.backend.store.cancel({ id, now: START });
  const selected = (isWanted: (index: number) => boolean) =>
    ids.filter((_, index) => isWanted(index)).reverse();
  return {
    filters: [
      [{ statuses: ["CANCELLED"] }, selected(isCancelled)],
      [{ statuses: ["READY"] }, selected((index) => !isCancelled(index))],
      [{ statuses: ["READY", "RUNNING", "CANCELLED"] }, selected(() => true)],
      [{ parentId: String(parents[1]) }, selected((index) => index % 2 === 1)],
    ],
  };
}

export const listingSection: ConformanceSection = {
  title: "lists",
  rows: ["retention"],
  cases: [
    {
      name: "the newest enqueued comes first",
      needs: ["inspector"],
      run: async (store) => {
        const ids = await addInTurn(store, 5);
        expect(await list(store, {})).toEqual([...ids].reverse());
      },
    },
    {
      name: "the last stored comes first, whatever time its enqueue says",
      needs: ["inspector"],
      run: async (store) => {
        const times = [0, 9, 3, 3, 7, 1];
        const ids = await store.addAll(
          newTasks(times.length, (index) => ({ enqueuedAt: START + (times[index] ?? 0) * SECOND })),
        );
        const newestFirst = [...ids].reverse();
        expect(await list(store, {})).toEqual(newestFirst);
        expect(await listAll(store, {}, 2)).toEqual(
          [0, 2, 4].map((from) => newestFirst.slice(from, from + 2)),
        );
      },
    },
    {
      name: "a listed record is the same as a read one",
      needs: ["inspector"],
      run: async (store) => {
        const id = await store.addOne({ tags: ["a"], policy: "{}" });
        const { records } = await store.inspector.list({ filter: {}, cursor: null, offset: 0, limit: 1 });
        expect(records).toEqual([await store.record(id)]);
      },
    },
    {
      name: "an empty store has one empty page",
      needs: ["inspector"],
      run: async (store) => {
        const page = { cursor: null, offset: 0, limit: 10 };
        expect(await store.inspector.list({ filter: {}, ...page })).toEqual({
          records: [],
          nextCursor: null,
        });
      },
    },
    {
      name: "each filter selects, and several select what all of them do",
      needs: ["inspector"],
      run: async (store) => {
        const parentId = newTask().id;
        const [plain, queued, other, tagged, child] = await store.add(
          {},
          { queue: "emails" },
          { path: "other" },
          { tags: ["x", "y"], queue: "emails" },
          { parentId },
        );
        await store.backend.store.cancel({ id: String(plain), now: START });
        const sorted = async (filter: TaskFilter) => (await list(store, filter)).sort();
        expect(await list(store, { statuses: ["CANCELLED"] })).toEqual([plain]);
        expect(await sorted({ statuses: ["CANCELLED", "READY"] })).toHaveLength(5);
        expect(await list(store, { statuses: ["SUCCESSFUL", "FAILED", "RUNNING"] })).toEqual([]);
        expect(await sorted({ queue: "emails" })).toEqual([queued, tagged].sort());
        expect(await list(store, { path: "other" })).toEqual([other]);
        expect(await list(store, { tag: "y" })).toEqual([tagged]);
        expect(await list(store, { parentId })).toEqual([child]);
        expect(await list(store, { queue: "emails", tag: "x" })).toEqual([tagged]);
        expect(await list(store, { queue: "emails", statuses: ["CANCELLED"] })).toEqual([]);
      },
    },
    {
      name: "the status filter follows a task result through its life",
      needs: ["inspector", "leases"],
      run: async (store) => {
        const lease = await store.addClaimed();
        expect(await list(store, { statuses: ["READY"] })).toEqual([]);
        expect(await list(store, { statuses: ["RUNNING"] })).toEqual([lease.id]);
        await store.settle(lease, { status: "SUCCESSFUL", output: null });
        expect(await list(store, { statuses: ["RUNNING"] })).toEqual([]);
        expect(await list(store, { statuses: ["SUCCESSFUL"] })).toEqual([lease.id]);
      },
    },
    {
      name: "the time filters take in their beginning and leave out their end",
      needs: ["inspector"],
      run: async (store) => {
        const [, at, between, end] = await store.add(
          ...[START - 1, START, START + 5, START + 10].map((enqueuedAt) => ({ enqueuedAt })),
        );
        const range = { enqueuedFrom: START, enqueuedBefore: START + 10 };
        expect(await list(store, range)).toEqual([between, at]);
        expect(await list(store, { enqueuedFrom: START + 10 })).toEqual([end]);
        expect(await list(store, { enqueuedBefore: START })).toHaveLength(1);
      },
    },
    {
      name: "filters compare exactly: case, wildcards and spaces count",
      needs: ["inspector"],
      run: async (store) => {
        const names = [
          "mail",
          "Mail",
          "mail ",
          "mai_",
          "mail%",
          "máil",
          "[mail]",
          'ma"il',
          "ma,il",
          "ma\\il",
        ];
        const ids = await store.addAll(
          newTasks(names.length, (index) => {
            const name = names[index] ?? "";
            return { queue: name, path: name, tags: [name], parentId: name };
          }),
        );
        for (const [index, name] of names.entries()) {
          for (const filter of [{ queue: name }, { path: name }, { tag: name }, { parentId: name }]) {
            expect(await list(store, filter), JSON.stringify(filter)).toEqual([ids[index]]);
          }
        }
        for (const tag of ["mai", "", "ail", '"', "mail,Mail"])
          expect(await list(store, { tag })).toEqual([]);
      },
    },
    {
      name: "pages follow each other without gap or repeat, and the last one says so",
      needs: ["inspector"],
      run: async (store) => {
        const ids = (await addInTurn(store, 10)).reverse();
        expect(await listAll(store, {}, 4)).toEqual([ids.slice(0, 4), ids.slice(4, 8), ids.slice(8)]);
        expect(await listAll(store, {}, 5)).toEqual([ids.slice(0, 5), ids.slice(5)]);
        expect(await listAll(store, {}, 10)).toEqual([ids]);
      },
    },
    {
      name: "pages over task results of one and the same time have no gap or repeat",
      needs: ["inspector"],
      defect: "R: lists read everything; pages must follow a key",
      run: async (store) => {
        const ids = await store.addAll(newTasks(25));
        const listed = (await listAll(store, {}, 4)).flat();
        expect(listed).toHaveLength(25);
        expect(new Set(listed)).toEqual(new Set(ids));
        expect((await listAll(store, {}, 25)).flat()).toEqual(listed);
      },
    },
    {
      name: "what is enqueued or deleted while someone turns pages moves nothing else",
      needs: ["inspector"],
      run: async (store) => {
        const ids = (await addInTurn(store, 6)).reverse();
        const page = { filter: {}, offset: 0, limit: 2 };
        const first = await store.inspector.list({ ...page, cursor: null });
        await store.add({ enqueuedAt: START + MINUTE }, { enqueuedAt: START + MINUTE });
        await store.backend.store.delete({ ids: [String(ids[1])] });
        const second = await store.inspector.list({ ...page, cursor: first.nextCursor });
        expect(second.records.map(({ id }) => id)).toEqual(ids.slice(2, 4));
      },
    },
    {
      name: "pages of a filter hold matches only",
      needs: ["inspector"],
      run: async (store) => {
        const inTurn = await addInTurn(store, 20, (index) => ({
          queue: index % 4 === 0 ? "wanted" : "other",
        }));
        const wanted = inTurn.filter((_, index) => index % 4 === 0).reverse();
        const pages = [wanted.slice(0, 2), wanted.slice(2, 4), wanted.slice(4)];
        expect(await listAll(store, { queue: "wanted" }, 2)).toEqual(pages);
      },
    },
    {
      name: "pages of a status, of several and of a parent's children follow each other without gap or repeat",
      needs: ["inspector"],
      run: async (store) => {
        const { filters } = await addForIndexes(store);
        for (const [filter, wanted] of filters) {
          expect(wanted.length).toBeGreaterThan(4);
          const pages = await listAll(store, filter, 2);
          expect(pages.flat(), JSON.stringify(filter)).toEqual(wanted);
          expect(pages.map(({ length }) => length).slice(0, -1)).toEqual(
            Array.from({ length: Math.ceil(wanted.length / 2) - 1 }, () => 2),
          );
        }
      },
    },
    {
      name: "an offset passes over what has a status, or a parent, from the beginning or from a cursor",
      needs: ["inspector"],
      run: async (store) => {
        const { filters } = await addForIndexes(store);
        for (const [filter, wanted] of filters) {
          expect(await list(store, filter, { offset: 3, limit: 2 })).toEqual(wanted.slice(3, 5));
          expect(await list(store, filter, { offset: wanted.length })).toEqual([]);
          const first = await store.inspector.list({ filter, cursor: null, offset: 1, limit: 1 });
          expect(first.records.map(({ id }) => id)).toEqual(wanted.slice(1, 2));
          const { nextCursor: cursor } = first;
          expect(await list(store, filter, { cursor, offset: 1, limit: 2 })).toEqual(wanted.slice(3, 5));
        }
      },
    },
    {
      name: "an offset passes over matches, from the beginning or from a cursor",
      needs: ["inspector"],
      run: async (store) => {
        const inTurn = await addInTurn(store, 12, (index) => ({
          queue: index % 2 === 0 ? "wanted" : "other",
        }));
        const wanted = inTurn.filter((_, index) => index % 2 === 0).reverse();
        const filter = { queue: "wanted" };
        expect(await list(store, filter, { offset: 2, limit: 2 })).toEqual(wanted.slice(2, 4));
        expect(await list(store, filter, { offset: 6 })).toEqual([]);
        const first = await store.inspector.list({ filter, cursor: null, offset: 0, limit: 2 });
        const { records } = await store.inspector.list({
          filter,
          cursor: first.nextCursor,
          offset: 1,
          limit: 2,
        });
        expect(records.map(({ id }) => id)).toEqual(wanted.slice(3, 5));
      },
    },
  ],
};
