import { describe, expect, it } from "vitest";
import * as z from "zod";
import * as mini from "zod/mini";
import { mayBeAsynchronous } from "./asynchronous-schema.ts";

interface Tree {
  readonly children: readonly Tree[];
}
const tree: z.ZodType<Tree> = z.object({
  get children() {
    return z.array(tree);
  },
});

const refined = z.string().refine(() => true);

describe("a schema without code of the user's is synchronous", () => {
  it.each<[string, unknown]>([
    [
      "string formats",
      z.object({ a: z.email(), b: z.iso.datetime(), c: z.uuid(), d: z.url(), e: z.jwt(), f: z.base64() }),
    ],
    ["lengths and patterns", z.string().min(1).max(5).regex(/a/).startsWith("a").trim().toLowerCase()],
    [
      "numbers",
      z.object({
        a: z.int().positive().multipleOf(5),
        b: z.number().min(1),
        c: z.bigint().gt(1n),
        d: z.int32(),
      }),
    ],
    [
      "collections",
      z.object({ a: z.array(z.string()).min(1), b: z.map(z.string(), z.date()), c: z.set(z.int()).max(5) }),
    ],
    [
      "records and tuples",
      z.object({ a: z.record(z.enum(["a"]), z.boolean()), b: z.tuple([z.null()], z.any()) }),
    ],
    ["unions", z.union([z.string(), z.discriminatedUnion("k", [z.object({ k: z.literal("a") })])])],
    [
      "wrappers",
      z.object({ a: z.string().optional().nullable().default("x"), b: z.string().catch("x").readonly() }),
    ],
    ["coercion", z.object({ a: z.coerce.number(), b: z.coerce.date() })],
    ["pipes", z.string().pipe(z.string().min(1))],
    ["intersections", z.intersection(z.object({ a: z.string() }), z.looseObject({}))],
    ["brands, descriptions and metadata", z.string().brand("Id").describe("x").meta({ title: "x" })],
    ["recursion", tree],
    ["JSON", z.json()],
    ["template literals", z.templateLiteral(["a", z.int()])],
    ["own error messages", z.string({ error: () => "bad" }).min(1, { error: () => "short" })],
    ["zod mini", mini.object({ a: mini.string().check(mini.minLength(1)), b: mini.optional(mini.int()) })],
  ])("%s", (_, schema) => {
    expect(mayBeAsynchronous(schema)).toBe(false);
  });
});

describe("a schema with code of the user's may be asynchronous", () => {
  it.each<[string, unknown]>([
    ["a refinement", refined],
    ["superRefine", z.string().superRefine(() => {})],
    ["check", z.string().check(() => {})],
    ["a transform", z.string().transform((text) => text)],
    ["preprocessing", z.preprocess((value) => value, z.string())],
    ["a codec", z.codec(z.string(), z.int(), { decode: (text) => text.length, encode: String })],
    ["a custom schema", z.custom(() => true)],
    ["instanceof", z.instanceof(Date)],
    ["a custom format", z.stringFormat("x", () => true)],
    ["a promise", z.promise(z.string())],
    ["zod mini", mini.string().check(mini.refine(() => true))],
    ["a kind that zod does not have", { _zod: { def: { type: "colour" } } }],
    [
      "a check that zod does not have",
      { _zod: { def: { type: "string", checks: [{ _zod: { def: { check: "colour" } } }] } } },
    ],
  ])("%s", (_, schema) => {
    expect(mayBeAsynchronous(schema)).toBe(true);
  });

  it.each<[string, z.ZodType]>([
    ["an object", z.object({ a: z.string(), b: refined })],
    ["a catchall", z.object({}).catchall(refined)],
    ["an array", z.array(refined)],
    ["a tuple", z.tuple([z.string(), refined])],
    ["a tuple's rest", z.tuple([z.string()], refined)],
    ["a record's keys", z.record(refined, z.string())],
    ["a record's values", z.record(z.string(), refined)],
    ["a map's keys", z.map(refined, z.string())],
    ["a map's values", z.map(z.string(), refined)],
    ["a set", z.set(refined)],
    ["a union", z.union([z.int(), refined])],
    ["an intersection", z.intersection(z.string(), refined)],
    ["wrappers", refined.optional().nullable().default("x").catch("y").readonly()],
    ["a pipe", z.string().pipe(refined)],
    ["a lazy schema", z.lazy(() => refined)],
    [
      "a property check",
      z.string().check(
        z.property(
          "length",
          z.int().refine(() => true),
        ),
      ),
    ],
    ["deep inside", z.object({ a: z.array(z.object({ b: z.union([z.int(), z.tuple([refined])]) })) })],
  ])("inside %s", (_, schema) => {
    expect(mayBeAsynchronous(schema)).toBe(true);
  });

  it("and one that never ends is taken for it", () => {
    const endless = (): z.ZodType => z.lazy(endless);
    expect(mayBeAsynchronous(endless())).toBe(true);
  });
});

it("a very deep schema is looked into", () => {
  let schema: z.ZodType = refined;
  for (let level = 0; level < 2_000; level++) schema = z.array(schema);
  expect(mayBeAsynchronous(schema)).toBe(true);
});

it("makes no default value to find out", () => {
  let made = 0;
  const counted = () => `default ${++made}`;
  expect(
    mayBeAsynchronous(z.object({ a: z.string().default(counted), b: z.string().prefault(counted) })),
  ).toBe(false);
  expect(made).toBe(0);
});
