import superjson from "superjson";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { PayloadError } from "./errors/task-error.ts";
import { initTasks } from "./init-tasks.ts";
import { TaskPayload } from "./task-payload.ts";

const plain = initTasks.create();
const rich = initTasks.create({ transformer: superjson });

function refusal(run: () => unknown): PayloadError {
  try {
    run();
  } catch (error) {
    if (error instanceof PayloadError) return error;
    throw error;
  }
  throw new Error("There was no PayloadError.");
}

const schema = z.object({ at: z.date(), tags: z.set(z.string()), counts: z.map(z.string(), z.bigint()) });
const value = { at: new Date(5), tags: new Set(["a"]), counts: new Map([["a", 5n]]) };

describe("a contract with superjson", () => {
  const payload = new TaskPayload("report", rich.task.input(schema).output(schema)["~task"]);

  it("keeps dates, sets, maps and bigints of inputs and outputs", () => {
    const input = payload.encodeInput(value) as string;
    expect(payload.decodeInput(input, "superjson")).toEqual(value);
    expect(payload.readInput(input, "superjson")).toEqual(value);
    const output = payload.encodeOutput(value) as string;
    expect(payload.decodeOutput(output, "superjson")).toEqual(value);
  });

  it("checks the input as the handler will get it", () => {
    const error = refusal(() => payload.encodeInput({ ...value, at: "2030" }));
    expect(error.message).toBe("report: input.at: Invalid input: expected date, received string");
  });

  it("refuses what would not come back, and what the schema refuses", () => {
    const anything = new TaskPayload("report", rich.task.input(z.any()).output(z.any())["~task"]);
    class User {
      name = "s3cr3t";
    }
    const error = refusal(() => anything.encodeInput({ user: new User() }));
    expect(error.message).toBe(
      "report: input (as superjson wrote it).json.user is an instance of the class User (send plain data, or use a codec).",
    );
    expect(refusal(() => anything.encodeOutput({ f: () => 1 })).data?.side).toBe("output");
    expect(refusal(() => anything.encodeInput(JSON.parse('{"a":{"__proto__":{}}}'))).message).toBe(
      "report: input was refused by the transformer superjson.",
    );
  });

  it("has its size limit on what superjson writes", () => {
    const small = new TaskPayload("report", rich.task.input(z.any())["~task"], 60);
    expect(small.encodeInput({ a: "x".repeat(20) })).toBeTypeOf("string");
    expect(refusal(() => small.encodeInput({ a: new Date(0), b: new Date(0) })).data?.issues).toMatchObject([
      { code: "too_large" },
    ]);
  });

  it("keeps falsy inputs and outputs", () => {
    const anything = new TaskPayload("report", rich.task.input(z.any()).output(z.any())["~task"]);
    for (const falsy of [null, 0, -0, false, "", Number.NaN]) {
      expect(anything.decodeInput(anything.encodeInput(falsy) as string, "superjson")).toBe(falsy);
      expect(anything.decodeOutput(anything.encodeOutput(falsy) as string, "superjson")).toBe(falsy);
    }
    expect(anything.encodeInput(undefined)).toBeNull();
    expect(anything.encodeOutput(undefined)).toBeNull();
    expect(anything.decodeOutput(null, "superjson")).toBeUndefined();
  });

  it("has canonical texts that do not depend on the order of keys", () => {
    const text = (given: object) => payload.canonicalInput(payload.encodeInput(given) as string);
    expect(text(value)).toBe(text({ counts: value.counts, tags: value.tags, at: value.at }));
    expect(text(value)).not.toBe(text({ ...value, at: new Date(6) }));
  });
});

describe("a task result from before the contract had a transformer", () => {
  const item = z.object({ n: z.int() });
  const before = new TaskPayload("report", plain.task.input(item).output(item)["~task"]);
  const after = new TaskPayload("report", rich.task.input(item).output(item)["~task"]);

  it("can be read", () => {
    const input = before.encodeInput({ n: 1 }) as string;
    expect(after.readInput(input, "json")).toEqual({ n: 1 });
    expect(after.decodeInput(input, "json")).toEqual({ n: 1 });
    expect(after.decodeOutput(before.encodeOutput({ n: 2 }) as string, "json")).toEqual({ n: 2 });
  });

  it("gets its output in plain JSON too, for it has one codec", () => {
    const output = after.encodeOutput({ n: 2 }, "json") as string;
    expect(output).toBe('{"n":2}');
    expect(after.decodeOutput(output, "json")).toEqual({ n: 2 });
  });

  it("refuses an output that needs the transformer", () => {
    const dated = new TaskPayload("report", rich.task.output(z.date())["~task"]);
    expect(refusal(() => dated.encodeOutput(new Date(0), "json")).message).toContain(
      "report: output is an instance of the class Date",
    );
  });

  it("cannot be read the other way round", () => {
    const error = refusal(() => before.decodeInput(after.encodeInput({ n: 1 }) as string, "superjson"));
    expect(error.message).toBe(
      'report: the input was written by the codec "superjson", and this contract has "json"; set the transformer that wrote it.',
    );
    expect(error.data?.issues).toMatchObject([{ code: "unknown_codec" }]);
    expect(() => before.encodeOutput({ n: 1 }, "superjson")).toThrow(/was written by the codec "superjson"/);
  });
});

describe("stored text", () => {
  const payload = new TaskPayload("report", plain.task.input(z.any()).output(z.any())["~task"]);

  it("of an unknown codec is refused, whose name is shown cut and escaped", () => {
    for (const read of [payload.decodeInput, payload.readInput, payload.decodeOutput]) {
      expect(() => read.call(payload, "{}", "devalue")).toThrow(/was written by the codec "devalue"/);
    }
    expect(refusal(() => payload.readInput("{}", `a\n${"b".repeat(500)}`)).message).toMatch(
      /codec "a\\nb{58}…", and/,
    );
  });

  it.each(["", "s3cr3t", '{"a":', "undefined", '{"__proto__":{"admin":true}}'])(
    "that is damaged is refused: %j",
    (text) => {
      for (const read of [payload.decodeInput, payload.readInput, payload.decodeOutput]) {
        const error = refusal(() => read.call(payload, text, "json"));
        expect(error.message).toMatch(
          new RegExp(
            `^report: the stored (in|out)put, of ${text.length} characters, cannot be read by the codec "json"\\.$`,
          ),
        );
        expect(error.data?.issues).toMatchObject([{ path: [], code: "unreadable" }]);
        expect(String((error.cause as Error | undefined)?.message)).not.toContain("s3cr3t");
      }
    },
  );
});
