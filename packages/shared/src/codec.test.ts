import superjson, { SuperJSON } from "superjson";
import { describe, expect, it } from "vitest";
import { type Codec, jsonCodec, type Transformer, transformerCodec } from "./codec.ts";

const superjsonCodec = transformerCodec(superjson);

function encoded(codec: Codec, value: unknown): string {
  const result = codec.encode(value, "input");
  if ("problem" in result) throw new Error(`${result.problem.path} ${result.problem.problem}`);
  return result.text;
}

function problem(codec: Codec, value: unknown): string {
  const result = codec.encode(value, "input");
  if ("problem" in result) return `${result.problem.path} ${result.problem.problem}`;
  throw new Error("There was no problem.");
}

function nested(depth: number): unknown {
  let value: unknown = "leaf";
  for (let level = 0; level < depth; level++) value = { inner: value };
  return value;
}

describe("the JSON codec", () => {
  it("gives back what it took", () => {
    const value = { a: [1, "x", null, true, { b: "日本 😀" }], constructor: "c", toString: 1 };
    expect(jsonCodec.decode(encoded(jsonCodec, value))).toEqual(value);
  });

  it.each([null, 0, false, "", [], {}])("keeps %j", (value) => {
    expect(jsonCodec.decode(encoded(jsonCodec, value))).toEqual(value);
  });

  it("says when decoding gives something else, for a schema can tell an undefined property from none", () => {
    for (const value of [{ a: undefined }, { a: { b: [{ c: undefined }] } }, [[{ a: undefined }]]]) {
      expect(jsonCodec.encode(value, "input")).toMatchObject({ exact: false });
    }
    for (const value of [{}, { a: null }, [0, ""], "x", null, { a: { b: [{ c: 1 }] } }]) {
      expect(jsonCodec.encode(value, "input")).toMatchObject({ exact: true });
    }
  });

  it.each([
    [new Date(0), "input is an instance of the class Date"],
    [{ at: new Date(0) }, "input.at is an instance of the class Date"],
    [{ n: Number.NaN }, "input.n is NaN"],
    [{ n: 1n }, "input.n is a bigint"],
    [
      new Uint8Array(2),
      "input is an instance of the class Uint8Array (send a base64 string, or use a codec)",
    ],
    [JSON.parse('{"__proto__": 1}'), "input"],
    [{ text: "\0" }, "input.text"],
    [{ text: "\ud800" }, "input.text"],
  ])("names the place of what JSON cannot hold: %s", (value, start) => {
    expect(problem(jsonCodec, value)).toContain(start);
  });

  it("refuses cycles and 10,000 levels instead of failing on them", () => {
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    expect(problem(jsonCodec, loop)).toContain("contains itself");
    expect(problem(jsonCodec, nested(10_000))).toContain("nested deeper than");
  });

  it.each(["", "{", "nul", "{'a':1}", "[1,]", "undefined", "NaN"])(
    "throws for the stored text %j",
    (text) => {
      expect(() => jsonCodec.decode(text)).toThrow();
    },
  );

  it.each([
    '{"__proto__":{"admin":true}}',
    '{"a":[{"__proto__":1}]}',
    String.raw`{"\u005f_proto__":{"admin":true}}`,
    String.raw`{"__\u0070roto__":{"admin":true}}`,
  ])("throws for the stored text %s, which it never wrote", (text) => {
    expect(() => jsonCodec.decode(text)).toThrow(/^The text is JSON that no codec writes: .*__proto__/);
  });

  it("reads text that only mentions such a key", () => {
    for (const value of ["__proto__", ["__proto__"], { a: "\\u005f_proto__" }, { a: "\u0001" }]) {
      expect(jsonCodec.decode(encoded(jsonCodec, value))).toEqual(value);
    }
  });
});

describe("superjson as a transformer", () => {
  it.each([
    ["dates", { at: new Date(5) }],
    [
      "maps",
      new Map<unknown, unknown>([
        ["a", 1],
        [2, new Map([["b", new Date(7)]])],
      ]),
    ],
    ["sets", new Set([1, "a", new Date(9)])],
    ["bigints", { n: 12345678901234567890n }],
    ["undefined", { a: undefined, list: [undefined, 1] }],
    [
      "numbers that JSON has no word for",
      [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0],
    ],
    ["URLs and regular expressions", { url: new URL("https://a.b/c?d"), pattern: /a+/gi }],
    ["bytes", new Uint8Array([1, 2, 255])],
    ["falsy values", [null, 0, false, ""]],
    ["keys with dots", { "a.b": new Date(1), "a\\.b": new Date(2) }],
    ["a top-level date", new Date(3)],
  ])("keeps %s", (_, value) => {
    expect(superjsonCodec.decode(encoded(superjsonCodec, value))).toEqual(value);
  });

  it("keeps objects that are the same, and cycles", () => {
    const user = { name: "a" };
    const loop: Record<string, unknown> = { user, again: user };
    loop.self = loop;
    const back = superjsonCodec.decode(encoded(superjsonCodec, loop)) as typeof loop;
    expect(back.self).toBe(back);
    expect(back.again).toBe(back.user);
  });

  it("never claims that decoding gives just what was encoded", () => {
    expect(superjsonCodec.encode({ a: 1 }, "input")).toMatchObject({ exact: false });
  });

  it.each([
    [
      "class instances",
      {
        user: new (class User {
          name = "a";
        })(),
      },
      "input (as superjson wrote it).json.user is an instance of the class User",
    ],
    [
      "NUL characters",
      new Set(["a\0"]),
      "input (as superjson wrote it).json[0] is a string of length 2 with a NUL character",
    ],
    ["lone surrogates", new Map([["a", "\ud800"]]), "with a lone surrogate"],
    ["invalid dates", { at: new Date(Number.NaN) }, "json.at is an instance of the class Date"],
    ["promises", { a: Promise.resolve(1) }, "is an instance of the class Promise (await it first)"],
    ["functions", { a: () => 1 }, "json.a is a function"],
  ])("refuses %s", (_, value, message) => {
    expect(problem(superjsonCodec, value)).toContain(message);
  });

  it.each(["__proto__", "constructor", "prototype"])(
    "refuses a %s key, with the reason as the cause",
    (key) => {
      const value = JSON.parse(`{"a":{"${key}":{"admin":true}}}`);
      const result = superjsonCodec.encode(value, "input");
      expect(result).toMatchObject({
        problem: { path: "input", problem: "was refused by the transformer superjson" },
        cause: expect.objectContaining({ message: expect.stringContaining(key) }),
      });
    },
  );

  class Sub extends Map<string, number> {}
  class Day extends Date {}
  it.each<[string, unknown, string]>([
    [
      "a Map it cannot address",
      { m: new Map([[Number.NaN, 1]]), n: Number.NaN },
      "input.m comes back with other contents",
    ],
    ["holes", { list: new Array(3) }, "input.list.length comes back changed"],
    ["symbol keys", { a: { [Symbol("s")]: 1 } }, "input.a has a symbol key, which is lost on the way"],
    ["subclasses of Map", [new Sub([["a", 1]])], "input[0] comes back as an instance of another class"],
    ["subclasses of Date", { at: new Day(0) }, "input.at comes back as an instance of another class"],
    [
      "extra properties of a Set",
      Object.assign(new Set([1]), { extra: 1 }),
      "input.extra is lost on the way",
    ],
    [
      "extra properties of a Date",
      Object.assign(new Date(0), { extra: 1 }),
      "input.extra is lost on the way",
    ],
    [
      "properties that are not enumerable",
      Object.defineProperty({ a: 1 }, "b", { value: 2 }),
      "input.b is lost on the way",
    ],
  ])("refuses %s, which would be lost", (_, value, message) => {
    expect(problem(superjsonCodec, value)).toContain(
      `${message} (through the transformer superjson; send it in another form)`,
    );
  });

  it("refuses shared objects that are large as text, before all of it is written", () => {
    let value: unknown = 1;
    for (let level = 0; level < 40; level++) value = [value, value];
    expect(superjsonCodec.encode(value, "input", 10_000)).toMatchObject({ problem: { code: "too_large" } });
  });

  it("refuses 10,000 levels instead of failing on them", () => {
    expect(problem(superjsonCodec, nested(10_000))).toMatch(/nested (too deep|deeper than)/);
  });

  it.each([
    '{"json":{},"meta":{"values":{"__proto__.admin":["Date"]}}}',
    '{"json":{},"meta":{"values":{"constructor.prototype.admin":["Date"]}}}',
    '{"json":{"a":1},"meta":{"referentialEqualities":{"a":["__proto__.admin"]}}}',
    '{"json":{"__proto__":{"admin":true}}}',
  ])("throws for stored text that would change a prototype: %s", (text) => {
    expect(() => superjsonCodec.decode(text)).toThrow();
    expect({}).not.toHaveProperty("admin");
  });

  it("throws for stored text that is not of its making", () => {
    for (const text of ["", "{", "null", '{"json":{"a":1},"meta":{"values":{"a":["class","Nope"]}}}']) {
      expect(() => superjsonCodec.decode(text)).toThrow();
    }
  });

  it("is known as the default export, an instance and the module", async () => {
    const module = await import("superjson");
    for (const transformer of [superjson, new SuperJSON(), SuperJSON, module]) {
      expect(transformerCodec(transformer as Transformer).id).toBe("superjson");
    }
  });

  it("keeps classes that were registered with it", () => {
    class Money {
      readonly cents: number;
      constructor(cents: number) {
        this.cents = cents;
      }
    }
    const own = new SuperJSON();
    own.registerClass(Money);
    const codec = transformerCodec(own);
    expect(codec.decode(encoded(codec, { price: new Money(5) }))).toEqual({ price: new Money(5) });
  });
});

describe("a transformer of one's own", () => {
  const tagged: Transformer = {
    id: "tagged/1",
    serialize: (value) => ({
      t: value instanceof Date ? "date" : "plain",
      v: value instanceof Date ? value.getTime() : value,
    }),
    deserialize: (value) => {
      const { t, v } = value as { t: string; v: number };
      return t === "date" ? new Date(v) : v;
    },
  };

  it("has its id and makes the trip", () => {
    const codec = transformerCodec(tagged);
    expect(codec.id).toBe("tagged/1");
    expect(codec.decode(encoded(codec, new Date(5)))).toEqual(new Date(5));
  });

  it("must give what JSON can hold", () => {
    expect(problem(transformerCodec({ ...tagged, serialize: () => ({ n: 1n }) }), 1)).toMatch(
      /^input \(as tagged\/1 wrote it\)\.n is a bigint/,
    );
    expect(problem(transformerCodec({ ...tagged, serialize: async (value) => value }), 1)).toContain(
      "await it first",
    );
    expect(problem(transformerCodec({ ...tagged, serialize: () => undefined }), 1)).toContain("is undefined");
  });

  it("may throw: the problem has no value in it, the cause is what was thrown", () => {
    const cause = new RangeError("Invalid time value s3cr3t");
    const codec = transformerCodec({
      ...tagged,
      serialize: () => {
        throw cause;
      },
    });
    expect(codec.encode("s3cr3t", "output")).toEqual({
      problem: {
        path: "output",
        keys: [],
        problem: "was refused by the transformer tagged/1",
        code: "not_json_safe",
      },
      cause,
    });
  });

  it("must read what it wrote", () => {
    const cause = new RangeError("Invalid time value s3cr3t");
    const codec = transformerCodec({
      ...tagged,
      deserialize: () => {
        throw cause;
      },
    });
    expect(codec.encode("s3cr3t", "output")).toMatchObject({
      problem: { path: "output", problem: "cannot be read back by the transformer tagged/1" },
      cause,
    });
  });

  it("must not turn values into others unsaid", () => {
    const plain = { id: "plain", serialize: (value: unknown) => JSON.parse(JSON.stringify(value)) };
    const codec = transformerCodec({ ...plain, deserialize: (value) => value });
    expect(codec.encode({ list: [{ at: new Date(0) }] }, "input")).toMatchObject({
      problem: {
        path: "input.list[0].at",
        keys: ["list", 0, "at"],
        problem:
          "comes back as a string of length 24 (through the transformer plain; send it in another form)",
      },
    });
  });

  it.each(["a", "devalue/5", "my.own_codec-2", "x".repeat(40)])("may have the id %s", (id) => {
    expect(transformerCodec({ ...tagged, id }).id).toBe(id);
  });

  it.each(["", "A", "1a", "a b", "a\0", "é", "x".repeat(41), 5, null, {}])("may not have the id %j", (id) => {
    expect(() => transformerCodec({ ...tagged, id } as Transformer)).toThrow(
      expect.objectContaining({
        code: "INVALID_OPTION",
        message: expect.stringMatching(/^A transformer other than superjson needs an id of 1 to 40 of a-z/),
      }),
    );
  });

  it("needs an id, and not that of plain JSON", () => {
    const { serialize, deserialize } = tagged;
    expect(() => transformerCodec({ serialize, deserialize })).toThrow(/needs an id/);
    expect(() => transformerCodec({ ...tagged, id: "json" })).toThrow(
      'A transformer cannot have the id "json", which plain JSON has.',
    );
  });

  it.each([
    [null, "null"],
    [undefined, "undefined"],
    ["superjson", "a string of length 9"],
    [{ serialize: () => 1 }, "an object"],
    [{ input: tagged, output: tagged }, "an object"],
  ])("cannot be %s", (value, kind) => {
    expect(() => transformerCodec(value as unknown as Transformer)).toThrow(
      `transformer must have serialize and deserialize functions, as superjson has; got ${kind}.`,
    );
  });
});
