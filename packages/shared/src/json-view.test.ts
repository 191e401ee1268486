import { describe, expect, it } from "vitest";
import { jsonView } from "./json-view.ts";

describe("jsonView", () => {
  it.each<[unknown, unknown]>([
    [null, null],
    [undefined, undefined],
    [0, 0],
    [false, false],
    ["", ""],
    [{ a: [1, { b: null }] }, { a: [1, { b: null }] }],
    [5n, "5"],
    [Number.NaN, "NaN"],
    [Number.NEGATIVE_INFINITY, "-Infinity"],
    [new Date(0), "1970-01-01T00:00:00.000Z"],
    [new Date(Number.NaN), null],
    [new Map([["a", 5n]]), [["a", "5"]]],
    [new Set([1n, "a"]), ["1", "a"]],
    [new Uint8Array([1, 255]), [1, 255]],
    [new BigInt64Array([5n]), ["5"]],
    [new URL("https://a.b/c"), "https://a.b/c"],
    [/a+/g, "/a+/g"],
    [new TypeError("bad"), { name: "TypeError", message: "bad" }],
    [
      new (class User {
        name = "a";
      })(),
      { name: "a" },
    ],
    [Object.assign(Object.create(null), { a: 1n }), { a: "1" }],
  ])("shows %s as %j", (value, shown) => {
    expect(jsonView(value)).toEqual(shown);
    expect(() => JSON.stringify(jsonView(value))).not.toThrow();
  });

  it("shows what contains itself once, and what stands in two places twice", () => {
    const user = { name: "a" };
    const loop: Record<string, unknown> = { left: user, right: user };
    loop.self = { inner: loop };
    expect(jsonView(loop)).toEqual({ left: user, right: user, self: { inner: "[circular]" } });
  });

  it("keeps a __proto__ key a key", () => {
    const view = jsonView(JSON.parse('{"__proto__":{"admin":true}}')) as object;
    expect(Object.keys(view)).toEqual(["__proto__"]);
    expect(view).not.toHaveProperty("admin");
  });
});
