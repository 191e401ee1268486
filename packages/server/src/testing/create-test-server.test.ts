import { initTasks } from "@taskwright/shared";
import { expect, test, vi } from "vitest";
import * as z from "zod";
import { NonRetryable, RetryAfter } from "../core/handler-signals.ts";
import { createTestServer } from "./create-test-server.ts";

const t = initTasks.create();
const tasks = t.router({
  sendEmail: t.task
    .input(z.object({ to: z.string(), tags: z.array(z.string()).optional() }))
    .output(z.object({ messageId: z.string() }))
    .options({ retryDelay: "10s" }),
  cleanUp: t.task,
  billing: t.router({ invoice: t.task.input(z.object({ orderId: z.int() })).options({ backend: "bills" }) }),
});
const handlers = {
  sendEmail: ({ input }: { input: { to: string } }) => ({ messageId: `mail to ${input.to}` }),
  cleanUp: () => {},
  billing: { invoice: () => {} },
};
/** A transformer that writes dates as objects. */
const DATES = {
  id: "dates",
  serialize: (value: unknown): unknown =>
    value instanceof Date ? { date: value.getTime() } : mapped(value, DATES.serialize),
  deserialize: (value: unknown): unknown =>
    typeof value === "object" && value !== null && "date" in value
      ? new Date(value.date as number)
      : mapped(value, DATES.deserialize),
};
const START = new Date("2030-01-01T08:59:00Z");

test("what is enqueued waits until it is drained", async () => {
  await using server = createTestServer({ tasks, handlers });
  const result = await server.client.tasks.sendEmail.delay({ to: "ada" });
  expect(await result.status()).toBe("READY");
  expect(await server.drain()).toMatchObject([
    { id: result.id, status: "SUCCESSFUL", output: { messageId: "mail to ada" } },
  ]);
  expect(await result.get()).toEqual({ messageId: "mail to ada" });
  expect(await server.drain()).toEqual([]);
});

test("a drain runs what handlers enqueue, and leaves what is due later alone", async () => {
  await using server = createTestServer({
    tasks,
    handlers: {
      ...handlers,
      cleanUp: async ({ client }) => {
        await client.tasks.sendEmail.delay({ to: "now" });
        await client.tasks.sendEmail.applyAsync({ to: "later" }, { countdown: "1h" });
      },
    },
  });
  await server.client.tasks.cleanUp.delay();
  const results = await server.drain();
  expect(results.map(({ path, status }) => [path, status])).toEqual([
    ["cleanUp", "SUCCESSFUL"],
    ["sendEmail", "SUCCESSFUL"],
  ]);
  expect(server.enqueued("sendEmail", { to: "later" })).toMatchObject([{ status: "READY" }]);
  await server.clock.advance("1h");
  expect(await server.drain()).toMatchObject([{ input: { to: "later" }, status: "SUCCESSFUL" }]);
});

test("a drain with what is scheduled moves the clock to it, in the order of its times", async () => {
  const at: string[] = [];
  await using server = createTestServer({
    tasks,
    now: START,
    handlers: {
      ...handlers,
      sendEmail: ({ input }) => {
        at.push(`${input.to} ${server.clock.now().toISOString()}`);
        return { messageId: "" };
      },
    },
  });
  const { sendEmail } = server.client.tasks;
  await sendEmail.applyAsync({ to: "second" }, { countdown: "2h" });
  await sendEmail.applyAsync({ to: "first" }, { runAfter: "2030-01-01T09:00:00Z" });
  expect(await server.drain({ withRetries: true })).toEqual([]);
  expect(server.clock.now()).toEqual(START);
  await server.drain({ withScheduled: true });
  expect(at).toEqual(["first 2030-01-01T09:00:00.000Z", "second 2030-01-01T10:59:00.000Z"]);
});

test("retries are made when the drain is to make them, and recorded", async () => {
  await using server = createTestServer({
    tasks,
    now: START,
    handlers: {
      ...handlers,
      sendEmail: ({ attempt }) => {
        if (attempt.number === 1) throw new Error("busy");
        if (attempt.number === 2) throw new RetryAfter("1h");
        return { messageId: `at attempt ${attempt.number}` };
      },
    },
  });
  await server.client.tasks.sendEmail.delay({ to: "ada" });
  expect(await server.drain({ withScheduled: true })).toMatchObject([{ status: "READY", attempts: 1 }]);
  expect(server.clock.now()).toEqual(START);
  const [result] = await server.drain({ withRetries: true });
  expect(result).toMatchObject({ status: "SUCCESSFUL", output: { messageId: "at attempt 3" }, attempts: 3 });
  expect(result?.errors.map(({ type }) => type)).toEqual(["EXECUTION_ERROR", "EXECUTION_ERROR"]);
  expect(server.clock.now()).toEqual(new Date("2030-01-01T09:59:10Z"));
});

test("a drain tells the last state of each task, by the end of its last attempt", async () => {
  await using server = createTestServer({
    tasks,
    handlers: {
      ...handlers,
      sendEmail: ({ input, attempt }) => {
        if (input.to === "twice" && attempt.number === 1) throw new Error("busy");
        if (input.to === "never") throw new NonRetryable("gone");
        return { messageId: "" };
      },
    },
  });
  await server.client.tasks.sendEmail.enqueueMany([{ to: "twice" }, { to: "never" }, { to: "once" }]);
  const results = await server.drain({ withRetries: true });
  expect(results.map(({ input, status, attempts }) => [input, status, attempts])).toEqual([
    [{ to: "never" }, "FAILED", 1],
    [{ to: "once" }, "SUCCESSFUL", 1],
    [{ to: "twice" }, "SUCCESSFUL", 2],
  ]);
});

test("a limit ends a drain quietly; without one, a task without an end is an error", async () => {
  let runs = 0;
  await using server = createTestServer({
    tasks,
    handlers: {
      ...handlers,
      cleanUp: async ({ client }) => {
        if (++runs < 2_000) await client.tasks.cleanUp.delay();
      },
    },
  });
  await server.client.tasks.cleanUp.delay();
  expect(await server.drain({ limit: 3 })).toHaveLength(3);
  expect(runs).toBe(3);
  await expect(server.drain()).rejects.toThrow(/does not come to an end/);
  expect(runs).toBe(1_004);
});

test("as many attempts as are allowed without a limit are no error", async () => {
  await using server = createTestServer({ tasks, handlers });
  await server.client.tasks.sendEmail.enqueueMany(Array.from({ length: 1_000 }, (_, n) => ({ to: `${n}` })));
  expect(await server.drain()).toHaveLength(1_000);
});

test("schedules tick as the clock passes their times, each at its own", async () => {
  await using server = createTestServer({ tasks, handlers, now: START });
  const schedule = { id: "hourly", task: "sendEmail", input: { to: "ada" }, cron: "0 * * * *" } as const;
  await server.client.schedules.create(schedule);
  await server.clock.advance("59s");
  expect(server.enqueued()).toEqual([]);
  await server.clock.advance("2h");
  expect(server.enqueued("sendEmail")).toMatchObject([
    { scheduleId: "hourly", enqueuedAt: new Date("2030-01-01T09:00:00Z"), input: { to: "ada" } },
    { scheduleId: "hourly", enqueuedAt: new Date("2030-01-01T10:00:00Z") },
  ]);
  expect(await server.drain()).toHaveLength(2);
  await server.client.schedules.pause("hourly");
  await server.clock.advance("2h");
  expect(server.enqueued()).toHaveLength(2);
  await server.client.schedules.resume("hourly");
  await server.clock.advanceTo("2030-01-01T13:00:00Z");
  expect(server.enqueued()).toHaveLength(3);
});

test("a drain that moves the clock runs the ticks on the way", async () => {
  await using server = createTestServer({ tasks, handlers, now: START });
  await server.client.schedules.create({ task: "cleanUp", cron: "0 * * * *" });
  await server.client.tasks.sendEmail.applyAsync({ to: "ada" }, { countdown: "90m" });
  const results = await server.drain({ withScheduled: true });
  expect(results.map(({ path, enqueuedAt }) => [path, enqueuedAt.toISOString()])).toEqual([
    ["cleanUp", "2030-01-01T09:00:00.000Z"],
    ["cleanUp", "2030-01-01T10:00:00.000Z"],
    ["sendEmail", "2030-01-01T08:59:00.000Z"],
  ]);
});

test("timeouts go by the clock of the test", async () => {
  await using server = createTestServer({
    tasks,
    handlers: {
      ...handlers,
      sendEmail: ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason));
        }),
    },
  });
  await server.client.tasks.sendEmail.applyAsync({ to: "ada" }, { timeout: "5m", maxRetries: 0 });
  const drained = server.drain();
  await server.clock.advance("4m");
  expect(server.enqueued()).toMatchObject([{ status: "RUNNING" }]);
  await server.clock.advance("1m");
  expect(await drained).toMatchObject([{ status: "FAILED", errors: [{ type: "TIMEOUT" }] }]);
});

test("what was enqueued is told by task and by part of its input, whatever has become of it", async () => {
  await using server = createTestServer({ tasks, handlers });
  const { sendEmail, billing, cleanUp } = server.client.tasks;
  await sendEmail.applyAsync({ to: "ada", tags: ["a", "b"] }, { priority: 5 });
  await billing.invoice.delay({ orderId: 7 });
  await cleanUp.delay();
  const cancelled = await sendEmail.delay({ to: "bob" });
  await cancelled.cancel();
  await server.drain();
  expect(server.enqueued().map(({ path, status, backend }) => [path, status, backend])).toEqual([
    ["sendEmail", "SUCCESSFUL", "default"],
    ["cleanUp", "SUCCESSFUL", "default"],
    ["sendEmail", "CANCELLED", "default"],
    ["billing.invoice", "SUCCESSFUL", "bills"],
  ]);
  expect(server.enqueued("sendEmail", { to: "ada" })).toMatchObject([{ priority: 5 }]);
  expect(server.enqueued("sendEmail", { tags: ["a"] })).toEqual([]);
  expect(server.enqueued("billing.invoice")).toHaveLength(1);
  expect(() => server.enqueued("sendEmial" as "sendEmail")).toThrow(/sendEmail/);
});

test("inputs of a contract with a transformer are told as the caller gave them", async () => {
  const rich = initTasks.create({ transformer: DATES });
  const contract = rich.router({ remind: rich.task.input(z.object({ at: z.date(), who: z.string() })) });
  await using server = createTestServer({ tasks: contract, handlers: { remind: () => {} } });
  await server.client.tasks.remind.delay({ at: START, who: "ada" });
  expect(server.enqueued("remind", { at: START })).toMatchObject([{ input: { at: START, who: "ada" } }]);
  expect(server.enqueued("remind", { at: new Date(0) })).toEqual([]);
});

test("a deduplicated enqueue is no second one", async () => {
  await using server = createTestServer({ tasks, handlers });
  const { sendEmail } = server.client.tasks;
  await sendEmail.applyAsync({ to: "ada" }, { deduplicationId: "one" });
  await sendEmail.applyAsync({ to: "ada" }, { deduplicationId: "one" });
  expect(server.enqueued()).toHaveLength(1);
  await server.clock.advance("10m");
  await sendEmail.applyAsync({ to: "ada" }, { deduplicationId: "one" });
  expect(server.enqueued()).toHaveLength(2);
});

test("after close() nothing ticks or runs, and what was enqueued is still told", async () => {
  const told: string[] = [];
  const tell = (_facts: object, message: string) => void told.push(message);
  const logger = { debug: tell, info: tell, warn: tell, error: tell };
  const server = createTestServer({ tasks, handlers, now: START, logger });
  await server.client.schedules.create({ task: "cleanUp", cron: "0 * * * *" });
  await server.client.tasks.cleanUp.delay();
  await server.close();
  await server.clock.advance("3h");
  expect(told).toEqual([]);
  expect(server.enqueued()).toHaveLength(1);
  await expect(server.drain()).rejects.toMatchObject({ code: "CLOSED" });
});

test("a server without a logger says nothing of handlers that throw", async () => {
  using written = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const gone = () => {
    throw new NonRetryable("gone");
  };
  await using server = createTestServer({ tasks, handlers: { ...handlers, cleanUp: gone } });
  await server.client.tasks.cleanUp.delay();
  expect(await server.drain()).toMatchObject([{ status: "FAILED" }]);
  expect(written).not.toHaveBeenCalled();
});

test("wrong options are refused, and told how to be mended", async () => {
  expect(() => createTestServer({ tasks, handlers, now: "tomorrow" })).toThrow(/now must be a Date/);
  const more = { faluts: [] } as object;
  expect(() => createTestServer({ tasks, handlers, ...more })).toThrow(/faults/);
  expect(() => createTestServer({ tasks, handlers, faults: [{ fault: "outrage" as "outage" }] })).toThrow(
    /outage/,
  );
  await using server = createTestServer({ tasks, handlers, now: START });
  await expect(server.clock.advance(10 as unknown as "10m")).rejects.toThrow(/clock\.advance\(\)/);
  await expect(server.clock.advanceTo(new Date(0))).rejects.toThrow(/goes forward only/);
  await expect(server.clock.advanceTo("soon")).rejects.toThrow(/ISO 8601/);
  await expect(server.drain({ limit: 0 })).rejects.toThrow(/limit/);
  await expect(server.drain({ withRetries: 1 as unknown as boolean })).rejects.toThrow(/withRetries/);
  await expect(server.drain({ withRetires: true } as object)).rejects.toThrow(/withRetries/);
  await expect(server.drain(null as unknown as object)).rejects.toMatchObject({ code: "INVALID_OPTION" });
});

/** The same object with other values. */
function mapped(value: unknown, change: (value: unknown) => unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, change(item)]));
}
