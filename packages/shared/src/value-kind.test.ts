import { createContext, runInContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { isPlainObject, kindOf } from "./value-kind.ts";

const elsewhere = createContext({});

describe("kindOf", () => {
  it.each([
    [undefined, "undefined"],
    [null, "null"],
    ["", "a string of length 0"],
    ["secret", "a string of length 6"],
    [12, "a number"],
    [Number.NaN, "NaN"],
    [Number.POSITIVE_INFINITY, "a number"],
    [12n, "a bigint"],
    [true, "a boolean"],
    [Symbol("secret"), "a symbol"],
    [() => "secret", "a function"],
    [["secret"], "an array of length 1"],
    [{ secret: 1 }, "an object"],
    [Object.create(null), "an object"],
    [new Date(0), "a Date"],
    [new Date(Number.NaN), "an invalid Date"],
    [Promise.resolve("secret"), "a Promise (await it first)"],
    [new Map(), "an instance of a class"],
    [new Error("secret"), "an instance of a class"],
    [new String("secret"), "an instance of a class"],
  ])("calls %s %s", (value, kind) => {
    expect(kindOf(value)).toBe(kind);
  });
});

describe("isPlainObject", () => {
  it.each([{}, { a: 1 }, Object.create(null), runInContext("({ a: 1 })", elsewhere)])("takes %s", (value) => {
    expect(isPlainObject(value)).toBe(true);
  });

  it.each([
    null,
    undefined,
    "text",
    1,
    () => ({}),
    [],
    new Date(),
    new Map(),
    new (class Options {})(),
    Object.create({}),
    Object.create(Object.create(null)),
    runInContext("new Date()", elsewhere),
    runInContext("[]", elsewhere),
  ])("refuses %s", (value) => {
    expect(isPlainObject(value)).toBe(false);
  });
});
