import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { initTasks } from "./init-tasks.ts";
import { taskClient } from "./task-client.ts";
import type { TaskTransport } from "./task-transport.ts";

const t = initTasks.create({ queues: [] });
const tasks = t.router({
  sendEmail: t.task.input(z.object({ to: z.string() })).output(z.string()),
  tick: t.task,
  billing: t.router({ invoice: t.task.input(z.int().optional()) }),
});

type Call = readonly [method: keyof TaskTransport, argument: unknown, more?: unknown];

function clientOver(answers: Partial<TaskTransport> = {}) {
  const calls: Call[] = [];
  const record =
    (method: keyof TaskTransport) =>
    async (argument: unknown, ...more: unknown[]): Promise<never> => {
      calls.push([method, argument, ...more] as unknown as Call);
      const answer = answers[method] as ((...args: unknown[]) => unknown) | undefined;
      return answer?.(argument, ...more) as never;
    };
  let count = 0;
  const enqueued = () => ({ id: `id-${++count}`, deduplicated: false, status: "READY" as const });
  answers.enqueue ??= async () => enqueued();
  answers.enqueueMany ??= async ({ inputs }) => inputs.map(enqueued);
  const transport: TaskTransport = {
    enqueue: record("enqueue"),
    enqueueMany: record("enqueueMany"),
    getResult: record("getResult"),
    waitForResult: record("waitForResult"),
    cancel: record("cancel"),
    watchProgress: () => expect.fail("not asked for"),
    listResults: record("listResults"),
  };
  return { client: taskClient<typeof tasks>(transport), calls };
}

/** As JavaScript would call it. */
// biome-ignore lint/suspicious/noExplicitAny: what the types refuse is what is tried
const untyped = (client: unknown): any => client;

describe("enqueuing", () => {
  it("sends the path, the input and no options", async () => {
    const { client, calls } = clientOver();
    const result = await client.tasks.sendEmail.delay({ to: "a" });
    await client.tasks.billing.invoice.delay();
    await client.tasks.tick.delay();
    expect(result).toMatchObject({ id: "id-1", taskId: "id-1", deduplicated: false });
    expect(calls).toEqual([
      ["enqueue", { path: "sendEmail", input: { to: "a" }, options: [] }],
      ["enqueue", { path: "billing.invoice", input: undefined, options: [] }],
      ["enqueue", { path: "tick", input: undefined, options: [] }],
    ]);
  });

  it("hands the input on as it is, also when it is falsy", async () => {
    const { client, calls } = clientOver();
    for (const input of [null, 0, false, ""]) await untyped(client).tasks.sendEmail.delay(input);
    expect(calls.map(([, call]) => (call as { input: unknown }).input)).toEqual([null, 0, false, ""]);
  });

  it("sends the options of applyAsync and enqueue", async () => {
    const { client, calls } = clientOver();
    await client.tasks.sendEmail.applyAsync({ to: "a" }, { countdown: 5 });
    await client.tasks.sendEmail.enqueue({ to: "b" }, { priority: 5 });
    await client.tasks.tick.enqueue(undefined, { queue: "x" });
    expect(calls.map(([, call]) => (call as { options: unknown }).options)).toEqual([
      [{ countdown: 5 }],
      [{ priority: 5 }],
      [{ queue: "x" }],
    ]);
  });

  it("sends the levels of using in the order they were said, the call's last", async () => {
    const { client, calls } = clientOver();
    const derived = client.tasks.sendEmail.using({ priority: 1 }).using({ priority: 2, queue: "a" });
    await derived.applyAsync({ to: "a" }, { priority: 3 });
    await derived.delay({ to: "b" });
    await client.tasks.sendEmail.delay({ to: "c" });
    expect(calls.map(([, call]) => (call as { options: unknown }).options)).toEqual([
      [{ priority: 1 }, { priority: 2, queue: "a" }, { priority: 3 }],
      [{ priority: 1 }, { priority: 2, queue: "a" }],
      [],
    ]);
  });

  it("of many sends them as one call and gives a handle for each, in order", async () => {
    const { client, calls } = clientOver();
    const results = await client.tasks.sendEmail
      .using({ queue: "a" })
      .enqueueMany([{ to: "a" }, { to: "b" }], { backend: "bulk" });
    expect(results.map((result) => result.id)).toEqual(["id-1", "id-2"]);
    expect(calls).toEqual([
      [
        "enqueueMany",
        {
          path: "sendEmail",
          inputs: [{ to: "a" }, { to: "b" }],
          options: [{ queue: "a" }, { backend: "bulk" }],
        },
      ],
    ]);
    expect(await client.tasks.sendEmail.enqueueMany([])).toEqual([]);
  });

  it("tells when it was one too many", async () => {
    const { client } = clientOver({
      enqueue: async () => ({ id: "first", deduplicated: true, status: "RUNNING" }),
    });
    expect(await client.tasks.tick.delay()).toMatchObject({ id: "first", deduplicated: true });
  });

  it("with a second argument to delay is refused, and nothing is sent", async () => {
    const { client, calls } = clientOver();
    await expect(untyped(client).tasks.sendEmail.delay({ to: "a" }, { countdown: 5 })).rejects.toMatchObject({
      code: "INVALID_OPTION",
      message:
        "delay() takes the input only; got 2 arguments. Options go to applyAsync(input, options); as a callback, write (input) => delay(input).",
    });
    await expect(untyped(client).tasks.sendEmail.delay({ to: "a" }, undefined)).rejects.toMatchObject({
      code: "INVALID_OPTION",
    });
    expect(calls).toEqual([]);
  });

  it("rejects, and never throws, when the transport does either", async () => {
    const broken = () => {
      throw new Error("broken");
    };
    const transport = {
      enqueue: broken,
      enqueueMany: broken,
      getResult: broken,
      cancel: broken,
      listResults: broken,
    };
    const client = taskClient<typeof tasks>(transport as unknown as TaskTransport);
    const task = client.tasks.tick;
    const attempts = [
      () => task.delay(),
      () => task.enqueue(),
      () => task.enqueueMany([]),
      () => task.result("x").status(),
      () => task.result("x").cancel(),
      () => client.results.get("x"),
      () => client.results.list(),
      () => client.results.cancel("x"),
    ];
    for (const attempt of attempts) await expect(attempt()).rejects.toThrow("broken");
  });
});

describe("the backend of a handle", () => {
  it("is the nearest that the options name", async () => {
    const { client, calls } = clientOver();
    const bulk = client.tasks.tick.using({ backend: "bulk" });
    await (await bulk.delay()).status().catch(() => {});
    await (await bulk.enqueue(undefined, { backend: "fast" })).status().catch(() => {});
    await (await client.tasks.tick.delay()).status().catch(() => {});
    await bulk
      .result("known")
      .status()
      .catch(() => {});
    await client.tasks.tick
      .result("known")
      .status()
      .catch(() => {});
    expect(calls.filter(([method]) => method === "getResult").map(([, address]) => address)).toEqual([
      { id: "id-1", path: "tick", backend: "bulk" },
      { id: "id-2", path: "tick", backend: "fast" },
      { id: "id-3", path: "tick", backend: null },
      { id: "known", path: "tick", backend: "bulk" },
      { id: "known", path: "tick", backend: null },
    ]);
  });
});

describe("client.results", () => {
  it("reads, lists and cancels whatever the task", async () => {
    const { client, calls } = clientOver();
    await client.results.get("a");
    await client.results.get("b", { backend: "bulk" });
    await client.results.cancel("c", { backend: "bulk" });
    await client.results.list();
    await client.results.list({ status: "FAILED", limit: 5 });
    expect(calls).toEqual([
      ["getResult", { id: "a", path: null, backend: null }],
      ["getResult", { id: "b", path: null, backend: "bulk" }],
      ["cancel", { id: "c", path: null, backend: "bulk" }],
      ["listResults", {}],
      ["listResults", { status: "FAILED", limit: 5 }],
    ]);
  });

  it("refuses options that it does not have", async () => {
    const { client, calls } = clientOver();
    const { results } = untyped(client);
    await expect(results.list({ stauts: "FAILED" })).rejects.toMatchObject({
      code: "INVALID_OPTION",
      message: expect.stringMatching(
        /^results\.list\(\) has no option "stauts"\. Did you mean "status"\? It has: status, queue,/,
      ),
    });
    await expect(results.get("a", { backends: "x" })).rejects.toThrow(
      'results.get() has no option "backends". Did you mean "backend"? It has: backend.',
    );
    await expect(results.cancel("a", "bulk")).rejects.toThrow(
      "results.cancel() takes its options as a plain object; got a string of length 4.",
    );
    expect(calls).toEqual([]);
  });
});

describe("the client as an object", () => {
  it("can be awaited at any level without hanging", async () => {
    const { client, calls } = clientOver();
    expect(await client).toBe(client);
    expect(await client.tasks).toBe(client.tasks);
    expect(await client.tasks.billing).toBe(client.tasks.billing);
    expect(await client.tasks.sendEmail).toBe(client.tasks.sendEmail);
    expect(calls).toEqual([]);
  });

  it("can be printed", () => {
    const { client } = clientOver();
    for (const value of [
      client,
      client.tasks,
      client.tasks.billing,
      client.tasks.sendEmail,
      client.results,
    ]) {
      expect(JSON.stringify(value)).toBeTypeOf("string");
      expect(inspect(value, { depth: Number.POSITIVE_INFINITY })).toBeTypeOf("string");
    }
    expect(JSON.stringify(client)).toBe('{"tasks":{},"results":{}}');
  });

  it("cannot be changed", () => {
    const { client } = clientOver();
    for (const value of [
      client,
      client.tasks,
      client.results,
      client.tasks.sendEmail,
      client.tasks.sendEmail.using({}),
    ]) {
      expect(() => {
        (value as unknown as Record<string, unknown>).delay = 1;
      }).toThrow(TypeError);
    }
  });
});
