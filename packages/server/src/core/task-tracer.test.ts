import { initTasks } from "@taskwright/shared";
import { describe, expect, onTestFinished, test } from "vitest";
import { createTestServer } from "../testing/create-test-server.ts";
import type { AttemptSpan, EnqueueSpan, Tracing } from "./tracing.ts";

const t = initTasks.create();
const tasks = t.router({ work: t.task, broken: t.task.options({ maxRetries: 0 }) });

function fail(): never {
  throw new Error("the tracer broke");
}

const enqueueSpan: EnqueueSpan = { headers: { traceparent: "00" }, within: (work) => work(), end: () => {} };
const attemptSpan: AttemptSpan = { within: (work) => work(), end: () => {} };
const plain: Tracing = { startEnqueue: () => enqueueSpan, startAttempt: () => attemptSpan };

function serve(tracing: Tracing) {
  const told: { level: string; facts: Record<string, unknown>; message: string }[] = [];
  const tell = (level: string) => (facts: object, message: string) =>
    void told.push({ level, facts: { ...facts }, message });
  let runs = 0;
  const server = createTestServer({
    tasks,
    tracing,
    handlers: {
      work: () => {
        runs++;
      },
      broken: () => {
        runs++;
        throw new RangeError("the handler's own");
      },
    },
    logger: { debug: tell("debug"), info: tell("info"), warn: tell("warn"), error: tell("error") },
  });
  return { server, told, runs: () => runs };
}

describe("a tracer that breaks harms no task, and is told of", () => {
  const broken: readonly (readonly [string, Tracing])[] = [
    ["when an enqueue begins", { ...plain, startEnqueue: fail }],
    ["when an enqueue ends", { ...plain, startEnqueue: () => ({ ...enqueueSpan, end: fail }) }],
    ["when an attempt begins", { ...plain, startAttempt: fail }],
    ["when an attempt ends", { ...plain, startAttempt: () => ({ ...attemptSpan, end: fail }) }],
    ["before an enqueue is called", { ...plain, startEnqueue: () => ({ ...enqueueSpan, within: fail }) }],
    ["before a handler is called", { ...plain, startAttempt: () => ({ ...attemptSpan, within: fail }) }],
    [
      "after a handler was called",
      {
        ...plain,
        startAttempt: () => ({
          ...attemptSpan,
          within: (work) => {
            work();
            return fail();
          },
        }),
      },
    ],
    [
      "later, when an attempt ends",
      { ...plain, startAttempt: () => ({ ...attemptSpan, end: async () => fail() }) },
    ],
    [
      "by headers that are none",
      { ...plain, startEnqueue: () => ({ ...enqueueSpan, headers: null as never }) },
    ],
  ];
  test.each(broken)("%s", async (_, tracing) => {
    const { server, told, runs } = serve(tracing);
    const result = await server.client.tasks.work.delay();
    await server.drain();
    expect(await result.refresh()).toMatchObject({ status: "SUCCESSFUL", attempts: 1 });
    expect(runs()).toBe(1);
    const warnings = told.filter(({ level }) => level === "warn");
    expect(warnings).toMatchObject([
      {
        message: "Tracing threw; the task goes on without it.",
        facts: { task: "work", err: expect.any(Error) },
      },
    ]);
  });

  test("by spans that are none", async () => {
    const { server, told, runs } = serve({
      startEnqueue: () => null as never,
      startAttempt: () => undefined as never,
    });
    await server.client.tasks.work.delay();
    await server.drain();
    await server.run.work();
    expect(runs()).toBe(2);
    expect(told).toEqual([]);
  });
});

test("a tracer that calls twice has the handler run once", async () => {
  const { server, runs } = serve({
    startEnqueue: () => ({
      ...enqueueSpan,
      within: (work) => {
        work();
        return work();
      },
    }),
    startAttempt: () => ({
      ...attemptSpan,
      within: (work) => {
        work();
        return work();
      },
    }),
  });
  await server.client.tasks.work.delay();
  await server.drain();
  expect(runs()).toBe(1);
  expect(server.enqueued()).toHaveLength(1);
});

test("what a handler throws, and what refuses an enqueue, is told to the tracer and is no failure of it", async () => {
  const ends: unknown[] = [];
  const { server, told } = serve({
    startEnqueue: () => ({ ...enqueueSpan, end: (end) => void ends.push(end) }),
    startAttempt: () => ({
      ...attemptSpan,
      end: (outcome, error) => void ends.push([outcome, error?.message]),
    }),
  });
  const { id } = await server.client.tasks.broken.delay();
  await server.drain();
  await server.close();
  await expect(server.client.tasks.work.delay()).rejects.toMatchObject({ code: "CLOSED" });
  expect(ends).toEqual([
    { kind: "stored", stored: [{ id, deduplicated: false, status: "READY" }] },
    ["failed", "the handler's own"],
    { kind: "failed", error: expect.objectContaining({ code: "CLOSED" }) },
  ]);
  expect(told.map(({ message }) => message)).not.toContain("Tracing threw; the task goes on without it.");
});

test("a tracer that waits for the work is told nothing twice, and what fails ends no process", async () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown) => void unhandled.push(error);
  process.on("unhandledRejection", note);
  onTestFinished(() => void process.off("unhandledRejection", note));
  const within = (async (work: () => unknown) => work()) as never;
  const { server, told } = serve({
    startEnqueue: () => ({ ...enqueueSpan, within }),
    startAttempt: () => ({ ...attemptSpan, within }),
  });
  const result = await server.client.tasks.work.delay();
  await server.drain();
  expect(await result.status()).toBe("SUCCESSFUL");
  await server.close();
  await expect(server.client.tasks.work.delay()).rejects.toMatchObject({ code: "CLOSED" });
  await new Promise((resolve) => setImmediate(resolve));
  expect(unhandled).toEqual([]);
  expect(told).toEqual([]);
});

test("headers that are too long are left out with a word to whoever looks for it", async () => {
  const origins: unknown[] = [];
  const { server, told } = serve({
    startEnqueue: () => ({ ...enqueueSpan, headers: { traceparent: "00", baggage: "b".repeat(5_000) } }),
    startAttempt: ({ origin }) => {
      origins.push(origin);
      return attemptSpan;
    },
  });
  await server.client.tasks.work.delay();
  await server.drain();
  expect(origins).toEqual([{ headers: { traceparent: "00" }, isOneOfMany: false }]);
  expect(told.filter(({ level }) => level === "debug")).toMatchObject([{ facts: { headers: ["baggage"] } }]);
});
