import { createTaskServer, type TaskServer } from "@taskwright/server";
import { initTasks } from "@taskwright/shared";
import { expect } from "vitest";
import { z } from "zod";
import type { ConformanceSection } from "./conformance-case.ts";
import type { ServerUnderTest } from "./server-under-test.ts";

const t = initTasks.create({ queues: ["default", "emails"] });
const anyObject = z.object({}).catchall(z.any());
const contract = t.router({
  exact: t.task.input(z.strictObject({ name: z.string(), tags: z.array(z.string()) })),
  anything: t.task.input(anyObject).output(anyObject),
});

class Money {
  readonly amount = 1;
}

function cycle(): object {
  const own: { self?: object } = {};
  own.self = { list: [own] };
  return own;
}

function nested(depth: number): object {
  let value = {};
  for (let level = 0; level < depth; level++) value = { inner: value };
  return value;
}

/** What no wire of plain JSON can carry: what it is, the value, and what the error must say. */
const UNSAFE: readonly (readonly [string, () => object, string])[] = [
  ["NaN", () => ({ a: Number.NaN }), "a is NaN"],
  ["Infinity", () => ({ a: [Number.POSITIVE_INFINITY] }), "a[0] is infinite"],
  ["a bigint", () => ({ a: 1n }), "a is a bigint"],
  ["a cycle", cycle, "contains itself"],
  ["a Date", () => ({ at: new Date(0) }), "at is an instance of the class Date"],
  ["undefined in an array", () => ({ a: [1, undefined] }), "a[1] is undefined"],
  ["a hole in an array", () => ({ a: new Array(1) }), "a[0] is a hole"],
  ["a class instance", () => ({ a: new Money() }), "a is an instance of the class Money"],
  ["a function", () => ({ a: () => 1 }), "a is a function"],
  ["a symbol", () => ({ a: Symbol("a") }), "a is a symbol"],
  ["a Map", () => ({ a: new Map() }), "a is an instance of the class Map"],
  ["bytes", () => ({ a: new Uint8Array(3) }), "a is an instance of the class Uint8Array"],
  ["a __proto__ key", () => JSON.parse('{"a":{"__proto__":{"admin":true}}}') as object, "__proto__"],
  ["a lone surrogate", () => ({ a: "\ud83d" }), "a is a string of length 1 with a lone surrogate"],
  ["a NUL character", () => ({ a: "a\0b" }), "a is a string of length 3 with a NUL"],
  ["300 KB", () => ({ a: "x".repeat(300_000) }), "may have 262144 bytes and has 300008"],
  ["10,000 levels", () => nested(10_000), "deeper than 512 levels"],
];

/** Options that mean nothing: the options, and what the error must say. */
const SENSELESS: readonly (readonly [object, string])[] = [
  [{ countdown: -1 }, "countdown must be"],
  [{ countdown: "5 minutes" }, "countdown must be"],
  [{ countdown: Number.NaN }, "countdown must be"],
  [{ eta: new Date("?") }, "eta must be a valid Date"],
  [{ runAfter: "2030-02-30T00:00:00Z" }, "runAfter must be a valid Date"],
  [{ runAfter: "tomorrow" }, "runAfter must be a valid Date"],
  [{ countdown: 1, eta: new Date() }, "give only one of them"],
  [{ countdown: "1s", runAfter: new Date() }, "give only one of them"],
  [{ eta: new Date(), runAfter: new Date() }, "give only one of them"],
  [{ queue: "email" }, 'Did you mean "emails"?'],
  [{ queue: "" }, "queue must be a string of 1 to 100"],
  [{ priority: 101 }, "priority must be an integer from -100 to 100"],
  [{ priority: 1.5 }, "priority must be an integer from -100 to 100"],
  [{ priority: "high" }, "priority must be an integer from -100 to 100"],
  [{ maxRetries: -1 }, "maxRetries must be an integer from 0"],
  [{ maxRetries: Number.POSITIVE_INFINITY }, "maxRetries must be an integer from 0"],
  [{ expires: "0s" }, "expires must be longer than zero"],
  [{ timeout: "0ms" }, "timeout must be longer than zero"],
  [{ timeout: 30 }, "timeout must be a duration"],
  [{ deduplicated: true, deduplicationWindow: "0s" }, "deduplicationWindow must be longer than zero"],
  [{ deduplicationId: "" }, "deduplicationId must be a string of 1 to 200"],
  [{ deduplicated: "yes" }, "deduplicated must be true or false"],
  [{ tags: "a" }, "tags must be an array"],
  [{ retryDelay: "1s", backoff: {} }, "give only one of them"],
  [{ maxretries: 1 }, 'Did you mean "maxRetries"?'],
  [{ prioritty: 1 }, 'Did you mean "priority"?'],
  [{ label: "a" }, "A call has no option"],
  [{ backend: "bulk" }, "is not configured"],
];

function serve(bench: ServerUnderTest, output: () => unknown = () => ({})): TaskServer<typeof contract> {
  return createTaskServer({
    logger: false,
    tasks: contract,
    backend: bench.backend,
    handlers: { exact: () => {}, anything: () => output() as Record<string, unknown> },
    host: bench.host,
  });
}

async function refusal(
  promise: Promise<unknown>,
): Promise<{ code: string; message: string; data?: unknown }> {
  return promise.then(
    () => {
      throw new Error("It was accepted.");
    },
    (error) => error,
  );
}

export const serverBadInputSection: ConformanceSection<ServerUnderTest> = {
  title: "servers: bad input",
  rows: ["validation", "JSON safety", "size"],
  cases: [
    {
      name: "wrong types, missing and extra keys are refused with their paths before anything is stored",
      run: async (bench) => {
        const { exact } = serve(bench).client.tasks;
        const bad: readonly (readonly [unknown, readonly unknown[], string])[] = [
          [{ name: 7, tags: [] }, ["name"], "expected string, received number"],
          [{ name: "a", tags: ["a", null] }, ["tags", 1], "expected string, received null"],
          [{ name: "a" }, ["tags"], "expected array, received undefined"],
          [{ name: "a", tags: [], more: 1 }, [], 'Unrecognized key: "more"'],
          ["a", [], "expected object, received string"],
          [undefined, [], "expected object, received undefined"],
        ];
        for (const [input, path, message] of bad) {
          for (const call of [exact.delay(input as never), exact.enqueueMany([input as never])]) {
            const error = await refusal(call);
            expect(error.code).toBe("PAYLOAD_ERROR");
            expect(error.message).toContain(message);
            expect(error.data).toMatchObject({ task: "exact", side: "input", issues: [{ path }] });
          }
        }
        expect(bench.batches).toEqual([]);
      },
    },
    {
      name: "what would not survive the trip is refused with its place, and never its value, before anything is stored",
      run: async (bench) => {
        const { anything } = serve(bench).client.tasks;
        for (const [what, make, message] of UNSAFE) {
          const error = await refusal(anything.delay(make() as never));
          expect(error.code, what).toBe("PAYLOAD_ERROR");
          expect(error.message, what).toContain(message);
          expect(error.message.length, what).toBeLessThan(500);
        }
        expect(bench.batches).toEqual([]);
      },
    },
    {
      name: "a key called constructor and a negative zero are data, and 250 KB and 500 levels have room",
      needs: ["leases"],
      run: async (bench) => {
        const server = serve(bench);
        const inputs = [
          { constructor: 1, prototype: 2 },
          { zero: -0 },
          { a: "x".repeat(250_000) },
          nested(500),
        ];
        for (const input of inputs) {
          const result = await server.client.tasks.anything.delay(input as Record<string, unknown>);
          expect((await result.refresh()).input).toEqual(JSON.parse(JSON.stringify(input)));
        }
        expect(await server.executor.processTasks()).toHaveLength(4);
      },
    },
    {
      name: "an output that would not survive the trip fails its task at once, with its place",
      needs: ["leases"],
      run: async (bench) => {
        let output: () => unknown = () => ({});
        const server = serve(bench, () => output());
        for (const [what, make, message] of [
          ...UNSAFE,
          ["nothing", () => undefined, "expected object"] as const,
        ]) {
          output = make;
          const result = await server.client.tasks.anything.delay({});
          const [record] = await server.executor.processTasks();
          expect(record, what).toMatchObject({ id: result.id, status: "FAILED", attempts: 1 });
          expect(record?.errors, what).toMatchObject([{ type: "PAYLOAD_ERROR" }]);
          expect(record?.errors[0]?.message, what).toContain(message);
        }
      },
    },
    {
      name: "options that mean nothing are refused, with the nearest name, before anything is stored",
      run: async (bench) => {
        const { exact } = serve(bench).client.tasks;
        const input = { name: "a", tags: [] };
        for (const [options, message] of SENSELESS) {
          const calls = [
            exact.enqueue(input, options as never),
            exact.applyAsync(input, options as never),
            exact.using(options as never).delay(input),
            exact.enqueueMany([input], options as never),
          ];
          for (const call of calls) {
            const error = await refusal(call);
            expect(error.code).toMatch(/^(INVALID_OPTION|UNKNOWN_QUEUE|UNKNOWN_BACKEND)$/);
            expect(error.message).toContain(message);
          }
        }
        expect(bench.batches).toEqual([]);
      },
    },
    {
      name: "a path that no task has is refused with the nearest one",
      run: async (bench) => {
        const tasks = serve(bench).client.tasks as unknown as Record<string, typeof contract.exact>;
        const call = (tasks.exakt as unknown as { delay(input: object): Promise<unknown> }).delay({});
        expect(await refusal(call)).toMatchObject({
          code: "UNKNOWN_TASK",
          message: expect.stringContaining('Did you mean "exact"?'),
        });
      },
    },
  ],
};
