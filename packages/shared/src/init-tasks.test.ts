import superjson from "superjson";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { initTasks } from "./init-tasks.ts";

/** As JavaScript would call it. */
function create(options: unknown) {
  return initTasks.create(options as Record<never, never>);
}

function expectRefusal(options: unknown, message: string | RegExp): void {
  expect(() => create(options)).toThrow(
    expect.objectContaining({
      code: "INVALID_OPTION",
      message: typeof message === "string" ? message : expect.stringMatching(message),
    }),
  );
}

describe("initTasks.create", () => {
  it("has plain JSON, the queue default and the built-in options where nothing else is said", () => {
    for (const { task } of [initTasks.create(), initTasks.create({}), create(undefined)]) {
      expect(task["~task"]).toMatchObject({
        config: { codec: { id: "json" }, defaults: { queue: "default", maxRetries: 3 } },
        input: null,
        output: null,
        options: {},
      });
      expect(task["~task"].config.queues).toEqual(new Set(["default"]));
    }
  });

  it("takes a transformer, queues and defaults", () => {
    const t = initTasks.create({
      transformer: superjson,
      queues: ["default", "emails"],
      defaults: { queue: "emails", maxRetries: 9, lease: "30s", retryDelay: 5 },
    });
    expect(t.task["~task"].config).toMatchObject({
      codec: { id: "superjson" },
      defaults: { queue: "emails", maxRetries: 9, leaseMs: 30_000, retryDelayMs: 5_000, priority: 0 },
    });
  });

  it("takes an option that is undefined for absent", () => {
    const t = create({ transformer: undefined, queues: undefined, defaults: undefined });
    expect(t.task["~task"].config.codec.id).toBe("json");
  });

  it("takes an empty list of queues for any queue", () => {
    const t = initTasks.create({ queues: [] });
    expect(t.task.options({ queue: "whatever you like" })["~task"].options.queue).toBe("whatever you like");
  });

  it.each([
    [null, "initTasks.create() takes its options as a plain object; got null."],
    ["superjson", "initTasks.create() takes its options as a plain object; got a string of length 9."],
    [superjson, "initTasks.create() takes its options as a plain object; got a function."],
    [
      { transfomer: superjson },
      'initTasks.create() has no option "transfomer". Did you mean "transformer"? It has: transformer, queues, defaults.',
    ],
    [{ queue: ["a"] }, /^initTasks\.create\(\) has no option "queue"\. Did you mean "queues"\?/],
    [
      { transformer: null },
      /^transformer must have serialize and deserialize functions, as superjson has; got null\.$/,
    ],
    [{ transformer: "superjson" }, /; got a string of length 9\.$/],
    [{ transformer: { serialize: () => 1 } }, /; got an object\.$/],
    [{ queues: "emails" }, /^queues must be an array of names/],
    [{ queues: ["a", ""] }, /^queues\[1\] must be a string of 1 to 100 characters/],
    [{ defaults: null }, "defaults takes its options as a plain object; got null."],
    [{ defaults: { label: "x" } }, /^defaults has no option "label"\./],
    [{ defaults: { prority: 1 } }, /^defaults has no option "prority"\. Did you mean "priority"\?/],
    [{ defaults: { countdown: 5 } }, /^defaults has no option "countdown"\./],
    [{ defaults: { priority: 101 } }, /^priority must be an integer from -100 to 100/],
  ])("refuses %o", (options, message) => {
    expectRefusal(options, message);
  });

  it("refuses a default queue that is not among the queues", () => {
    expect(() => create({ queues: ["emails"], defaults: { queue: "email" } })).toThrow(
      expect.objectContaining({
        code: "UNKNOWN_QUEUE",
        message: 'The contract has no queue "email". Did you mean "emails"? It has: emails.',
      }),
    );
  });
});

describe("a task", () => {
  const t = initTasks.create({ queues: ["default", "emails"] });
  const schema = z.object({ to: z.email() });

  it("is added to in steps that change nothing that was there before", () => {
    const first = t.task;
    const second = first.input(schema);
    const third = second.output(z.string());
    const fourth = third.options({ queue: "emails" });
    expect(first["~task"]).toMatchObject({ input: null, output: null, options: {} });
    expect(second["~task"]).toMatchObject({ output: null, options: {} });
    expect(fourth["~task"].input).toBe(schema);
    expect(fourth["~task"].options).toEqual({ queue: "emails" });
    expect(third["~task"].options).toEqual({});
  });

  it("has the options of the later call where two say the same", () => {
    const task = t.task.options({ priority: 1, maxRetries: 1 }).options({ priority: 2 });
    expect(task["~task"].options).toEqual({ priority: 2, maxRetries: 1 });
  });

  it("has the way of waiting of the later call", () => {
    const growing = t.task.options({ retryDelay: "5s" }).options({ backoff: { initial: "2s" } });
    expect(growing["~task"].options).not.toHaveProperty("retryDelayMs");
    const byContent = t.task.options({ deduplicationId: "a" }).options({ deduplicated: true });
    expect(byContent["~task"].options).toEqual({ deduplicated: true });
  });

  it.each([
    [undefined, "undefined"],
    [null, "null"],
    ["string", "a string of length 6"],
    [{ to: z.string() }, "an object"],
    [() => z.string(), "a function"],
    [{ _def: { typeName: "ZodObject" }, parse: () => 1 }, "a schema of another library or version"],
    [{ "~standard": { vendor: "valibot" } }, "a schema of another library or version"],
    [Promise.resolve(z.string()), "a Promise (await it first)"],
  ])("refuses the schema %s", (value, kind) => {
    for (const side of ["input", "output"] as const) {
      expect(() => t.task[side](value as never)).toThrow(
        expect.objectContaining({
          code: "INVALID_CONTRACT",
          message: `.${side}() takes a zod 4 schema, such as z.object({ … }); got ${kind}.`,
        }),
      );
    }
  });

  it("takes schemas of zod mini and zod core alike", async () => {
    const mini = await import("zod/mini");
    const task = t.task.input(mini.object({ a: mini.string() })).output(mini.optional(mini.string()));
    expect(task["~task"].output).not.toBeNull();
  });

  it("refuses a one-way output when it is given, with the place, the reason and the remedy", () => {
    const oneWay = z.object({ at: z.string().transform((text) => text.length) });
    expect(() => t.task.output(oneWay)).toThrow(
      expect.objectContaining({
        code: "INVALID_CONTRACT",
        message:
          "The output schema cannot be stored and read back: output.at: .transform() only goes one way; use z.codec(), which goes both ways.",
      }),
    );
  });

  it("takes a one-way input", () => {
    expect(() => t.task.input(z.string().transform((text) => text.length))).not.toThrow();
  });

  it("refuses options that no task has, and queues that the contract does not have", () => {
    const options = (given: unknown) => t.task.options(given as Record<never, never>);
    expect(() => options({ retries: 5 })).toThrow(/^A task has no option "retries"\./);
    expect(() => options({ eta: new Date() })).toThrow(/^A task has no option "eta"\./);
    expect(() => options({ queue: "email" })).toThrow(
      /^The contract has no queue "email"\. Did you mean "emails"\?/,
    );
    expect(() => options(undefined)).toThrow("A task takes its options as a plain object; got undefined.");
  });
});
