import { isDeepStrictEqual } from "node:util";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { findJsonProblem, MAX_JSON_DEPTH } from "./json-safety.ts";

/** The problem as a sentence, as error messages show it. */
function problemOf(value: unknown): string | undefined {
  const found = findJsonProblem(value, "input");
  return found && `${found.path} ${found.problem}`;
}

function nest(levels: number, wrap: (inner: unknown) => unknown, core: unknown = 1): unknown {
  let value = core;
  for (let level = 0; level < levels; level++) value = wrap(value);
  return value;
}

/** A generator of the same numbers on every run (mulberry32). */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 4294967296;
  };
}

const STRINGS = [
  "",
  "a",
  "é",
  "日本",
  "👍🏽",
  '"\\/',
  "\n\t\u0001",
  "\u2028",
  "constructor",
  "toString",
  "0",
  "a.b",
  "\uffff",
];
const NUMBERS = [0, 1, -1, 0.1, 1e21, 5e-324, Number.MAX_VALUE, 2 ** 53];

function randomJson(random: () => number, depth: number): unknown {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const kind = Math.floor(random() * (depth > 0 ? 7 : 5));
  const size = Math.floor(random() * 5);
  if (kind === 0) return pick(STRINGS);
  if (kind === 1) return pick(NUMBERS);
  if (kind === 2) return random() < 0.5;
  if (kind === 3) return null;
  if (kind === 4) return random() * 1e9;
  if (kind === 5) return Array.from({ length: size }, () => randomJson(random, depth - 1));
  const entries = Array.from({ length: size }, () => [pick(STRINGS), randomJson(random, depth - 1)] as const);
  return Object.fromEntries(entries);
}

const POISONS: readonly (() => unknown)[] = [
  () => Number.NaN,
  () => Number.POSITIVE_INFINITY,
  () => 1n,
  () => Symbol("s"),
  () => () => 1,
  () => new Date(0),
  () => new Map(),
  () => "a\0",
  () => "\ud800",
  () => [undefined],
  () => ({ [Symbol("s")]: 1 }),
  () => JSON.parse('{"__proto__":1}'),
];

/** Puts a poison at a random place of a value; gives the value to check. */
function poison(value: unknown, random: () => number): unknown {
  const bad = (POISONS[Math.floor(random() * POISONS.length)] as () => unknown)();
  const containers: object[] = [];
  const collect = (item: unknown): void => {
    if (typeof item !== "object" || item === null) return;
    containers.push(item);
    for (const inner of Object.values(item)) collect(inner);
  };
  collect(value);
  const target = containers[Math.floor(random() * containers.length)];
  if (target === undefined) return bad;
  if (Array.isArray(target)) target.push(bad);
  else (target as Record<string, unknown>).poison = bad;
  return value;
}

describe("what passes", () => {
  it("lets plain JSON pass", () => {
    expect(
      problemOf({ to: "a@b.c", n: 1.5, ok: true, none: null, list: [1, [2, { a: [] }]], "": {} }),
    ).toBeUndefined();
    for (const value of ["", 0, false, null, [], {}]) expect(problemOf(value)).toBeUndefined();
  });

  it("lets undefined properties pass, as JSON leaves them out", () => {
    expect(problemOf({ a: undefined, b: { c: undefined } })).toBeUndefined();
  });

  it("lets -0 pass, which is stored as 0", () => {
    expect(problemOf({ n: -0 })).toBeUndefined();
  });

  it("lets objects without a prototype pass", () => {
    expect(problemOf(Object.assign(Object.create(null), { a: 1 }))).toBeUndefined();
  });

  it("lets the same object stand in several places", () => {
    const shared = { a: [1] };
    expect(problemOf({ first: shared, second: shared, list: [shared, shared] })).toBeUndefined();
  });

  it("lets plain objects and arrays of another realm pass, as test runners make them", () => {
    expect(problemOf(runInNewContext("({ a: [1, { b: 'x' }] })"))).toBeUndefined();
  });

  it("lets symbols pass that are not enumerable, as libraries mark objects with them", () => {
    expect(problemOf(Object.defineProperty({ a: 1 }, Symbol("s"), { value: 1 }))).toBeUndefined();
    expect(problemOf(Object.defineProperty(["a"], Symbol("s"), { value: 1 }))).toBeUndefined();
  });

  it("lets names pass that only look special", () => {
    expect(
      problemOf({ constructor: 1, toString: "x", toJSON: "x", hasOwnProperty: null, length: 3 }),
    ).toBeUndefined();
  });

  it("lets frozen and sealed values pass", () => {
    expect(problemOf(Object.freeze({ a: Object.freeze([Object.seal({ b: 1 })]) }))).toBeUndefined();
  });

  it("lets text with surrogate pairs pass", () => {
    expect(problemOf({ "👍": "👍🏽" })).toBeUndefined();
  });
});

describe("what is refused", () => {
  const hidden = "secret";
  class Invoice {
    id = hidden;
  }
  class Tags extends Array<string> {}
  const cases: readonly (readonly [name: string, value: unknown, problem: RegExp])[] = [
    ["NaN", { n: Number.NaN }, /^input\.n is NaN, /],
    ["Infinity", { n: Number.POSITIVE_INFINITY }, /^input\.n is infinite, /],
    ["-Infinity", [Number.NEGATIVE_INFINITY], /^input\[0\] is infinite, /],
    ["a bigint", { n: 1n }, /^input\.n is a bigint \(send a string, .*superjson/],
    ["a symbol", { s: Symbol(hidden) }, /^input\.s is a symbol, /],
    ["a function", { f: () => hidden }, /^input\.f is a function, /],
    ["a class", { f: Invoice }, /^input\.f is a function, /],
    ["undefined alone", undefined, /^input is undefined, /],
    ["undefined in an array", { list: [1, undefined] }, /^input\.list\[1\] is undefined in an array, /],
    // biome-ignore lint/suspicious/noSparseArray: it is what is tested
    ["a hole in an array", { list: [1, , 2] }, /^input\.list\[1\] is a hole in an array, /],
    ["a hole at the end", new Array(3), /^input\[0\] is a hole in an array, /],
    [
      "a property of an array",
      Object.assign(["a"], { total: 1 }),
      /^input\.total is a property of an array, /,
    ],
    ["a Date", { at: new Date(0) }, /^input\.at is an instance of the class Date \(send an ISO string, /],
    [
      "a Map",
      { m: new Map([[hidden, 1]]) },
      /^input\.m is an instance of the class Map \(send an array of entries, /,
    ],
    ["a Set", { s: new Set([hidden]) }, /^input\.s is an instance of the class Set \(send an array, /],
    [
      "bytes",
      { b: new Uint8Array(2) },
      /^input\.b is an instance of the class Uint8Array \(send a base64 string, /,
    ],
    [
      "a Buffer",
      { b: Buffer.from(hidden) },
      /^input\.b is an instance of the class Buffer \(send a base64 string, /,
    ],
    [
      "an ArrayBuffer",
      { b: new ArrayBuffer(2) },
      /^input\.b is an instance of the class ArrayBuffer \(send a base64 /,
    ],
    ["a URL", { u: new URL("https://a.b") }, /^input\.u is an instance of the class URL \(send its href, /],
    ["a RegExp", { r: /secret/ }, /^input\.r is an instance of the class RegExp \(/],
    [
      "an Error",
      { e: new TypeError(hidden) },
      /^input\.e is an instance of the class TypeError \(send its name and message\)/,
    ],
    [
      "a promise",
      { p: Promise.resolve(hidden) },
      /^input\.p is an instance of the class Promise \(await it first\)/,
    ],
    [
      "an instance",
      { i: new Invoice() },
      /^input\.i is an instance of the class Invoice \(send plain data, /,
    ],
    [
      "an object that inherits",
      { i: Object.create({ a: hidden }) },
      /^input\.i is an object with a prototype of its own \(/,
    ],
    [
      "a boxed string",
      { s: Object("secret") },
      /^input\.s is an instance of the class String \(send the plain value\)/,
    ],
    [
      "a boxed number",
      { n: Object(1) },
      /^input\.n is an instance of the class Number \(send the plain value\)/,
    ],
    ["an array of a subclass", { t: Tags.from(["a"]) }, /^input\.t is an instance of the class Tags \(/],
    [
      "an array without prototype",
      Object.setPrototypeOf([1], null),
      /^input is an array without a prototype$/,
    ],
    ["toJSON", { o: { toJSON: () => hidden } }, /^input\.o has a toJSON method, /],
    [
      "a hidden toJSON",
      Object.defineProperty({ a: 1 }, "toJSON", { value: () => hidden }),
      /^input has a toJSON method, /,
    ],
    [
      "an array's toJSON",
      Object.defineProperty([1], "toJSON", { value: () => hidden }),
      /^input has a toJSON method, /,
    ],
    [
      "a key __proto__",
      JSON.parse('{"a":{"__proto__":{"b":1}}}'),
      /^input\.a\.__proto__ is a key that JavaScript /,
    ],
    ["a symbol key", { o: { [Symbol(hidden)]: 1 } }, /^input\.o has a symbol key, /],
    ["a symbol key of an array", Object.assign([1], { [Symbol(hidden)]: 1 }), /^input has a symbol key, /],
    [
      "a lone surrogate",
      { s: `ab\ud800${hidden}` },
      /^input\.s is a string of length 9 with a lone surrogate /,
    ],
    [
      "a lone surrogate in a key",
      { "a\udc00": 1 },
      /^input\["a\\udc00"\] has a lone surrogate .* in its key$/,
    ],
    ["a NUL", ["a\0b"], /^input\[0\] is a string of length 3 with a NUL character$/],
    ["a NUL in a key", { "a\0": 1 }, /^input\["a\\u0000"\] has a NUL character in its key$/],
  ];

  it.each(cases)("refuses %s", (_name, value, problem) => {
    expect(problemOf(value)).toMatch(problem);
    expect(problemOf(value)).not.toContain(hidden);
  });

  it("refuses getters without calling them", () => {
    const throwing = {
      get: () => {
        throw new Error("called");
      },
      enumerable: true,
    };
    expect(problemOf({ o: Object.defineProperty({}, "x", throwing) })).toMatch(/^input\.o\.x is a getter /);
    expect(problemOf({ list: Object.defineProperty([1, 2], 1, throwing) })).toMatch(
      /^input\.list\[1\] is a getter /,
    );
    expect(problemOf({ o: Object.defineProperty({}, "toJSON", throwing) })).toMatch(
      /^input\.o has a toJSON getter/,
    );
  });

  it("refuses toJSON that someone put on all objects", () => {
    Object.defineProperty(Object.prototype, "toJSON", { value: () => "gone", configurable: true });
    try {
      expect(problemOf({ a: 1 })).toMatch(/^input has a toJSON method/);
    } finally {
      Reflect.deleteProperty(Object.prototype, "toJSON");
    }
  });

  it("refuses raw JSON text, which JSON.parse may read differently", () => {
    const { rawJSON } = JSON as unknown as { rawJSON: (text: string) => object };
    expect(problemOf({ n: rawJSON("1e999") })).toMatch(/^input\.n is raw JSON text/);
  });

  it("refuses an instance of another realm's class", () => {
    expect(problemOf(runInNewContext("({ at: new Date(0) })"))).toMatch(
      /^input\.at is an instance of the class Date/,
    );
    expect(problemOf(runInNewContext("new (class Tags extends Array {})()"))).toMatch(
      /^input is an instance of the class Tags/,
    );
  });

  it("does not run over a class whose name is a trap", () => {
    class Trap {
      readonly id = 1;
      static get name(): string {
        throw new Error("called");
      }
    }
    expect(problemOf(new Trap())).toMatch(/^input is an object with a prototype of its own/);
  });
});

describe("what JSON would leave out unsaid", () => {
  const hidden = { value: "x" };

  it("is refused where a property is not enumerable", () => {
    expect(problemOf({ user: Object.defineProperty({ a: 1 }, "name", hidden) })).toBe(
      "input.user.name is not enumerable, so that JSON leaves it out",
    );
    expect(problemOf(Object.defineProperty(["a"], "name", hidden))).toBe(
      "input.name is a property of an array, which JSON drops",
    );
  });

  it("is refused where a property has a setter and no getter", () => {
    const value = {
      set name(_: string) {
        throw new Error("called");
      },
    };
    expect(problemOf({ value })).toBe("input.value.name is a setter without a getter (send a value)");
  });

  it("is refused in the arguments of a function", () => {
    function argumentsOf(..._: unknown[]): unknown {
      // biome-ignore lint/complexity/noArguments: the very thing that is looked at
      return arguments;
    }
    expect(problemOf(argumentsOf("a"))).toBe("input.length is not enumerable, so that JSON leaves it out");
  });
});

describe("the size a value may have as JSON", () => {
  const limit = 1_000;
  const problemWithin = (value: unknown) => findJsonProblem(value, "input", limit);

  it.each<[string, unknown]>([
    ["arrays that share one another", nest(60, (inner) => [inner, inner])],
    ["objects that share one another", nest(60, (inner) => ({ a: inner, b: inner }))],
    ["shared text", Array(20).fill("x".repeat(99))],
    ["shared keys", Array(20).fill({ ["k".repeat(99)]: 1 })],
    ["numbers", Array(2_000).fill(1)],
    ["null and booleans", Array(300).fill([null, true])],
  ])("ends the walk: %s", (_, value) => {
    expect(problemWithin(value)).toEqual({
      path: "input",
      keys: [],
      problem: "has more than 1000 bytes as JSON",
      code: "too_large",
    });
  });

  it("is never counted as more than it is", () => {
    const value = { a: ["x", 1, true, null, { b: "" }, []], c: {} };
    const bytes = JSON.stringify(value).length;
    expect(findJsonProblem(value, "input", bytes)).toBeUndefined();
    const random = seededRandom(3);
    for (let round = 0; round < 500; round++) {
      const json = randomJson(random, 4);
      expect(findJsonProblem(json, "input", JSON.stringify(json).length)).toBeUndefined();
    }
  });

  it("hides no cycle", () => {
    const loop: unknown[] = ["x".repeat(900)];
    loop.push(loop);
    expect(problemWithin(loop)).toMatchObject({
      path: "input[1]",
      keys: [1],
      problem: "is an object or array that contains itself",
      code: "not_json_safe",
    });
  });
});

describe("cycles and depth", () => {
  it("names the place where a cycle closes", () => {
    const user: Record<string, unknown> = { name: "a" };
    user.friends = [{ friend: user }];
    expect(problemOf({ user })).toBe(
      "input.user.friends[0].friend is an object or array that contains itself",
    );
    const list: unknown[] = [];
    list.push(list);
    expect(problemOf(list)).toBe("input[0] is an object or array that contains itself");
  });

  it("takes as many levels as it says, and no more", () => {
    expect(problemOf(nest(MAX_JSON_DEPTH, (inner) => ({ a: inner })))).toBeUndefined();
    expect(problemOf(nest(MAX_JSON_DEPTH, (inner) => [inner]))).toBeUndefined();
    expect(problemOf(nest(MAX_JSON_DEPTH + 1, (inner) => ({ a: inner })))).toMatch(
      /is nested deeper than 512 levels$/,
    );
    expect(problemOf(nest(MAX_JSON_DEPTH + 1, (inner) => [inner]))).toMatch(
      /is nested deeper than 512 levels$/,
    );
  });

  it("survives input that is 10,000 levels deep, with a short path", () => {
    const found = findJsonProblem(
      nest(10_000, (inner) => ({ "a key that is rather long": [inner] })),
      "input",
    );
    expect(found?.problem).toBe("is nested deeper than 512 levels");
    expect(found?.path.length).toBeLessThan(600);
  });

  it("finds a cycle before it finds depth", () => {
    const deep = nest(10_000, (inner) => [inner]);
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    expect(problemOf({ loop, deep })).toMatch(
      /^input\.loop\.self is an object or array that contains itself/,
    );
  });

  it("does not take an object that stands in two places for a cycle", () => {
    const shared = { a: 1 };
    const deep = nest(600, (inner) => [inner]);
    expect(problemOf({ first: shared, second: shared, deep })).toMatch(/is nested deeper than 512 levels$/);
  });

  it("finds a cycle at once in objects that refer to each other a lot", () => {
    const family: Record<string, unknown>[] = Array.from({ length: 30 }, () => ({}));
    for (const member of family) member.all = family;
    expect(problemOf(family)).toBe("input[0].all is an object or array that contains itself");
  });
});

describe("paths", () => {
  it("writes names as JavaScript would", () => {
    const value = { user: { tags: ["a", "b", { $ok_1: { "odd key": { 7: Number.NaN } } }] } };
    expect(findJsonProblem(value, "input")).toMatchObject({
      path: 'input.user.tags[2].$ok_1["odd key"]["7"]',
      keys: ["user", "tags", 2, "$ok_1", "odd key", "7"],
    });
    expect(findJsonProblem({ "": 1n }, "output")?.path).toBe('output[""]');
  });

  it("cuts long names", () => {
    const path = findJsonProblem({ ["k".repeat(10_000)]: 1n, z: 1 }, "input")?.path;
    expect(path).toBe(`input.${"k".repeat(40)}…`);
  });

  it("shows the start and the end of a long way", () => {
    const value = nest(30, (inner) => ({ a: inner }), Number.NaN);
    expect(findJsonProblem(value, "input")?.path).toBe(`input${".a".repeat(8)}…${".a".repeat(8)}`);
  });
});

describe("random values", () => {
  it("passes plain JSON, and what passes comes back from JSON unchanged", () => {
    const random = seededRandom(1);
    for (let round = 0; round < 3000; round++) {
      const value = randomJson(random, 5);
      expect(problemOf(value)).toBeUndefined();
      expect(isDeepStrictEqual(JSON.parse(JSON.stringify(value)), value)).toBe(true);
    }
  });

  it("finds whatever does not belong, wherever it is", () => {
    const random = seededRandom(2);
    for (let round = 0; round < 3000; round++) {
      expect(problemOf(poison(randomJson(random, 5), random))).toBeDefined();
    }
  });
});
