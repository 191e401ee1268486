import { describe, expect, it } from "vitest";
import * as z from "zod";
import { issuesSummary, payloadIssues } from "./payload-issues.ts";

function failed(schema: z.ZodType, value: unknown): z.ZodError {
  const result = schema.safeParse(value);
  if (result.success) throw new Error("The value fits.");
  return result.error;
}

const summary = (schema: z.ZodType, value: unknown) => issuesSummary("input", failed(schema, value));

describe("the summary of what does not fit", () => {
  it.each<[string, z.ZodType, unknown, string]>([
    ["at the top", z.string(), 5, "input: Invalid input: expected string, received number"],
    [
      "in a property",
      z.object({ a: z.string() }),
      {},
      "input.a: Invalid input: expected string, received undefined",
    ],
    [
      "deep inside",
      z.object({ list: z.array(z.object({ "odd key": z.int() })) }),
      { list: [{ "odd key": 1 }, { "odd key": "x" }] },
      'input.list[1]["odd key"]: Invalid input: expected number, received string',
    ],
    [
      "more than once",
      z.object({ a: z.string(), b: z.string(), c: z.string() }),
      {},
      "input.a: Invalid input: expected string, received undefined (and 2 more)",
    ],
    [
      "in every alternative of a union",
      z.union([z.string(), z.int()]),
      true,
      "input: Invalid input: no alternative fits: expected string, received boolean | expected number, received boolean",
    ],
    [
      "in alternatives that are objects",
      z.object({ to: z.union([z.object({ id: z.int() }), z.object({ mail: z.email() })]) }),
      { to: { id: "5", mail: 5 } },
      "input.to: Invalid input: no alternative fits: .id: expected number, received string | .mail: expected string, received number",
    ],
    [
      "in many alternatives",
      z.union([z.string(), z.int(), z.boolean(), z.null(), z.array(z.any()), z.object({})]),
      undefined,
      "input: Invalid input: no alternative fits: expected string, received undefined | expected number, received undefined | " +
        "expected boolean, received undefined | expected null, received undefined | expected array, received undefined | …",
    ],
    [
      "in a discriminator",
      z.discriminatedUnion("kind", [z.object({ kind: z.literal("a") }), z.object({ kind: z.literal("b") })]),
      { kind: "s3cr3t" },
      "input.kind: Invalid discriminator value. Expected 'a' | 'b'",
    ],
    [
      "in a record's key",
      z.record(z.string().max(2), z.int()),
      { abc: 1 },
      "input.abc: Invalid key in record: Too big: expected string to have <=2 characters",
    ],
    [
      "with a class instance",
      z.string(),
      new (class Invoice {})(),
      "input: Invalid input: expected string, received Invoice",
    ],
    [
      "by a message of the user's",
      z.string().refine(() => false, "must be free"),
      "s3cr3t",
      "input: must be free",
    ],
  ])("%s", (_, schema, value, message) => {
    expect(summary(schema, value)).toBe(message);
  });

  it("is short, whatever came", () => {
    const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`key${index}`, 1]));
    const keys = summary(z.strictObject({}), many);
    expect(keys).toMatch(/^input: Unrecognized keys: "key0", "key1", /);
    expect(keys.length).toBeLessThan(600);
    expect(summary(z.record(z.string(), z.string()), { ["k".repeat(10_000)]: 1 }).length).toBeLessThan(200);
    let deep: z.ZodType = z.string();
    let value: unknown = 1;
    for (let level = 0; level < 100; level++) {
      deep = z.object({ a: deep });
      value = { a: value };
    }
    expect(summary(deep, value)).toBe(
      `input${".a".repeat(8)}…${".a".repeat(8)}: Invalid input: expected string, received number`,
    );
  });
});

describe("the issues", () => {
  it("have zod's paths and codes", () => {
    const error = failed(z.object({ list: z.array(z.email()), b: z.int() }), {
      list: ["a@b.co", "x"],
      b: 1.5,
    });
    expect(payloadIssues(error)).toEqual([
      { path: ["list", 1], message: "Invalid email address", code: "invalid_format" },
      { path: ["b"], message: "Invalid input: expected int, received number", code: "invalid_type" },
    ]);
  });

  it("are no more than 50", () => {
    const error = failed(
      z.array(z.string()),
      Array.from({ length: 10_000 }, (_, index) => index),
    );
    expect(payloadIssues(error)).toHaveLength(50);
    expect(issuesSummary("input", error)).toBe(
      "input[0]: Invalid input: expected string, received number (and 9999 more)",
    );
  });

  it("never have the value that came in them", () => {
    const secret = "s3cr3t-value";
    const schemas: readonly z.ZodType[] = [
      z.int(),
      z.email(),
      z.url(),
      z.uuid(),
      z.jwt(),
      z.base64(),
      z.iso.datetime(),
      z.ipv4(),
      z.enum(["a", "b"]),
      z.literal("a"),
      z.string().min(100),
      z.string().max(2),
      z.string().length(3),
      z.string().regex(/^a/),
      z.string().startsWith("a"),
      z.string().endsWith("z"),
      z.string().includes("!"),
      z.string().lowercase().uppercase(),
      z.stringbool(),
      z.templateLiteral(["a", z.int()]),
      z.union([z.int(), z.literal("x")]),
      z.custom(() => false),
      z.instanceof(Date),
      z.string().refine(() => false),
      z.array(z.int()),
      z.object({ a: z.int() }),
      z.tuple([z.int()]),
      z.record(z.string(), z.int()),
      z.map(z.string(), z.int()),
      z.null(),
      z.never(),
      z.coerce.number(),
      z.coerce.date(),
      z.string().pipe(z.coerce.bigint()),
    ];
    for (const schema of schemas) {
      for (const value of [
        secret,
        { a: secret, nested: { b: secret } },
        [secret],
        new Map([["k", secret]]),
      ]) {
        const result = schema.safeParse(value);
        if (result.success) continue;
        const text = JSON.stringify(payloadIssues(result.error)) + issuesSummary("input", result.error);
        expect(text, schema._zod.def.type).not.toContain(secret);
      }
    }
  });
});
