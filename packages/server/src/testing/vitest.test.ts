import { initTasks } from "@taskwright/shared";
import { expect, test } from "vitest";
import * as z from "zod";
import { createTaskServer } from "../create-task-server.ts";
import { createTestServer } from "./create-test-server.ts";
import { dummyBackend } from "./dummy-backend.ts";
import "./vitest.ts";

const t = initTasks.create({ queues: ["default", "emails"] });
const tasks = t.router({
  sendEmail: t.task
    .input(z.object({ to: z.string(), mail: z.object({ subject: z.string(), body: z.string() }) }))
    .options({ queue: "emails", priority: 10 }),
  tidy: t.task,
});
const handlers = { sendEmail: () => {}, tidy: () => {} };
const START = new Date("2030-01-01T00:00:00Z");
const MAIL = { to: "ada", mail: { subject: "Hi", body: "Dear Ada" } };

/** What an expectation says when it fails. */
function failureOf(expectation: () => void): string {
  try {
    expectation();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("The expectation did not fail.");
}

test("a task is found by its path and any part of its input", async () => {
  await using server = createTestServer({ tasks, handlers });
  expect(server).not.toHaveEnqueued("sendEmail");
  await server.client.tasks.sendEmail.delay(MAIL);
  expect(server).toHaveEnqueued("sendEmail");
  expect(server).toHaveEnqueued("sendEmail", { mail: { subject: "Hi" } });
  expect(server).toHaveEnqueued("sendEmail", { to: expect.stringMatching(/^a/) });
  expect(server).not.toHaveEnqueued("sendEmail", { mail: { subject: "Bye" } });
  expect(server).not.toHaveEnqueued("tidy");
  await server.drain();
  expect(server).toHaveEnqueued("sendEmail", MAIL);
});

test("options ask for queue, priority, number and time within a tolerance", async () => {
  await using server = createTestServer({ tasks, handlers, now: START });
  const { sendEmail } = server.client.tasks;
  await sendEmail.applyAsync(MAIL, { countdown: "1h" });
  await sendEmail.applyAsync(MAIL, { priority: 20, queue: "default" });
  expect(server).toHaveEnqueued("sendEmail", undefined, { times: 2 });
  expect(server).not.toHaveEnqueued("sendEmail", undefined, { times: 1 });
  expect(server).toHaveEnqueued("tidy", undefined, { times: 0 });
  expect(server).toHaveEnqueued("sendEmail", MAIL, { queue: "default", priority: 20, times: 1 });
  expect(server).not.toHaveEnqueued("sendEmail", MAIL, { queue: "emails", priority: 20 });
  const at = (time: string) => ({ runAfter: time });
  expect(server).toHaveEnqueued("sendEmail", {}, at("2030-01-01T01:00:01Z"));
  expect(server).not.toHaveEnqueued("sendEmail", {}, at("2030-01-01T01:00:01.001Z"));
  const nearly = { runAfter: new Date("2030-01-01T01:04:00Z"), tolerance: "5m" } as const;
  expect(server).toHaveEnqueued("sendEmail", {}, nearly);
});

test("a failure shows what was enqueued instead", async () => {
  await using server = createTestServer({ tasks, handlers, now: START });
  expect(failureOf(() => expect(server).toHaveEnqueued("tidy"))).toBe(
    "expected to have enqueued tidy, but it was not.\n\nNothing was enqueued.",
  );
  await server.client.tasks.sendEmail.delay(MAIL);
  await server.client.tasks.tidy.delay();
  const missing = failureOf(() => expect(server).toHaveEnqueued("sendEmail", { to: "bob" }, { times: 2 }));
  expect(missing).toContain('expected to have enqueued sendEmail {"to": "bob"} 2 times, but it was not.');
  expect(missing).toContain('"subject": "Hi"');
  expect(missing).toContain("READY, queue emails, priority 10, runAfter 2030-01-01T00:00:00.000Z");
  expect(missing).toContain("tidy (READY, queue default");
  const unwanted = failureOf(() => expect(server).not.toHaveEnqueued("tidy", undefined, { priority: 0 }));
  expect(unwanted).toContain('expected not to have enqueued tidy with {"priority": 0}, but it was once.');
  for (let count = 0; count < 20; count++) await server.client.tasks.tidy.delay();
  expect(failureOf(() => expect(server).not.toHaveEnqueued("tidy"))).toMatch(/… and 2 more$/);
});

test("a dummy backend can be asked as well", async () => {
  const dummy = dummyBackend();
  await using server = createTaskServer({ tasks, backend: dummy, handlers });
  await server.client.tasks.sendEmail.delay(MAIL);
  expect(dummy).toHaveEnqueued("sendEmail", { to: "ada" }, { queue: "emails" });
  expect(dummy).not.toHaveEnqueued("sendEmail", { to: "bob" });
});

test("what cannot be meant is an error, and passes no not either", async () => {
  await using server = createTestServer({ tasks, handlers });
  const loose: { toHaveEnqueued(...words: unknown[]): void } = expect(server).not as never;
  expect(() => loose.toHaveEnqueued("sendEmial")).toThrow(/sendEmail/);
  expect(() => loose.toHaveEnqueued()).toThrow(/path of a task/);
  expect(() => loose.toHaveEnqueued("tidy", {}, { time: 1 })).toThrow(/times/);
  expect(() => loose.toHaveEnqueued("tidy", {}, { times: -1 })).toThrow(/whole number/);
  expect(() => loose.toHaveEnqueued("tidy", {}, { runAfter: "soon" })).toThrow(/ISO 8601/);
  expect(() => loose.toHaveEnqueued("tidy", {}, { tolerance: "1s" })).toThrow(/give both/);
  const other: typeof loose = expect({}).not as never;
  expect(() => other.toHaveEnqueued("tidy")).toThrow(/createTestServer/);
});
