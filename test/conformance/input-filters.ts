import type { InputCondition, ListAnswer, ListRequest, TaskFilter } from "@taskwright/server/backend";
import { expect } from "vitest";
import type { ConformanceSection } from "./conformance-case.ts";
import { fillIndex, listed } from "./filtered-lists.ts";
import { DAY, newTasks, PATH, START, type StoreUnderTest } from "./store-under-test.ts";

const SCAN = 10_000;

function page(
  store: StoreUnderTest,
  filter: TaskFilter,
  given: Partial<ListRequest> = {},
): Promise<ListAnswer> {
  return store.inspector.list({ cursor: null, offset: 0, limit: 100, ...given, filter });
}

function text(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

type Selection = readonly [condition: InputCondition | readonly InputCondition[], inputs: readonly number[]];

/**
 * Holds selections, each with the places of the inputs it selects, against the store: before there is an index, with one
 * that has half of the inputs, and with one that has all. Inputs that are text are stored as they are.
 */
async function holdSelections(
  store: StoreUnderTest,
  inputs: readonly unknown[],
  selections: readonly Selection[],
): Promise<void> {
  const ids: string[] = [];
  const check = async (state: string) => {
    for (const [condition, places] of selections) {
      const input = "path" in condition ? [condition] : condition;
      const wanted = places.filter((place) => place < ids.length).map((place) => ids[place]);
      for (const filter of [{ input }, { input, path: PATH }]) {
        const shown = `${state}: ${JSON.stringify(filter)}`;
        expect(await listed(store, filter), shown).toEqual([...wanted].reverse());
      }
    }
  };
  const add = async (some: readonly unknown[]) => {
    for (const input of some) ids.push(await store.addOne({ input: text(input) }));
  };
  const half = Math.ceil(inputs.length / 2);
  await add(inputs.slice(0, half));
  await check("nothing indexed");
  await fillIndex(store);
  await check("all indexed");
  await add(inputs.slice(half));
  await check("half indexed");
  await fillIndex(store);
  await check("all indexed again");
}

function at(
  path: string | readonly string[],
  operator: InputCondition["operator"],
  value: unknown,
): InputCondition {
  return { path: typeof path === "string" ? [path] : path, operator, value } as InputCondition;
}

function equals(path: string | readonly string[], value: unknown): InputCondition {
  return at(path, "equals", value);
}

export const inputFiltersSection: ConformanceSection = {
  title: "filters on inputs",
  rows: ["retention"],
  cases: [
    {
      name: "each operator selects by leaves of one to three keys",
      needs: ["inspector"],
      run: (store) => {
        const values = ["a", "b", "abc", 1, 2, 10, true, false, null, ""];
        const inputs = [
          ...values.map((v) => ({ v, other: "a" })),
          ...values.map((v) => ({ deep: { v, er: { v } } })),
        ];
        const selections: Selection[] = [
          [equals("v", "a"), [0]],
          [equals("v", 1), [3]],
          [equals("v", "1"), []],
          [equals("v", true), [6]],
          [equals("v", false), [7]],
          [equals("v", null), [8]],
          [equals("v", ""), [9]],
          [at("v", "not", "a"), [1, 2, 3, 4, 5, 6, 7, 8, 9]],
          [at("v", "not", null), [0, 1, 2, 3, 4, 5, 6, 7, 9]],
          [at("v", "in", ["a", 10, null, "none"]), [0, 5, 8]],
          [at("v", "in", []), []],
          [at("v", "lt", 2), [3]],
          [at("v", "lte", 2), [3, 4]],
          [at("v", "gt", 2), [5]],
          [at("v", "gte", 2), [4, 5]],
          [at("v", "lt", "b"), [0, 2, 9]],
          [at("v", "gte", "abc"), [1, 2]],
          [at("v", "contains", "b"), [1, 2]],
          [at("v", "contains", ""), [0, 1, 2, 9]],
          [at("v", "startsWith", "ab"), [2]],
        ];
        const deeper = selections.flatMap(([condition, places]): Selection[] => {
          const { operator, value } = condition as InputCondition;
          const moved = places.map((place) => place + values.length);
          return [
            [at(["deep", "v"], operator, value), moved],
            [at(["deep", "er", "v"], operator, value), moved],
          ];
        });
        const both: Selection = [
          [equals("other", "a"), at("v", "gt", 1)],
          [4, 5],
        ];
        const twice: Selection = [[equals("other", "a"), equals("v", "b")], [1]];
        return holdSelections(store, inputs, [...selections, ...deeper, both, twice]);
      },
      timeoutMs: 60_000,
    },
    {
      name: "a leaf is found only where it is a scalar, by keys of objects alone",
      needs: ["inspector"],
      run: (store) =>
        holdSelections(
          store,
          [
            { a: "x" },
            { a: { b: "x" } },
            { a: ["x", { b: "x" }] },
            { a: null },
            {},
            ["x"],
            "{}x",
            '"x"',
            "null",
            { a: { b: { c: { d: "x" } } } },
            { a: { b: { c: "x" } } },
          ],
          [
            [equals("a", "x"), [0]],
            [at("a", "not", "y"), [0, 3]],
            [at("a", "contains", ""), [0]],
            [equals("a", null), [3]],
            [equals(["a", "b"], "x"), [1]],
            [equals(["a", "0"], "x"), []],
            [equals("0", "x"), []],
            [equals(["a", "b", "c"], "x"), [10]],
            [equals(["a", "length"], 2), []],
          ],
        ),
    },
    {
      name: "keys and strings are compared exactly, whatever characters they have",
      needs: ["inspector"],
      run: (store) => {
        const awkward = [
          "",
          " ",
          "plain",
          "Plain",
          "a.b",
          'a"b',
          "a'b",
          "a\\b",
          "a,b",
          "$.a",
          "[0]",
          "%",
          "_",
          "100%",
          "1_0",
          "'; DROP TABLE taskwright_task; --",
          "$1",
          ":a",
          "?",
          "é",
          "e\u0301",
          "ß",
          "ſ",
          "日本",
          "😀",
          "\u{10ffff}",
          "\ufeff",
          "\u200b",
          "\t\n",
          "\u0001",
          "\\u0000",
          "constructor",
          "toString",
          "hasOwnProperty",
          "length",
        ];
        const inputs = [
          ...awkward.map((word) => ({ value: word })),
          ...awkward.map((word) => ({ [word]: { [word]: 1 } })),
          '{"__proto__":{"__proto__":1}}',
        ];
        const count = awkward.length;
        const containing = (part: string) =>
          awkward.flatMap((word, place) => (word.includes(part) ? [place] : []));
        const selections = awkward.flatMap((word, place): Selection[] => [
          [equals("value", word), [place]],
          [equals([word, word], 1), [count + place]],
        ]);
        const parts = ["%", "_", "\\", "'", '"', "'; DROP", "日", "e\u0301"];
        return holdSelections(store, inputs, [
          ...selections,
          ...parts.map((part): Selection => [at("value", "contains", part), containing(part)]),
          [at("value", "startsWith", "1_"), [awkward.indexOf("1_0")]],
          [equals(["__proto__", "__proto__"], 1), [2 * count]],
          [equals("constructor", 1), []],
          [equals(["constructor", "name"], "Object"), []],
        ]);
      },
      timeoutMs: 120_000,
    },
    {
      name: "numbers are equal by value, up to the largest",
      needs: ["inspector"],
      run: (store) =>
        holdSelections(
          store,
          [
            '{"n":1}',
            '{"n":1.0}',
            '{"n":1e0}',
            '{"n":-0}',
            '{"n":0}',
            '{"n":9007199254740991}',
            '{"n":1.7976931348623157e308}',
            '{"n":5e-324}',
            '{"n":0.1}',
            '{"n":-1}',
            '{"n":123456789012345678901234567890}',
          ],
          [
            [equals("n", 1), [0, 1, 2]],
            [equals("n", 0), [3, 4]],
            [equals("n", -0), [3, 4]],
            [equals("n", 9007199254740991), [5]],
            [equals("n", 1.7976931348623157e308), [6]],
            [equals("n", 5e-324), [7]],
            [equals("n", 0.1), [8]],
            [equals("n", 1.2345678901234568e29), [10]],
            [at("n", "gt", 1e29), [6, 10]],
            [at("n", "lt", 0), [9]],
          ],
        ),
    },
    {
      name: "what superjson wrote is filtered by the JSON in its envelope",
      needs: ["inspector"],
      run: async (store) => {
        const envelope = {
          json: { to: "a", at: "2030-01-01T00:00:00.000Z" },
          meta: { values: { at: ["Date"] } },
        };
        const input = JSON.stringify(envelope);
        const wrapped = await store.addOne({ codec: "superjson", input });
        const plain = await store.addOne({ input });
        for (const round of [1, 2]) {
          const select = (condition: InputCondition) => listed(store, { input: [condition] });
          expect(await select(equals("to", "a")), `round ${round}`).toEqual([wrapped]);
          expect(await select(equals("at", "2030-01-01T00:00:00.000Z"))).toEqual([wrapped]);
          expect(await select(equals(["json", "to"], "a"))).toEqual([plain]);
          await fillIndex(store);
        }
      },
    },
    {
      name: "an input with very many leaves, and a very long one, are found by any of theirs",
      needs: ["inspector"],
      run: (store) => {
        const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`key-${index}`, index]));
        const long = "x".repeat(200_000);
        return holdSelections(
          store,
          [many, { "key-499": 499 }, { long }, { long: `${long}y` }],
          [
            [equals("key-499", 499), [0, 1]],
            [equals("key-0", 0), [0]],
            [equals("key-0", 1), []],
            [equals("long", long), [2]],
          ],
        );
      },
    },
    {
      name: "filters on inputs select together with all others",
      needs: ["inspector", "leases"],
      run: async (store) => {
        const input = '{"to":"a"}';
        const done = await store.addFinished("SUCCESSFUL", { input, scheduleId: "nightly" }, START + 5);
        const cancelled = await store.addFinished("CANCELLED", { input }, START + 9);
        const [queued, other, tagged, unlike] = await store.add(
          { input, queue: "emails" },
          { input, path: "other", enqueuedAt: START + 50 },
          { input, tags: ["x"] },
          { input: '{"to":"b"}', tags: ["x"], queue: "emails", path: "other" },
        );
        const all = [tagged, other, queued, cancelled, done];
        for (const round of [1, 2]) {
          const select = (filter: TaskFilter) => listed(store, { input: [equals("to", "a")], ...filter });
          expect(await select({}), `round ${round}`).toEqual(all);
          expect(await select({ statuses: ["SUCCESSFUL"] })).toEqual([done]);
          expect(await select({ statuses: ["SUCCESSFUL", "CANCELLED"] })).toEqual([cancelled, done]);
          expect(await select({ statuses: [] })).toEqual([]);
          expect(await select({ queue: "emails" })).toEqual([queued]);
          expect(await select({ path: "other" })).toEqual([other]);
          expect(await select({ path: "none" })).toEqual([]);
          expect(await select({ tag: "x" })).toEqual([tagged]);
          expect(await select({ enqueuedFrom: START + 1 })).toEqual([other]);
          expect(await select({ input: [equals("to", "b")] })).toEqual([unlike]);
          await fillIndex(store);
        }
      },
    },
    {
      name: "task results are selected by the time of their end, their schedule and their workers",
      needs: ["inspector", "leases"],
      run: async (store) => {
        const early = await store.addFinished("SUCCESSFUL", { scheduleId: "nightly" }, START + 5);
        const late = await store.addFinished("CANCELLED", {}, START + 9);
        const lease = await store.addClaimed({}, { workerId: "worker-2" });
        await store.addOne();
        for (const scanLimit of [undefined, SCAN]) {
          const bound = scanLimit === undefined ? {} : { scanLimit };
          const select = (filter: TaskFilter) => listed(store, filter, bound);
          expect(await select({ finishedFrom: START + 6 })).toEqual([late]);
          expect(await select({ finishedFrom: START + 5, finishedBefore: START + 9 })).toEqual([early]);
          expect(await select({ finishedBefore: START + 10 })).toEqual([late, early]);
          expect(await select({ scheduleId: "nightly" })).toEqual([early]);
          expect(await select({ scheduleId: "night%" })).toEqual([]);
          expect(await select({ workerId: "worker-1" })).toEqual([early]);
          expect(await select({ workerId: "worker-2" })).toEqual([lease.id]);
          expect(await select({ workerId: "worker" })).toEqual([]);
        }
      },
    },
    {
      name: "a page looks at no more than it may, says how far it got, and the next one goes on there",
      needs: ["inspector"],
      run: async (store) => {
        const ids = await store.addAll(
          newTasks(40, (index) => ({
            enqueuedAt: START + index,
            input: JSON.stringify({ n: index, even: index % 2 === 0 }),
          })),
        );
        const filter = { input: [at("n", "lt", 2)] };
        const first = await page(store, filter, { scanLimit: 15 });
        expect(first.records).toEqual([]);
        expect(first.scan).toEqual({ looked: 15, reachedAt: START + 25, isCutShort: true });
        const second = await page(store, filter, { scanLimit: 15, cursor: first.nextCursor });
        expect(second.scan).toEqual({ looked: 15, reachedAt: START + 10, isCutShort: true });
        const last = await page(store, filter, { scanLimit: 15, cursor: second.nextCursor });
        expect(last.records.map(({ id }) => id)).toEqual([ids[1], ids[0]]);
        expect(last.scan).toEqual({ looked: 10, reachedAt: START, isCutShort: false });
        expect(last.nextCursor).toBeNull();
        const even = { input: [equals("even", true)] };
        const wanted = ids.filter((_, index) => index % 2 === 0).reverse();
        for (const scanLimit of [1, 3, 7, 1_000]) {
          for (const limit of [1, 4, 100]) {
            expect(await listed(store, even, { scanLimit, limit }), `${scanLimit} ${limit}`).toEqual(wanted);
          }
        }
        const full = await page(store, even, { scanLimit: 15, limit: 2 });
        expect(full.records).toHaveLength(2);
        expect(full.scan?.isCutShort).toBe(false);
      },
    },
    {
      name: "a page that is told no bound looks at 10,000 task results",
      needs: ["inspector"],
      run: async (store) => {
        const ids = await store.addAll(
          newTasks(10_300, (index) => ({ input: JSON.stringify({ n: index, parity: index % 2 }) })),
        );
        const filter = { input: [at("n", "lt", 1)] };
        const first = await page(store, filter);
        expect(first).toMatchObject({ records: [], scan: { looked: SCAN, isCutShort: true } });
        const second = await page(store, filter, { cursor: first.nextCursor });
        expect(second.records.map(({ id }) => id)).toEqual([ids[0]]);
        expect(second).toMatchObject({ nextCursor: null, scan: { looked: 300, isCutShort: false } });
        await listed(store, { input: [equals("parity", 0)] }, { limit: 1_000 });
        await fillIndex(store);
        const wanted = ids.filter((_, index) => index % 2 === 0).reverse();
        expect(await listed(store, { input: [equals("parity", 0)] }, { limit: 777 })).toEqual(wanted);
        expect(await listed(store, { input: [equals("n", 3)] })).toEqual([ids[3]]);
        const both = { input: [equals("parity", 1), equals("n", 5)], path: PATH };
        expect(await listed(store, both)).toEqual([ids[5]]);
      },
      timeoutMs: 120_000,
    },
    {
      name: "what is enqueued, deleted or purged between pages of a filter moves nothing else",
      needs: ["inspector", "maintenance"],
      run: async (store) => {
        const input = '{"to":"a"}';
        const filter = { input: [equals("to", "a")] };
        for (const isIndexed of [false, true]) {
          const path = `path-${isIndexed}`;
          const ids = (await store.addAll(newTasks(8, () => ({ input, path })))).reverse();
          if (isIndexed) await fillIndex(store);
          const first = await page(store, { ...filter, path }, { limit: 2 });
          await store.addOne({ input, path });
          await store.backend.store.delete({ ids: [String(ids[0]), String(ids[2])] });
          await store.backend.store.cancel({ id: String(ids[3]), now: START });
          await store.maintenance.purge({
            statuses: ["CANCELLED"],
            finishedBefore: START + DAY,
            limit: 10,
            dryRun: false,
            now: START + DAY,
          });
          const rest = { ...filter, path };
          const second = await page(store, rest, { limit: 2, cursor: first.nextCursor });
          expect(second.records.map(({ id }) => id)).toEqual(ids.slice(4, 6));
          const third = await page(store, rest, { limit: 2, cursor: second.nextCursor });
          expect(third.records.map(({ id }) => id)).toEqual(ids.slice(6));
          expect(third.nextCursor).toBeNull();
        }
      },
    },
  ],
};
