import { expect, test } from "vitest";
import { jsonText } from "./json-output.ts";

test("what JSON has no word for becomes what comes nearest", () => {
  const value = {
    big: 2n ** 64n,
    map: new Map<unknown, unknown>([["a", new Set([1n, 2n])]]),
    date: new Date(0),
    error: new TypeError("no"),
    pattern: /x+/i,
    gap: [undefined],
  };
  expect(JSON.parse(jsonText(value))).toEqual({
    big: "18446744073709551616",
    map: [["a", ["1", "2"]]],
    date: "1970-01-01T00:00:00.000Z",
    error: { name: "TypeError", message: "no" },
    pattern: "/x+/i",
    gap: [null],
  });
});

test("a cycle is named, and what merely appears twice is printed twice", () => {
  const shared = { a: 1 };
  const cycle: Record<string, unknown> = { one: shared, two: shared };
  cycle.self = cycle;
  expect(JSON.parse(jsonText(cycle))).toEqual({ one: { a: 1 }, two: { a: 1 }, self: "[circular]" });
});

test("undefined is null, and falsy values are themselves", () => {
  expect([undefined, null, 0, false, ""].map((value) => jsonText(value))).toEqual([
    "null",
    "null",
    "0",
    "false",
    '""',
  ]);
});
