import { describe, expect, it } from "vitest";
import * as z from "zod";
import { PayloadError } from "./errors/task-error.ts";
import { initTasks } from "./init-tasks.ts";
import { TaskPayload } from "./task-payload.ts";

const t = initTasks.create();

interface Schemas {
  readonly input?: z.ZodType;
  readonly output?: z.ZodType;
  readonly maxBytes?: number;
}

function payloadOf({ input, output, maxBytes }: Schemas): TaskPayload {
  const definition = { ...t.task["~task"], input: input ?? null, output: output ?? null };
  return new TaskPayload("billing.invoice", definition, maxBytes);
}

/** What the handler gets of an input, after the trip through the store. */
async function inputTrip(schema: z.ZodType, value: unknown): Promise<unknown> {
  const payload = payloadOf({ input: schema });
  return payload.decodeInput(await payload.encodeInput(value), "json");
}

/** What `get()` gives of what the handler returned, after the trip through the store. */
async function outputTrip(schema: z.ZodType, value: unknown): Promise<unknown> {
  const payload = payloadOf({ output: schema });
  return payload.decodeOutput(await payload.encodeOutput(value), "json");
}

async function refusal(run: () => unknown): Promise<PayloadError> {
  const error: unknown = await Promise.resolve()
    .then(run)
    .then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
  if (error instanceof PayloadError) return error;
  throw new Error("There was no PayloadError.", { cause: error });
}

function nested(depth: number): unknown {
  let value: unknown = "leaf";
  for (let level = 0; level < depth; level++) value = { inner: value };
  return value;
}

const isoDate = z.codec(z.iso.datetime(), z.date(), {
  decode: (text) => new Date(text),
  encode: (date) => date.toISOString(),
});

interface Tree {
  readonly name: string;
  readonly children?: readonly Tree[] | undefined;
}
const tree: z.ZodType<Tree> = z.object({
  name: z.string(),
  get children() {
    return z.array(tree).optional();
  },
});

describe("an input", () => {
  const schema = z.object({
    to: z.email(),
    copies: z.int().default(1),
    tags: z.array(z.string()).optional(),
  });

  it("is stored as the caller gave it and reaches the handler parsed", () => {
    const payload = payloadOf({ input: schema });
    const text = payload.encodeInput({ to: "a@b.co" });
    expect(text).toBe('{"to":"a@b.co"}');
    expect(payload.decodeInput(text as string, "json")).toEqual({ to: "a@b.co", copies: 1 });
    expect(payload.readInput(text as string, "json")).toEqual({ to: "a@b.co" });
  });

  it.each([
    ["transforms", z.string().transform((text) => text.length), "four", 4],
    [
      "codecs",
      z.object({ at: isoDate }),
      { at: "2030-01-31T09:00:00.000Z" },
      { at: new Date(Date.UTC(2030, 0, 31, 9)) },
    ],
    ["coercion", z.object({ n: z.coerce.number() }), { n: "5" }, { n: 5 }],
    ["unions", z.union([z.string(), z.object({ a: z.int() })]), { a: 1 }, { a: 1 }],
    [
      "discriminated unions",
      z.discriminatedUnion("kind", [
        z.object({ kind: z.literal("a") }),
        z.object({ kind: z.literal("b"), n: z.int() }),
      ]),
      { kind: "b", n: 1 },
      { kind: "b", n: 1 },
    ],
    ["brands", z.object({ id: z.string().brand("OrderId") }), { id: "o1" }, { id: "o1" }],
    [
      "recursion",
      tree,
      { name: "a", children: [{ name: "b", children: [] }] },
      { name: "a", children: [{ name: "b", children: [] }] },
    ],
    ["records", z.record(z.string(), z.int()), { a: 1, constructor: 2 }, { a: 1, constructor: 2 }],
    ["tuples", z.tuple([z.string(), z.int()]), ["a", 1], ["a", 1]],
    [
      "defaults",
      z.object({ a: z.string().default("x"), b: z.string().prefault("y") }),
      {},
      { a: "x", b: "y" },
    ],
    ["preprocessing", z.preprocess((value) => String(value), z.string()), 5, "5"],
    ["catch", z.object({ a: z.string().catch("c") }), { a: 5 }, { a: "c" }],
    ["null", z.null(), null, null],
    ["nullable", z.string().nullable(), null, null],
    ["falsy values", z.tuple([z.int(), z.string(), z.boolean()]), [0, "", false], [0, "", false]],
    ["anything", z.any(), { a: [1] }, { a: [1] }],
    ["JSON", z.json(), { a: [null, "x"] }, { a: [null, "x"] }],
    ["pipes", z.string().pipe(z.string().min(1)), "a", "a"],
    ["unknown keys, which zod drops", z.object({ a: z.int() }), { a: 1, b: 2 }, { a: 1 }],
    ["unknown keys, where they are kept", z.looseObject({ a: z.int() }), { a: 1, b: 2 }, { a: 1, b: 2 }],
    ["-0, as 0", z.number(), -0, 0],
    ["an undefined property, as none", z.object({ a: z.string().optional() }), { a: undefined }, {}],
    ["asynchronous refinements", z.string().refine(async (text) => text === "a"), "a", "a"],
    ["asynchronous transforms", z.string().transform(async (text) => text.length), "four", 4],
  ])("may use %s", async (_, input, value, reached) => {
    expect(await inputTrip(input, value)).toStrictEqual(reached);
  });

  it.each([
    ["optional", z.string().optional(), undefined],
    ["default", z.object({ a: z.int() }).default({ a: 7 }), { a: 7 }],
    ["void", z.void(), undefined],
    ["any", z.any(), undefined],
    [
      "asynchronous",
      z
        .string()
        .optional()
        .transform(async (text) => text ?? "none"),
      "none",
    ],
  ])("may be left out where the schema lets it: %s", async (_, input, reached) => {
    const payload = payloadOf({ input });
    expect(await payload.encodeInput(undefined)).toBeNull();
    expect(await payload.decodeInput(null, "json")).toEqual(reached);
    expect(payload.readInput(null, "json")).toBeUndefined();
  });

  it("is refused with the task, the place and what was expected", async () => {
    const error = await refusal(() =>
      payloadOf({ input: schema }).encodeInput({ to: "s3cr3t", copies: 1.5, tags: "x" }),
    );
    expect(error.message).toBe("billing.invoice: input.to: Invalid email address (and 2 more)");
    expect(error.data).toEqual({
      task: "billing.invoice",
      side: "input",
      issues: [
        { path: ["to"], message: "Invalid email address", code: "invalid_format" },
        { path: ["copies"], message: "Invalid input: expected int, received number", code: "invalid_type" },
        { path: ["tags"], message: "Invalid input: expected array, received string", code: "invalid_type" },
      ],
    });
  });

  it("is refused when it is missing", async () => {
    const payload = payloadOf({ input: schema });
    const message = "billing.invoice: input: Invalid input: expected object, received undefined";
    expect((await refusal(() => payload.encodeInput(undefined))).message).toBe(message);
    expect((await refusal(() => payload.decodeInput(null, "json"))).message).toBe(message);
  });

  it("is refused when keys are missing or, in a strict schema, too many", async () => {
    expect((await refusal(() => inputTrip(schema, {}))).message).toBe(
      "billing.invoice: input.to: Invalid input: expected string, received undefined",
    );
    const strict = z.strictObject({ a: z.int() });
    expect((await refusal(() => inputTrip(strict, { a: 1, b: 2 }))).message).toBe(
      'billing.invoice: input: Unrecognized key: "b"',
    );
  });

  it.each([
    [{ at: new Date(0) }, "input.at is an instance of the class Date"],
    [{ n: Number.NaN }, "input.n is NaN"],
    [{ n: Number.POSITIVE_INFINITY }, "input.n is infinite"],
    [{ n: 5n }, "input.n is a bigint"],
    [[undefined], "input[0] is undefined in an array"],
    [new Map(), "input is an instance of the class Map"],
    [JSON.parse('{"__proto__":{"admin":true}}'), "input"],
    [{ a: "\0" }, "input.a is a string of length 1 with a NUL character"],
    [{ "a\ud800": 1 }, "lone surrogate"],
    [nested(10_000), "is nested deeper than 512 levels"],
    [() => 1, "input is a function"],
    [Symbol("s"), "input is a symbol"],
  ])("is refused when JSON would change it: %s", async (value, message) => {
    const error = await refusal(() => payloadOf({ input: z.any() }).encodeInput(value));
    expect(error.message).toMatch(/^billing\.invoice: input/);
    expect(error.message).toContain(message);
    expect(error.data?.issues).toMatchObject([{ code: "not_json_safe" }]);
  });

  it("is refused with the keys of the place, as those that do not fit the schema are", async () => {
    const value = { users: [{ "born at": new Date(0) }] };
    const error = await refusal(() => payloadOf({ input: z.any() }).encodeInput(value));
    expect(error.data?.issues).toMatchObject([{ path: ["users", 0, "born at"], code: "not_json_safe" }]);
    expect(error.message).toContain('input.users[0]["born at"] is an instance of the class Date');
  });

  it.each([
    ["any", z.object({ a: z.any() })],
    ["unknown", z.object({ a: z.unknown() })],
    ["a union with undefined", z.object({ a: z.union([z.string(), z.undefined()]) })],
    ["coercion", z.object({ a: z.coerce.string() })],
    ["a nested object", z.object({ list: z.array(z.object({ a: z.any() })) })],
  ])("is refused before it is stored when only its undefined property would fit: %s", async (_, input) => {
    const value = "list" in input.shape ? { list: [{ a: undefined }] } : { a: undefined };
    const error = await refusal(() => payloadOf({ input }).encodeInput(value));
    expect(error.message).toContain(
      "expected nonoptional, received undefined (make it .optional() if it may be missing or undefined: JSON leaves undefined properties out)",
    );
  });

  it("is refused when the task has none, before it is stored and after", async () => {
    const payload = payloadOf({});
    expect(payload.encodeInput(undefined)).toBeNull();
    expect(payload.decodeInput(null, "json")).toBeUndefined();
    for (const value of [null, 0, "", {}]) {
      expect((await refusal(() => payload.encodeInput(value))).message).toBe(
        "billing.invoice has no input, but one was given.",
      );
    }
    expect((await refusal(() => payload.decodeInput('{"a":1}', "json"))).message).toBe(
      "billing.invoice has no input, but one was given.",
    );
  });

  it("is checked again when it is read", async () => {
    const error = await refusal(() => payloadOf({ input: schema }).decodeInput('{"to":5}', "json"));
    expect(error.message).toBe("billing.invoice: input.to: Invalid input: expected string, received number");
  });

  it("is encoded without a promise unless the schema has code that may need one", async () => {
    expect(payloadOf({ input: schema }).encodeInput({ to: "a@b.co" })).toBe('{"to":"a@b.co"}');
    const payload = payloadOf({ input: z.string().refine(async () => true) });
    for (let round = 0; round < 3; round++) {
      const encoded = payload.encodeInput("a");
      expect(encoded).toBeInstanceOf(Promise);
      expect(await encoded).toBe('"a"');
    }
  });

  it("is checked by code of the user's once, and a promise of it that rejects ends nothing else", async () => {
    let calls = 0;
    const input = z.object({
      // Only a valid first key lets the refinement of the second run: asking once would not tell.
      kind: z.literal("a"),
      id: z.string().refine((): Promise<boolean> => {
        calls++;
        return Promise.reject(new Error("The database is down."));
      }),
    });
    const payload = payloadOf({ input });
    await refusal(() => payload.encodeInput({ kind: "a", id: 5 }));
    const error = await refusal(() => payload.encodeInput({ kind: "a", id: "x" }));
    expect(error.cause).toEqual(new Error("The database is down."));
    expect(calls).toBe(1);
  });

  it("may be asynchronous in some branches only", async () => {
    const schema = z.union([z.int(), z.string().refine(async (text) => text !== "bad")]);
    const payload = payloadOf({ input: schema });
    expect(await payload.encodeInput(5)).toBe("5");
    expect(await payload.encodeInput("a")).toBe('"a"');
    expect(await payload.encodeInput(5)).toBe("5");
    await refusal(() => payload.encodeInput("bad"));
  });
});

describe("a schema whose own code throws", () => {
  const message =
    "the schema of the input threw an error of its own (see the cause); report a bad value with ctx.addIssue() instead";

  it.each([
    ["a refinement", z.string().refine((text) => JSON.parse(text))],
    ["a transform", z.string().transform((text) => JSON.parse(text))],
    ["an asynchronous refinement", z.string().refine(async (text) => JSON.parse(text))],
    ["a date, with a RangeError", z.string().transform((text) => new Date(text).toISOString())],
    [
      "a refinement, with no Error",
      z.string().refine((text) => {
        throw text;
      }),
    ],
  ])("is a PayloadError without the value: %s", async (_, input) => {
    const error = await refusal(() => payloadOf({ input }).encodeInput("s3cr3t"));
    expect(error.message).toBe(`billing.invoice: ${message}.`);
    expect(error.cause).toBeDefined();
    expect(JSON.stringify(error)).not.toContain("s3cr3t");
    expect(error.data?.issues).toEqual([{ path: [], message, code: "custom" }]);
  });

  it("is a PayloadError even when it throws an error of this library", async () => {
    const input = z.string().refine(() => {
      throw new PayloadError({ message: "of another task", data: { task: "x", side: "input", issues: [] } });
    });
    const error = await refusal(() => payloadOf({ input }).encodeInput("a"));
    expect(error.data?.task).toBe("billing.invoice");
  });

  it("is told apart from one that is nested too deep", async () => {
    const endless: z.ZodType = z.lazy(() => z.union([endless, endless]));
    const error = await refusal(() => payloadOf({ input: endless }).encodeInput("a"));
    expect(error.message).toBe("billing.invoice: the input is nested too deep for its schema.");
  });
});

describe("an output", () => {
  it.each([
    ["null", z.null(), null],
    ["0", z.number(), 0],
    ["false", z.boolean(), false],
    ["an empty string", z.string(), ""],
    ["undefined, where it may be left out", z.string().optional(), undefined],
    ["void", z.void(), undefined],
    ["a codec", z.object({ at: isoDate }), { at: new Date(5) }],
    ["recursion", tree, { name: "a", children: [{ name: "b" }] }],
    ["a union of codecs", z.union([isoDate, z.int()]), new Date(7)],
    ["a brand", z.string().brand("Id"), "x"],
    ["a catch", z.string().catch("c"), "d"],
    ["an asynchronous refinement", z.string().refine(async () => true), "x"],
    [
      "an asynchronous codec",
      z.codec(z.string(), z.int(), { decode: async (s) => s.length, encode: async (n) => "x".repeat(n) }),
      4,
    ],
  ])("comes back as it was returned: %s", async (_, schema, value) => {
    expect(await outputTrip(schema, value)).toStrictEqual(value);
  });

  it("is stored in the schema's input form", async () => {
    expect(await payloadOf({ output: z.object({ at: isoDate }) }).encodeOutput({ at: new Date(0) })).toBe(
      '{"at":"1970-01-01T00:00:00.000Z"}',
    );
  });

  it("is not stored for a task without an output schema, whatever was returned", () => {
    const payload = payloadOf({});
    for (const value of [undefined, null, 1n, new Date(), () => 1])
      expect(payload.encodeOutput(value)).toBeNull();
    expect(payload.decodeOutput(null, "json")).toBeUndefined();
    expect(payload.decodeOutput('"from before"', "json")).toBeUndefined();
  });

  it.each([
    [
      "another type",
      z.object({ id: z.string() }),
      { id: 5 },
      "output.id: Invalid input: expected string, received number",
    ],
    [
      "nothing",
      z.object({ id: z.string() }),
      undefined,
      "output: Invalid input: expected object, received undefined",
    ],
    ["a class instance", z.any(), new Map(), "output is an instance of the class Map"],
    ["a bigint", z.any(), { n: 5n }, "output.n is a bigint"],
    ["a cycle", z.any(), Object.assign([], { 0: globalThis }), "output"],
    [
      "a codec's other side",
      z.object({ at: isoDate }),
      { at: "2030-01-31T09:00:00Z" },
      "output.at: Invalid input: expected date, received string",
    ],
    [
      "a property that JSON leaves out",
      z.object({ a: z.any() }),
      { a: undefined },
      "output.a: Invalid input: expected nonoptional, received undefined",
    ],
    [
      "a failed refinement",
      z.string().refine(async () => false, "must be free"),
      "x",
      "output: must be free",
    ],
  ])("that does not fit is refused before it is stored: %s", async (_, output, value, message) => {
    const error = await refusal(() => payloadOf({ output }).encodeOutput(value));
    expect(error.message).toContain(`billing.invoice: ${message}`);
    expect(error.data?.side).toBe("output");
  });

  it("that was stored under another schema is refused when it is read", async () => {
    const payload = payloadOf({ output: z.object({ id: z.string() }) });
    expect((await refusal(() => payload.decodeOutput('{"id":5}', "json"))).message).toBe(
      "billing.invoice: output.id: Invalid input: expected string, received number",
    );
    expect((await refusal(() => payload.decodeOutput(null, "json"))).message).toContain("received undefined");
  });
});

describe("an output schema that goes one way", () => {
  it("is refused when the task is put to use, if it could not be looked at before", () => {
    const early: z.ZodType = z.object({ child: z.lazy(() => late) });
    const { task } = t;
    const defined = task.output(early as never);
    const late = z.string().transform((text) => text.length);
    expect(() => new TaskPayload("billing.invoice", defined["~task"])).toThrow(
      expect.objectContaining({
        code: "INVALID_CONTRACT",
        message:
          'The output schema of "billing.invoice" cannot be stored and read back: output.child: .transform() only goes one way; use z.codec(), which goes both ways.',
      }),
    );
  });
});

describe("the size limit", () => {
  const tooLarge = (side: string, limit: number, bytes: number) =>
    `billing.invoice: the encoded ${side} may have ${limit} bytes and has ${bytes}; store large data elsewhere and pass its address, or raise maxPayloadBytes.`;

  it("is 256 KB, of input and of output", async () => {
    const payload = payloadOf({ input: z.string(), output: z.string() });
    const fits = "x".repeat(262_142);
    expect(payload.encodeInput(fits)).toHaveLength(262_144);
    expect(payload.encodeOutput(fits)).toHaveLength(262_144);
    const input = await refusal(() => payload.encodeInput(`${fits}x`));
    expect(input.message).toBe(tooLarge("input", 262_144, 262_145));
    expect(input.data?.issues).toMatchObject([{ path: [], code: "too_large" }]);
    const output = await refusal(() => payload.encodeOutput("y".repeat(300_000)));
    expect(output.message).toBe(tooLarge("output", 262_144, 300_002));
  });

  it("holds for shared objects too, which are small in memory and endless as text", async () => {
    let shared: unknown = 1;
    for (let level = 0; level < 100; level++) shared = { a: shared, b: shared };
    const payload = payloadOf({ input: z.any(), output: z.any() });
    for (const run of [() => payload.encodeInput(shared), () => payload.encodeOutput(shared)]) {
      const error = await refusal(run);
      expect(error.message).toContain("may have 262144 bytes and has more than 1048576; store large data");
      expect(error.data?.issues).toMatchObject([{ path: [], code: "too_large" }]);
    }
  });

  it("counts bytes of UTF-8, not characters", async () => {
    const payload = payloadOf({ input: z.string(), maxBytes: 8 });
    expect(payload.encodeInput("日本")).toBe('"日本"');
    expect((await refusal(() => payload.encodeInput("日本x"))).message).toBe(tooLarge("input", 8, 9));
    expect((await refusal(() => payload.encodeInput("😀😀"))).message).toBe(tooLarge("input", 8, 10));
  });

  it("counts what is stored, keys and escapes with it", async () => {
    const payload = payloadOf({ input: z.any(), maxBytes: 10 });
    expect(payload.encodeInput({ a: "\n" })).toBe('{"a":"\\n"}');
    await refusal(() => payload.encodeInput({ ab: "\n" }));
  });
});

describe("equal inputs", () => {
  it("have the same canonical text, whatever the order of their keys", () => {
    const payload = payloadOf({ input: z.any() });
    const text = (value: unknown) => payload.canonicalInput(payload.encodeInput(value) as string);
    expect(text({ b: [1, { d: 1, c: 2 }], a: -0 })).toBe(
      text({ a: 0, b: [1, { c: 2, d: 1 }], e: undefined }),
    );
    expect(text({ a: 1 })).not.toBe(text({ a: "1" }));
    expect(payload.canonicalInput(null)).toBe("");
  });
});
