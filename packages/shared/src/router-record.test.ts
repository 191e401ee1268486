import { describe, expect, it } from "vitest";
import { z } from "zod";
import { initTasks } from "./init-tasks.ts";
import { isTask, tasksByPath } from "./router-record.ts";
import { taskClient } from "./task-client.ts";
import { RESERVED_NAMES } from "./task-path.ts";
import type { TaskTransport } from "./task-transport.ts";

const t = initTasks.create();

/** As JavaScript would call it. */
function router(record: unknown) {
  return t.router(record as Record<string, typeof t.task>);
}

function expectRefusal(record: unknown, message: string | RegExp): void {
  expect(() => router(record)).toThrow(
    expect.objectContaining({
      code: "INVALID_CONTRACT",
      message: typeof message === "string" ? message : expect.stringMatching(message),
    }),
  );
}

describe("a router", () => {
  it("names tasks and routers, and cannot be changed", () => {
    const tasks = t.router({ a: t.task, inner: t.router({ b: t.task, deep: t.router({ c: t.task }) }) });
    expect([...tasksByPath(tasks).keys()]).toEqual(["a", "inner.b", "inner.deep.c"]);
    expect(tasks.inner.deep.c).toBe(t.task);
    expect(Object.isFrozen(tasks)).toBe(true);
    expect(Object.isFrozen(tasks["~router"])).toBe(true);
  });

  it("is not changed when the record that it was made of is", () => {
    const record: Record<string, typeof t.task> = { a: t.task };
    const tasks = t.router(record);
    record.b = t.task;
    expect([...tasksByPath(tasks).keys()]).toEqual(["a"]);
  });

  it("may be empty", () => {
    expect(tasksByPath(t.router({}))).toEqual(new Map());
  });

  it("may be made of an object without a prototype", () => {
    expect([...tasksByPath(router(Object.assign(Object.create(null), { a: t.task }))).keys()]).toEqual(["a"]);
  });

  it("may hold the same task and the same router under two paths", () => {
    const task = t.task.options({ priority: 7 });
    const inner = t.router({ task });
    const tasks = t.router({ one: task, two: task, left: inner, right: inner });
    expect([...tasksByPath(tasks)]).toEqual([
      ["one", task],
      ["two", task],
      ["left.task", task],
      ["right.task", task],
    ]);
  });

  it("may hold tasks of another contract, with its options", () => {
    const other = initTasks.create({ queues: ["bulk"], defaults: { queue: "bulk" } });
    expect([...tasksByPath(t.router({ a: t.task, b: other.task })).keys()]).toEqual(["a", "b"]);
  });
});

describe("what a router is made of", () => {
  it.each([
    [undefined, "undefined"],
    [null, "null"],
    ["tasks", "a string of length 5"],
    [() => ({}), "a function"],
    [[t.task], "an array of length 1"],
    [new (class Tasks {})(), /got one with another prototype/],
    [new Map(), /got one with another prototype/],
  ])("cannot be %s", (record, came) => {
    expectRefusal(
      record,
      typeof came === "string" ? `t.router() takes a plain object of tasks and routers; got ${came}.` : came,
    );
  });

  it.each([...RESERVED_NAMES].filter((name) => name !== "__proto__"))(
    "cannot be called %s, at any level",
    (name) => {
      expectRefusal(
        { [name]: t.task },
        `"${name}" is a reserved name; no task or router can be called that.`,
      );
      expectRefusal({ [name]: t.router({}) }, /is a reserved name/);
    },
  );

  it("cannot be called __proto__, as a literal, computed or parsed key", () => {
    const literal = { a: t.task, __proto__: { b: t.task } };
    expectRefusal(
      literal,
      "t.router() takes a plain object of tasks and routers; got one with another prototype (a __proto__ in an object literal sets it).",
    );
    expectRefusal({ ["__proto__"]: t.task }, /^"__proto__" is a reserved name/);
    expectRefusal(JSON.parse('{"__proto__": {}}'), /^"__proto__" is a reserved name/);
  });

  it.each(["", "a.b", "a b", "1st"])("cannot be called %j", (name) => {
    expectRefusal({ [name]: t.task }, /cannot name a task or router: use letters/);
  });

  it.each([
    [null, "null"],
    [undefined, "undefined"],
    ["task", "a string of length 4"],
    [async () => 1, "a function"],
    [{ b: t.task }, "an object"],
    [{ "~task": null }, "an object"],
    [{ "~router": "x" }, "an object"],
    [[t.task], "an array of length 1"],
    [new (class Handler {})(), "an instance of a class"],
  ])("cannot be %s", (value, kind) => {
    expectRefusal(
      { a: value },
      `"a" is neither a task (t.task…) nor a router (t.router({ … })); got ${kind}.`,
    );
  });

  it("cannot be a client's task", () => {
    const client = taskClient<{ "~router": Record<never, never> }>({} as TaskTransport);
    expectRefusal({ a: (client.tasks as Record<string, unknown>).a }, /^"a" is neither a task/);
    expectRefusal({ a: client.tasks }, /^"a" is neither a task/);
  });

  it("cannot have paths of more than 200 characters", () => {
    const level = (inner: object) => router({ ["x".repeat(60)]: inner });
    expect(() => tasksByPath(level(level(level(router({ a: t.task })))))).not.toThrow();
    expect(() => tasksByPath(level(level(level(level(t.task)))))).toThrow(
      /^The task path "x{60}…" is longer than 200 characters/,
    );
  });

  it("cannot contain itself", () => {
    const record: Record<string, unknown> = { a: t.task };
    const loop = { "~router": record };
    record.self = loop;
    expect(() => tasksByPath(loop)).toThrow(/^The task path "self\.self\..*…" is longer than 200 characters/);
  });
});

describe("a task without a queue, in a contract whose queues have no default", () => {
  const { task, router: make } = initTasks.create({ queues: ["emails", "bulk"] });

  it("is refused when it is put into a router", () => {
    expect(() => make({ a: task.options({ queue: "bulk" }), b: task })).toThrow(
      'The task "b" names no queue, and the contract\'s queues have no "default": emails, bulk. Give one in ' +
        '.options({ queue }) or in initTasks.create({ defaults: { queue } }), or add "default" to queues.',
    );
  });

  it("is fine when it has one, when the defaults have one, and when any queue is allowed", () => {
    make({ a: task.options({ queue: "bulk" }) });
    const withDefault = initTasks.create({ queues: ["emails"], defaults: { queue: "emails" } });
    withDefault.router({ a: withDefault.task });
    const any = initTasks.create({ queues: [] });
    any.router({ a: any.task });
  });
});

describe("a task whose output refers to a schema declared later", () => {
  it("is refused when it is put into a router, if that schema only goes one way", () => {
    const parent: z.ZodType = z.object({ child: z.lazy(() => late) });
    const defined = t.task.output(parent as never);
    const late: z.ZodType = z.string().transform((text) => text.length);
    expectRefusal(
      { nested: defined },
      /^The output schema of "nested" .*: output\.child: \.transform\(\) only/,
    );
  });

  it("is fine otherwise", () => {
    const parent: z.ZodType = z.object({ child: z.lazy(() => late) });
    const defined = t.task.output(parent as never);
    const late: z.ZodType = z.string();
    expect(tasksByPath(router({ nested: defined })).has("nested")).toBe(true);
  });
});

describe("tasksByPath", () => {
  it.each([
    [undefined, "undefined"],
    [null, "null"],
    [{}, "an object"],
    [{ "~router": null }, "an object"],
    [t.task, "a task"],
    [[], "an array of length 0"],
  ])("refuses %s", (value, kind) => {
    expect(() => tasksByPath(value)).toThrow(
      expect.objectContaining({
        code: "INVALID_CONTRACT",
        message: `Expected a router made by t.router({ … }) of @taskwright/shared; got ${kind}.`,
      }),
    );
  });

  it("checks the names of a router that t.router() did not make", () => {
    expect(() => tasksByPath({ "~router": { then: t.task } })).toThrow(/^"then" is a reserved name/);
    expect(() => tasksByPath({ "~router": { a: { "~router": { "b c": t.task } } } })).toThrow(
      /^"b c" under "a" cannot name a task/,
    );
  });
});

describe("isTask", () => {
  it("tells tasks from routers and other things", () => {
    expect(isTask(t.task)).toBe(true);
    for (const other of [t.router({}), {}, null, undefined, "~task", { "~task": true }]) {
      expect(isTask(other)).toBe(false);
    }
  });
});
