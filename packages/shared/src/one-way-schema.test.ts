import { describe, expect, it } from "vitest";
import * as z from "zod";
import * as mini from "zod/mini";
import { findOneWayStep } from "./one-way-schema.ts";

const isoDate = z.codec(z.iso.datetime(), z.date(), {
  decode: (text) => new Date(text),
  encode: (date) => date.toISOString(),
});
const upperKey = z.codec(z.string(), z.string(), {
  decode: (key) => key.toUpperCase(),
  encode: (key) => key.toLowerCase(),
});
const fixedKey = z.codec(z.enum(["a"]), z.enum(["A"]), {
  decode: () => "A" as const,
  encode: () => "a" as const,
});
const oneWay = z.string().transform((text) => text.length);
const now = new Date(0);

/** The place and the reason as a sentence, as error messages show it. */
function stepOf(schema: unknown): string | undefined {
  const found = findOneWayStep(schema);
  if (found === undefined) return undefined;
  return found.kind === "one-way" ? `${found.path}: ${found.reason}` : `${found.path} deferred`;
}

describe("schemas that go both ways", () => {
  const coordinates = z.tuple([z.number(), isoDate.optional()], isoDate);
  const cases: readonly (readonly [name: string, schema: z.ZodType, value: unknown])[] = [
    ["strings with overwriting checks", z.string().trim().toLowerCase().normalize(), "a"],
    [
      "formats",
      z.object({ a: z.email(), b: z.url({ normalize: true }), c: z.int() }),
      { a: "a@b.co", b: "http://a.b/", c: 1 },
    ],
    ["codecs", z.object({ at: isoDate }), { at: now }],
    ["codecs turned round", z.invertCodec(isoDate), now.toISOString()],
    ["a codec with checks", isoDate.refine((date) => date.getTime() >= 0), now],
    ["stringbool", z.stringbool(), true],
    ["codecs into coercion", z.codec(z.string(), z.coerce.number(), { decode: Number, encode: String }), 5],
    [
      "coerce",
      z.object({ n: z.coerce.number(), s: z.coerce.string(), d: z.coerce.date() }),
      { n: 1, s: "1", d: now },
    ],
    [
      "default and prefault",
      z.object({ a: isoDate.default(now), b: z.string().prefault("x") }),
      { a: now, b: "b" },
    ],
    ["catch", z.string().catch("x"), "a"],
    [
      "optional, nullable, readonly",
      z.object({ a: isoDate.nullish(), b: z.array(isoDate).readonly() }),
      { a: null, b: [now] },
    ],
    ["nonoptional", isoDate.optional().nonoptional(), now],
    ["pipes of one type", z.string().pipe(z.string().min(1)), "a"],
    ["pipes that coerce from and to", z.coerce.number().pipe(z.coerce.string()), "5"],
    ["pipes into the same type", z.string().pipe(z.coerce.string()), "5"],
    ["pipes that take anything", z.unknown().pipe(z.coerce.number()), 5],
    ["pipes into a codec", z.string().pipe(isoDate), now],
    ["arrays, tuples, sets, maps", z.array(coordinates), [[1, now, now]]],
    ["records", z.record(z.string(), isoDate), { a: now }],
    ["records with codecs as keys", z.record(upperKey, z.number()), { A: 1 }],
    ["partial records with codecs over fixed keys", z.partialRecord(fixedKey, z.number()), { A: 1 }],
    ["unions", z.union([z.number(), isoDate]), now],
    ["xor", z.xor([z.number(), isoDate]), now],
    [
      "discriminated unions",
      z.discriminatedUnion("k", [
        z.object({ k: z.literal("a"), at: isoDate }),
        z.object({ k: z.literal("b") }),
      ]),
      { k: "a", at: now },
    ],
    ["intersections", z.intersection(z.object({ a: isoDate }), z.object({ b: isoDate })), { a: now, b: now }],
    ["catchall", z.object({}).catchall(isoDate), { a: now }],
    ["loose objects", z.looseObject({ at: isoDate }), { at: now, more: 1 }],
    [
      "custom and instanceof",
      z.object({ c: z.custom<string>(() => true), d: z.instanceof(Date) }),
      { c: "a", d: now },
    ],
    ["lazy", z.lazy(() => isoDate), now],
    ["json", z.json(), { a: [1, null] }],
    [
      "literals, enums, templates",
      z.tuple([z.literal(1), z.enum(["a"]), z.templateLiteral(["v", z.int()])]),
      [1, "a", "v1"],
    ],
    ["nothing at all", z.undefined(), undefined],
  ];

  it.each(cases)("lets %s pass, and zod does encode and decode them", (_name, schema, value) => {
    expect(findOneWayStep(schema)).toBeUndefined();
    expect(z.decode(schema, z.encode(schema, value as never) as never)).toStrictEqual(value);
  });

  it("lets every codec step of sets and maps pass", () => {
    expect(findOneWayStep(z.object({ s: z.set(isoDate), m: z.map(isoDate, isoDate) }))).toBeUndefined();
  });

  it("finds nothing in what is no schema", () => {
    for (const value of [undefined, null, 1, "a", {}, { _zod: {} }])
      expect(findOneWayStep(value)).toBeUndefined();
  });
});

describe("schemas with a one-way step", () => {
  const cases: readonly (readonly [name: string, schema: z.ZodType, value: unknown, step: RegExp])[] = [
    [
      "transform",
      oneWay,
      1,
      /^output: \.transform\(\) only goes one way; use z\.codec\(\), which goes both ways$/,
    ],
    ["a transform before another step", oneWay.pipe(z.number()), 1, /^output: \.transform\(\)/],
    ["a bare transform", z.transform((text) => text), 1, /^output: \.transform\(\)/],
    [
      "preprocess",
      z.preprocess((text) => text, z.string()),
      "a",
      /^output: z\.preprocess\(\) only goes one way; use z\.codec/,
    ],
    ["success", z.success(z.string()), true, /^output: z\.success\(\) /],
    [
      "promise",
      z.promise(z.string()),
      Promise.resolve("a"),
      /^output: z\.promise\(\) cannot be stored; use the schema inside/,
    ],
    [
      "coercion of another type",
      z.string().pipe(z.coerce.number()),
      5,
      /^output: z\.string\(\) piped into z\.coerce\.number\(\) /,
    ],
    [
      "coercion under wrappers and more pipes",
      z.object({
        n: z.string().min(1).optional().pipe(z.coerce.number<string>().pipe(z.number().int()).optional()),
      }),
      { n: 5 },
      /^output\.n: z\.string\(\) piped into z\.coerce\.number\(\) /,
    ],
    [
      "a record with a codec over fixed keys",
      z.record(fixedKey, z.number()),
      { A: 1 },
      /^output: zod cannot encode z\.record\(\)/,
    ],
    [
      "a property",
      z.object({ user: z.object({ "full name": oneWay }) }),
      { user: { "full name": 1 } },
      /^output\.user\["full name"\]: /,
    ],
    ["an element", z.object({ list: z.array(oneWay) }), { list: [1] }, /^output\.list\[\]: /],
    ["a tuple's item", z.tuple([z.string(), oneWay]), ["a", 1], /^output\[1\]: /],
    ["a tuple's rest", z.tuple([z.string()], oneWay), ["a", 1], /^output\[\]: /],
    ["a record's value", z.record(z.string(), oneWay), { a: 1 }, /^output\[string\]: /],
    [
      "a record's key",
      z.record(
        z.string().transform((key) => key),
        z.number(),
      ),
      { a: 1 },
      /^output\[string\] \(the key\): /,
    ],
    ["a set", z.set(oneWay), new Set([1]), /^output\[\]: /],
    ["a map's value", z.map(z.string(), oneWay), new Map([["a", 1]]), /^output\[\]: /],
    ["a map's key", z.map(oneWay, z.string()), new Map([[1, "a"]]), /^output\[\] \(the key\): /],
    ["a union", z.union([oneWay, z.string()]), "a", /^output: \.transform/],
    ["a union's last option", z.union([z.null(), oneWay]), 1, /^output: \.transform/],
    [
      "a discriminated union",
      z.discriminatedUnion("k", [
        z.object({ k: z.literal("a") }),
        z.object({ k: z.literal("b"), n: oneWay }),
      ]),
      { k: "b", n: 1 },
      /^output\.n: /,
    ],
    ["an intersection", z.intersection(z.object({}), z.object({ n: oneWay })), { n: 1 }, /^output\.n: /],
    ["catchall", z.object({}).catchall(oneWay), { a: 1 }, /^output\[string\]: /],
    ["optional", z.object({ n: oneWay.optional() }), { n: 1 }, /^output\.n: /],
    ["default", z.object({ n: oneWay.default(1) }), { n: 1 }, /^output\.n: /],
    ["prefault", z.object({ n: oneWay.prefault("a") }), { n: 1 }, /^output\.n: /],
    ["catch around it", z.object({ n: oneWay.catch(1) }), { n: 1 }, /^output\.n: /],
    ["readonly, nullable, nonoptional", oneWay.nullable().nonoptional().readonly(), 1, /^output: /],
    [
      "the inside of a codec",
      z.codec(z.string(), oneWay, { decode: String, encode: String }),
      1,
      /^output: \.transform/,
    ],
    ["lazy", z.lazy(() => z.object({ n: oneWay })), { n: 1 }, /^output\.n: /],
  ];

  it.each(cases)("finds %s, which zod cannot encode", (_name, schema, value, step) => {
    expect(() => z.encode(schema, value as never)).toThrow();
    expect(stepOf(schema)).toMatch(step);
  });

  it("finds functions, which zod replaces instead of encoding", () => {
    expect(stepOf(z.object({ f: z.function() }))).toMatch(/^output\.f: z\.function\(\) cannot be stored/);
  });

  it("finds the step nearest to the top", () => {
    expect(stepOf(z.object({ deep: z.object({ er: z.object({ a: oneWay }) }), flat: oneWay }))).toMatch(
      /^output\.flat: /,
    );
  });

  it("reads zod/mini's schemas too", () => {
    const length = mini.pipe(
      mini.string(),
      mini.transform((text) => text.length),
    );
    expect(stepOf(mini.object({ list: mini.array(length) }))).toMatch(/^output\.list\[\]: /);
    expect(findOneWayStep(mini.object({ list: mini.array(mini.string()) }))).toBeUndefined();
  });
});

describe("recursive schemas", () => {
  it("walks schemas that contain themselves", () => {
    const Good = z.object({
      at: isoDate,
      get children() {
        return z.array(Good);
      },
    });
    const Bad = z.object({
      size: z.string(),
      get child() {
        return Bad.extend({ n: oneWay }).optional();
      },
    });
    expect(findOneWayStep(Good)).toBeUndefined();
    expect(stepOf(Bad)).toMatch(/^output\.child\.n: /);
  });

  it("walks schemas that contain each other", () => {
    const Author = z.object({
      name: z.string(),
      get posts() {
        return z.array(Post);
      },
    });
    const Post: z.ZodType = z.object({
      get author() {
        return Author.optional();
      },
      words: oneWay,
    });
    expect(stepOf(Author)).toMatch(/^output\.posts\[\]\.words: /);
  });

  it("says where it could not look yet, and finds the step later", () => {
    const Parent = z.object({
      id: z.string(),
      get child(): z.ZodType {
        return Child;
      },
      more: z.lazy((): z.ZodType => Child),
    });
    expect(findOneWayStep(Parent)).toStrictEqual({ kind: "deferred", path: "output.child" });
    expect(findOneWayStep(z.array(z.lazy((): z.ZodType => Child)))).toStrictEqual({
      kind: "deferred",
      path: "output[]",
    });
    const Child = z.object({ n: oneWay });
    expect(stepOf(Parent)).toMatch(/^output\.child\.n: /);
    expect(Parent.parse({ id: "a", child: { n: "abc" }, more: { n: "a" } })).toStrictEqual({
      id: "a",
      child: { n: 3 },
      more: { n: 1 },
    });
  });

  it("leaves a schema whole that it looked at before its parts were there", () => {
    // What a const becomes where a bundler turns it into a var: undefined first, and no error.
    let child: z.ZodType | undefined;
    const Parent = z.object({
      get child(): z.ZodType {
        return child as z.ZodType;
      },
    });
    const Lazy = z.lazy(() => child as z.ZodType);
    expect(findOneWayStep(Parent)).toStrictEqual({ kind: "deferred", path: "output.child" });
    expect(findOneWayStep(Lazy)).toStrictEqual({ kind: "deferred", path: "output" });
    child = isoDate;
    expect(findOneWayStep(Parent)).toBeUndefined();
    expect(z.encode(Parent, { child: now })).toStrictEqual({ child: now.toISOString() });
    expect(z.encode(Lazy, now)).toBe(now.toISOString());
  });

  it("prefers a step it has found to a place it could not look at", () => {
    const schema = z.object({
      get child(): z.ZodType {
        throw new ReferenceError("not yet");
      },
      n: z.object({ deep: oneWay }),
    });
    expect(stepOf(schema)).toMatch(/^output\.n\.deep: /);
  });

  it("ends on a schema that makes new ones whenever it is asked", () => {
    let made = 0;
    const endless = (): z.ZodType => {
      made++;
      return z.object({ left: z.lazy(endless), right: z.lazy(endless) });
    };
    expect(findOneWayStep(endless())).toBeUndefined();
    expect(made).toBeLessThan(10_000);
  });

  it("walks schemas nested as deep as they like", () => {
    let schema: z.ZodType = oneWay;
    for (let level = 0; level < 4000; level++) schema = z.array(schema);
    expect(stepOf(schema)).toMatch(/\[\]: \.transform/);
  });
});
