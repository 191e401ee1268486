import { initTasks, type ProgressUpdate } from "@taskwright/shared";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { createTaskClient } from "../create-task-client.ts";
import { mockTasks } from "./mock-tasks.ts";

const t = initTasks.create();
const tasks = t.router({
  sendEmail: t.task.input(z.object({ to: z.email() })).output(z.object({ messageId: z.string() })),
  billing: t.router({ invoice: t.task.input(z.object({ orderId: z.int() })) }),
  tick: t.task,
});

const url = "http://localhost/api/trpc";
const mock = mockTasks<typeof tasks>({ url, path: "background" });
const server = setupServer(...mock.handlers);
const client = createTaskClient<typeof tasks>({ url, path: "background", retries: 0 });
const { sendEmail, tick, billing } = client.tasks;
const mail = { to: "ada@example.com" };

beforeAll(() => server.listen({ onUnhandledFrame: "error" }));
afterEach(() => {
  server.resetHandlers();
  mock.reset();
});
afterAll(() => server.close());

/** What is told of a task until it has ended. */
function watched(result: Awaited<ReturnType<typeof sendEmail.delay>>) {
  const told: ProgressUpdate[] = [];
  const listeners = new Set<() => void>();
  const ended = new Promise<void>((resolve, reject) => {
    const onUpdate = (update: ProgressUpdate) => {
      told.push(update);
      for (const listener of listeners) listener();
      if (["SUCCESSFUL", "FAILED", "CANCELLED"].includes(update.status)) resolve();
    };
    result.onProgress(onUpdate, { onError: reject });
  });
  const come = (count: number) =>
    new Promise<void>((resolve) => {
      const look = () => told.length >= count && resolve();
      listeners.add(look);
      look();
    });
  return { told, ended, come };
}

describe("what a frontend enqueues", () => {
  it("is kept in its order, typed by its task", async () => {
    await sendEmail.delay(mail);
    await billing.invoice.enqueue({ orderId: 7 }, { countdown: "5m" });
    await sendEmail.enqueueMany([mail, { to: "bob@example.com" }]);
    expect(mock.enqueued.map(({ path, method }) => [path, method])).toEqual([
      ["sendEmail", "enqueue"],
      ["billing.invoice", "enqueue"],
      ["sendEmail", "enqueueMany"],
      ["sendEmail", "enqueueMany"],
    ]);
    const [invoice] = mock.tasks.billing.invoice.enqueued;
    expect(invoice).toMatchObject({
      path: "billing.invoice",
      input: { orderId: 7 },
      options: { countdown: "5m" },
      status: "READY",
      attempts: 0,
    });
    const { enqueuedAt, runAfter } = invoice ?? expect.fail("it was not enqueued");
    expect(runAfter.getTime() - enqueuedAt.getTime()).toBe(300_000);
    expect(mock.tasks.sendEmail.enqueued.map(({ input }) => input.to)).toEqual([
      "ada@example.com",
      "ada@example.com",
      "bob@example.com",
    ]);
  });

  it("is waited for, and given once each, whether it came before or comes after", async () => {
    const first = await sendEmail.delay(mail);
    expect((await mock.tasks.sendEmail.nextEnqueued()).id).toBe(first.id);
    const next = mock.tasks.sendEmail.nextEnqueued();
    const [, second] = await Promise.all([tick.delay(), sendEmail.delay({ to: "bob@example.com" })]);
    expect((await next).id).toBe(second.id);
    await expect(mock.tasks.sendEmail.nextEnqueued({ timeout: "1ms" })).rejects.toMatchObject({
      message: expect.stringContaining("Each is given once"),
    });
  });

  it("is missed with a message of what came instead", async () => {
    await tick.delay();
    await tick.delay();
    await expect(mock.tasks.sendEmail.nextEnqueued({ timeout: "10ms" })).rejects.toMatchObject({
      code: "RESULT_TIMEOUT",
      message: "No further sendEmail was enqueued within 10ms; enqueued were: tick (2).",
    });
  });

  it("is forgotten by a reset, which ends waits and progress", async () => {
    const result = await sendEmail.delay(mail);
    const waiting = result.get();
    const { ended, come } = watched(result);
    await come(1);
    const next = mock.tasks.tick.nextEnqueued();
    mock.reset();
    await expect(waiting).rejects.toMatchObject({ code: "RESULT_NOT_FOUND" });
    await expect(ended).rejects.toMatchObject({ code: "RESULT_NOT_FOUND" });
    await expect(next).rejects.toMatchObject({ code: "ABORTED" });
    expect(mock.enqueued).toEqual([]);
  });
});

describe("a task that a test drives", () => {
  it("shows its way to the frontend", async () => {
    const result = await sendEmail.delay(mail);
    const [task] = mock.tasks.sendEmail.enqueued;
    if (task === undefined) expect.fail("it was not enqueued");
    const waiting = result.get({ timeout: "5s" });
    const { told, ended, come } = watched(result);
    await come(1);
    task.start();
    await come(2);
    task.progress({ sent: 1 });
    await come(3);
    const before = Date.now();
    task.retry({ in: "5s", exceptionClass: "SmtpError", message: "busy" });
    const after = Date.now();
    await come(4);
    expect(task.runAfter.getTime()).toBeGreaterThanOrEqual(before + 5_000);
    expect(task.runAfter.getTime()).toBeLessThanOrEqual(after + 5_000);
    task.start();
    await come(5);
    task.succeed({ messageId: "m-1" });
    await ended;
    expect(told.map(({ status }) => status)).toEqual([
      "READY",
      "RUNNING",
      "RUNNING",
      "READY",
      "RUNNING",
      "SUCCESSFUL",
    ]);
    expect(told.at(-1)).toEqual({ status: "SUCCESSFUL", progress: { sent: 1 } });
    expect(await waiting).toEqual({ messageId: "m-1" });
    expect(await result.refresh()).toMatchObject({
      status: "SUCCESSFUL",
      attempts: 2,
      errors: [{ type: "EXECUTION_ERROR", exceptionClass: "SmtpError", message: "busy", attempt: 1 }],
      label: "sendEmail",
      isFinished: true,
    });
  });

  it("tells what has changed since a connection was lost, and nothing twice", async () => {
    const asked: string[] = [];
    const lossy: typeof fetch = async (...request) => {
      const response = await fetch(...request);
      if (!String(request[0]).includes("results.progress")) return response;
      asked.push(new URL(String(request[0])).searchParams.get("input") ?? "");
      if (asked.length > 1 || response.body === null) return response;
      const reader = response.body.getReader();
      const parts: string[] = [];
      while (!parts.join("").includes("data: {"))
        parts.push(new TextDecoder().decode((await reader.read()).value));
      await reader.cancel();
      return new Response(parts.join(""), { headers: response.headers });
    };
    const unlucky = createTaskClient<typeof tasks>({ url, path: "background", fetch: lossy });
    const result = await unlucky.tasks.sendEmail.delay(mail);
    const { told, ended, come } = watched(result);
    await come(1);
    await vi.waitFor(() => expect(asked).toHaveLength(2));
    mock.tasks.sendEmail.enqueued[0]?.start();
    await come(2);
    mock.tasks.sendEmail.enqueued[0]?.succeed({ messageId: "m-1" });
    await ended;
    expect(told.map(({ status }) => status)).toEqual(["READY", "RUNNING", "SUCCESSFUL"]);
    expect(asked.map((input) => Object.keys(JSON.parse(input)))).toEqual([
      ["id", "path"],
      ["id", "path", "lastEventId"],
    ]);
  });

  it("fails with the error of the test's choice", async () => {
    const result = await sendEmail.delay(mail);
    const task = await mock.tasks.sendEmail.nextEnqueued();
    task.fail(new RangeError("no route"));
    await expect(result.get()).rejects.toMatchObject({
      code: "TASK_FAILED",
      message: expect.stringContaining("EXECUTION_ERROR: no route"),
      data: { errors: [{ exceptionClass: "RangeError", attempt: 1 }] },
    });
  });

  it("is cancelled by the frontend at once when it waits, and by its end when it runs", async () => {
    const waiting = await tick.delay();
    expect(await waiting.cancel()).toBe("cancelled");
    expect(await waiting.cancel()).toBe("finished");
    const running = await tick.delay();
    await mock.tasks.tick.nextEnqueued();
    const task = await mock.tasks.tick.nextEnqueued();
    task.start();
    expect(await running.cancel()).toBe("requested");
    expect(task).toMatchObject({ status: "RUNNING", isCancelRequested: true });
    task.retry({ message: "stopped" });
    expect(task.status).toBe("CANCELLED");
    await expect(running.get()).rejects.toMatchObject({ code: "TASK_CANCELLED" });
  });

  it("refuses what its state does not allow, where the test says it", async () => {
    await tick.delay();
    const task = await mock.tasks.tick.nextEnqueued();
    task.start();
    expect(() => task.start()).toThrow(
      expect.objectContaining({
        code: "NOT_EXECUTABLE",
        message: `start() cannot be done: tick ${task.id} is RUNNING already.`,
      }),
    );
    task.succeed();
    const ways = [
      () => task.start(),
      () => task.progress(1),
      () => task.succeed(),
      () => task.fail(),
      () => task.retry(),
      () => task.cancel(),
    ];
    for (const way of ways) expect(way).toThrow(expect.objectContaining({ code: "NOT_EXECUTABLE" }));
    expect(task.attempts).toBe(1);
  });

  it("refuses a progress and an output that cannot be sent, and stays as it is", async () => {
    await tick.delay();
    const task = await mock.tasks.tick.nextEnqueued();
    for (const value of [undefined, 1n, "x".repeat(17_000)])
      expect(() => task.progress(value)).toThrow(expect.objectContaining({ code: "PAYLOAD_ERROR" }));
    const loose: { succeed(output: unknown): void } = task as never;
    expect(() => loose.succeed({ at: new Date() })).toThrow(
      expect.objectContaining({
        code: "PAYLOAD_ERROR",
        message: expect.stringContaining("tick: the output given to succeed() cannot be sent: output.at"),
      }),
    );
    expect(() => task.fail({ reason: "no" } as never)).toThrow(
      expect.objectContaining({ code: "INVALID_OPTION" }),
    );
    expect(task.status).toBe("READY");
  });

  it("shows what it was given, whatever becomes of that afterwards", async () => {
    const result = await sendEmail.delay(mail);
    const output = { messageId: "m-1" };
    (await mock.tasks.sendEmail.nextEnqueued()).succeed(output);
    output.messageId = "m-2";
    expect(await result.get()).toEqual({ messageId: "m-1" });
  });

  it("is waited for no longer than the frontend says", async () => {
    const result = await tick.delay();
    await expect(result.get({ timeout: "20ms" })).rejects.toMatchObject({ code: "RESULT_TIMEOUT" });
    const giveUp = new AbortController();
    const waiting = result.get({ signal: giveUp.signal });
    giveUp.abort();
    await expect(waiting).rejects.toMatchObject({ code: "ABORTED" });
  });
});
