import { describe, expect, it } from "vitest";
import * as z from "zod";
import { PayloadError } from "./errors/task-error.ts";
import { initTasks } from "./init-tasks.ts";
import { TaskPayload } from "./task-payload.ts";

const t = initTasks.create();

const isoDate = z.codec(z.iso.datetime(), z.date(), {
  decode: (text) => new Date(text),
  encode: (date) => date.toISOString(),
});
const isoDay = z.codec(z.iso.date(), z.date(), {
  decode: (text) => new Date(text),
  encode: (date) => date.toISOString().slice(0, 10),
});
const cents = z.codec(z.number(), z.string(), { decode: String, encode: Number });
const text = "2030-01-01T00:00:00.000Z";
const date = new Date(text);

/** What `get()` gives of what the handler returned, or the message of the refusal. */
async function trip(schema: z.ZodType, value: unknown): Promise<unknown> {
  const payload = new TaskPayload("report", t.task.output(schema as z.ZodString)["~task"]);
  try {
    return await payload.decodeOutput(await payload.encodeOutput(value), "json");
  } catch (error) {
    if (error instanceof PayloadError) return error.message;
    throw error;
  }
}

describe("a union with a codec that is never read back is refused when the task is defined", () => {
  it.each<[string, z.ZodType, string]>([
    ["a string before it", z.union([z.string(), isoDate]), "z.string()"],
    ["any value before it", z.union([z.any(), isoDate]), "z.any()"],
    ["a number before it", z.union([z.null(), z.number(), cents]), "z.number()"],
    ["under wrappers", z.union([z.string().optional(), isoDate.nullable()]), "z.string()"],
    ["deep inside", z.object({ list: z.array(z.union([z.string(), isoDate])) }), "z.string()"],
    ["in a pipe", z.union([z.string(), z.string().pipe(isoDate)]), "z.string()"],
  ])("%s", async (_, schema, shadow) => {
    await expect(trip(schema, date)).rejects.toThrow(
      expect.objectContaining({
        code: "INVALID_CONTRACT",
        message: expect.stringContaining(
          `a codec in the union is never read back, as ${shadow} before it takes what it stores; put the codec first, or use z.discriminatedUnion()`,
        ),
      }),
    );
  });
});

describe("an output that another option of its union would read is refused", () => {
  it("where a string looks like what the codec stores", async () => {
    const schema = z.object({ at: z.union([isoDate, z.string()]) });
    expect(await trip(schema, { at: text })).toBe(
      "report: output.at comes back as a Date, as two options of a union take what is stored; use z.discriminatedUnion(), or options that cannot be taken for each other.",
    );
    expect(await trip(schema, { at: "soon" })).toEqual({ at: "soon" });
    expect(await trip(schema, { at: date })).toEqual({ at: date });
  });

  it("where a checked string takes what the codec stores", async () => {
    const schema = z.union([z.string().min(3), isoDate]);
    expect(await trip(schema, date)).toMatch(
      /^report: output comes back as a string of length 24, as two options/,
    );
    expect(await trip(schema, "soon")).toBe("soon");
  });

  it("where objects differ in a codec", async () => {
    const schema = z.array(z.union([z.object({ a: z.string() }), z.object({ a: isoDate, b: z.int() })]));
    expect(await trip(schema, [{ a: "x" }, { a: date, b: 1 }])).toMatch(
      /^report: output\[1\]\.a comes back as a string of length 24/,
    );
  });

  it("with the keys of the place", async () => {
    const schema = z.object({ at: z.array(z.union([isoDate, z.string()])) });
    const payload = new TaskPayload("report", t.task.output(schema)["~task"]);
    await expect(payload.encodeOutput({ at: ["soon", text] })).rejects.toThrow(
      expect.objectContaining({
        data: expect.objectContaining({
          side: "output",
          issues: [expect.objectContaining({ path: ["at", 1], code: "ambiguous_union" })],
        }),
      }),
    );
  });
});

describe("an output that the same option reads is stored", () => {
  class Entity {
    readonly at: Date | string = date;
    readonly secret = "x";
  }
  it.each<[string, z.ZodType, unknown, unknown]>([
    ["of another kind", z.union([z.number(), isoDate]), date, date],
    [
      "told apart by a property",
      z.discriminatedUnion("k", [
        z.object({ k: z.literal("a"), at: z.string() }),
        z.object({ k: z.literal("b"), at: isoDate }),
      ]),
      { k: "b", at: date },
      { k: "b", at: date },
    ],
    [
      "by a codec that cuts on purpose",
      z.union([isoDay, z.literal("never")]),
      new Date("2030-01-01T05:00:00Z"),
      new Date("2030-01-01"),
    ],
    [
      "without what its schema strips",
      z.object({ at: z.union([isoDate, z.null()]) }),
      new Entity(),
      { at: date },
    ],
  ])("%s", async (_, schema, value, back) => {
    expect(await trip(schema, value)).toEqual(back);
  });
});

it("an output without such a union is not read to be stored", async () => {
  let decoded = 0;
  const counted = z.codec(z.string(), z.string(), {
    decode: (value) => {
      decoded++;
      return value;
    },
    encode: (value) => value,
  });
  const payload = new TaskPayload("report", t.task.output(z.object({ a: counted }))["~task"]);
  await payload.encodeOutput({ a: "x" });
  expect(decoded).toBe(0);
});
