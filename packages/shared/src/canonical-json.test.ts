import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import { canonicalJson } from "./canonical-json.ts";

/** A generator of the same numbers on every run (a linear congruence). */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}

const NAMES = ["a", "b", "B", "é", "日", "👍", "\uffff", "10", "9", "", "__proto__", "a b"];

function randomJson(random: () => number, depth: number): unknown {
  const size = Math.floor(random() * 6);
  const kind = Math.floor(random() * (depth > 0 ? 6 : 4));
  if (kind === 0) return NAMES[Math.floor(random() * NAMES.length)];
  if (kind === 1) return random() * 1000 - 500;
  if (kind === 2) return random() < 0.5;
  if (kind === 3) return null;
  if (kind === 4) return Array.from({ length: size }, () => randomJson(random, depth - 1));
  return objectOf(
    Array.from({ length: size }, () => [
      NAMES[Math.floor(random() * NAMES.length)] as string,
      randomJson(random, depth - 1),
    ]),
  );
}

function objectOf(entries: readonly (readonly [string, unknown])[]): object {
  // Object.fromEntries() makes own properties, "__proto__" included.
  return Object.fromEntries(entries);
}

/** The same value with the keys of every object in another order. */
function shuffled(value: unknown, random: () => number): unknown {
  if (Array.isArray(value)) return value.map((item) => shuffled(item, random));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(
    ([key, item]) => [key, shuffled(item, random), random()] as const,
  );
  return objectOf(entries.sort((a, b) => a[2] - b[2]).map(([key, item]) => [key, item]));
}

describe("canonicalJson", () => {
  it("gives the same text whatever the order of the keys, at every level", () => {
    const text = '{"a":1,"b":{"c":[{"d":1,"e":2}],"f":null}}';
    expect(canonicalJson({ a: 1, b: { c: [{ d: 1, e: 2 }], f: null } })).toBe(text);
    expect(canonicalJson({ b: { f: null, c: [{ e: 2, d: 1 }] }, a: 1 })).toBe(text);
  });

  it("keeps the order of arrays", () => {
    expect(canonicalJson([3, 1, 2])).toBe("[3,1,2]");
  });

  it("sorts keys by UTF-16 code units, numbers among them, in every locale", () => {
    expect(canonicalJson({ é: 1, b: 1, B: 1, a: 1, 10: 1, 9: 1, "\uffff": 1, "👍": 1 })).toBe(
      '{"10":1,"9":1,"B":1,"a":1,"b":1,"é":1,"👍":1,"\uffff":1}',
    );
  });

  it("treats undefined and -0 as JSON.stringify does", () => {
    expect(canonicalJson({ b: -0, a: undefined })).toBe('{"b":0}');
    expect(canonicalJson([undefined, -0])).toBe("[null,0]");
    // biome-ignore lint/suspicious/noSparseArray: it is what is tested
    expect(canonicalJson([, 1])).toBe("[null,1]");
  });

  it("escapes text as JSON.stringify does", () => {
    for (const text of ['"', "\\", "\n", "\u0001", "\u2028", "\ud800", "é"]) {
      expect(canonicalJson({ [text]: text })).toBe(JSON.stringify({ [text]: text }));
    }
  });

  it("keeps a key called __proto__", () => {
    expect(canonicalJson(JSON.parse('{"b":1,"__proto__":{"d":1,"c":2}}'))).toBe(
      '{"__proto__":{"c":2,"d":1},"b":1}',
    );
  });

  it("tells values apart that differ only in kind", () => {
    const values = [null, "null", 0, "0", false, "", [], {}, [[]], [null], { a: null }, {}, { a: {} }].map(
      canonicalJson,
    );
    expect(new Set(values).size).toBe(values.length - 1);
  });

  it("writes values 512 levels deep", () => {
    let value: unknown = 1;
    for (let level = 0; level < 512; level++) value = level % 2 === 0 ? [value] : { a: value };
    expect(canonicalJson(value)).toBe(JSON.stringify(value));
  });

  it("refuses what is no JSON value at all", () => {
    expect(() => canonicalJson(undefined)).toThrow("got undefined");
    expect(() => canonicalJson(() => 1)).toThrow("got function");
    expect(() => canonicalJson(1n)).toThrow(TypeError);
  });

  it("gives random values one text for all orders of their keys, which reads back as the value", () => {
    const random = seededRandom(3);
    for (let round = 0; round < 2000; round++) {
      const value = randomJson(random, 4);
      const text = canonicalJson(value);
      expect(canonicalJson(shuffled(value, random))).toBe(text);
      expect(isDeepStrictEqual(JSON.parse(text), value)).toBe(true);
      expect(canonicalJson(JSON.parse(text))).toBe(text);
    }
  });
});
