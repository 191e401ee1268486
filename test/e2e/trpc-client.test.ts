import { createTaskClient } from "@taskwright/client";
import type { ProgressUpdate } from "@taskwright/shared";
import { loggerLink } from "@trpc/client";
import superjson from "superjson";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ServedTasks, serveTasks, type tasks } from "./fixtures/trpc/served-tasks.ts";

const mail = { to: "ada@example.com" };
const SENT_AT = Date.parse("2030-01-31T09:00:00.000Z");

let served: ServedTasks;
afterEach(() => served.close());

describe("a client at a URL, of a tRPC server without a transformer", () => {
  beforeEach(async () => {
    served = await serveTasks("plain");
  });

  function as(user: string | null, more: object = {}) {
    return createTaskClient<typeof tasks>({
      url: `http://127.0.0.1:${served.port}`,
      path: "background",
      headers: async () => (user === null ? {} : { authorization: `Bearer ${user}` }),
      ...more,
    });
  }

  test("enqueues, and gets the output as it is stored", async () => {
    const result = await as("ada").tasks.sendEmail.delay(mail);
    expect(await result.get({ timeout: "20s" })).toEqual({ messageId: "to ada@example.com", at: SENT_AT });
    expect(await result.status()).toBe("SUCCESSFUL");
    const record = await result.refresh();
    expect(record).toMatchObject({ path: "sendEmail", input: mail, tags: ["user:ada"], workerIds: [] });
    expect(record.enqueuedAt).toBeInstanceOf(Date);
    expect(record.finishedAt).toBeInstanceOf(Date);
    expect(record.toJSON()).toMatchObject({ id: result.id, isFinished: true });
    expect(
      await as("ada")
        .tasks.tick.result((await as("ada").tasks.tick.delay()).id)
        .get(),
    ).toBeUndefined();
  });

  test("sends the calls of one tick together, in which a bad one fails alone, and waits apart", async () => {
    const { sendEmail, tick } = as("ada").tasks;
    const outcomes = await Promise.allSettled([
      sendEmail.delay(mail),
      sendEmail.delay({ to: "nowhere" }),
      tick.enqueue(undefined, { countdown: "1h" }),
      sendEmail.enqueueMany([mail, mail]),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
    expect(served.requests.all).toHaveLength(1);
    const [first, second] = await sendEmail.enqueueMany([mail, mail]);
    await Promise.all([first?.get(), second?.get(), first?.status()]);
    expect(served.requests.all.filter((request) => request.includes("results.wait"))).toHaveLength(2);
    expect(served.requests.all).toHaveLength(5);
  });

  test("rejects with the errors of a client in the server's process", async () => {
    const client = as("ada");
    const { sendEmail } = client.tasks;
    const wrong = await sendEmail.delay({ to: "nowhere" }).catch((error: unknown) => error);
    expect(wrong).toMatchObject({
      name: "PayloadError",
      code: "PAYLOAD_ERROR",
      data: { task: "sendEmail", side: "input", issues: [{ path: ["to"], code: "invalid_format" }] },
    });
    const unknown = client.tasks as unknown as {
      sendEmial: typeof sendEmail;
      internal: { purge: typeof sendEmail };
    };
    await expect(unknown.sendEmial.delay(mail)).rejects.toMatchObject({
      code: "UNKNOWN_TASK",
      message: 'There is no task "sendEmial" here. Did you mean "sendEmail"?',
    });
    await expect(unknown.internal.purge.delay(mail)).rejects.toMatchObject({ code: "UNKNOWN_TASK" });
    await expect(sendEmail.enqueue(mail, { priority: 1 })).rejects.toMatchObject({
      code: "FORBIDDEN",
      httpStatus: 403,
      data: { option: "priority" },
    });
    await expect(sendEmail.enqueueMany(Array(1_001).fill(mail))).rejects.toMatchObject({
      code: "INVALID_OPTION",
      data: { option: "inputs" },
    });
    await expect(client.results.list()).rejects.toMatchObject({ code: "NOT_SUPPORTED" });
  });

  test("is told by the middleware who may not call", async () => {
    await expect(as(null).tasks.sendEmail.delay(mail)).rejects.toMatchObject({
      code: "UNAUTHORIZED",
      message: "Sign in first.",
      retryable: false,
    });
    const { id } = await as("ada").tasks.tick.delay();
    const result = as("bob").tasks.tick.result(id);
    for (const call of [result.get(), result.refresh(), result.cancel()])
      await expect(call).rejects.toMatchObject({ code: "RESULT_NOT_FOUND" });
    await expect(as("ada").tasks.sendEmail.result(id).get()).rejects.toMatchObject({
      code: "RESULT_MISMATCH",
    });
  });

  test("is told how a task failed, and nothing of the server's stacks and workers", async () => {
    const result = await as("ada").tasks.failing.delay();
    const error = await result.get({ timeout: "20s" }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "TASK_FAILED",
      data: { errors: [{ exceptionClass: "RangeError", message: "no route", stack: null, workerId: null }] },
    });
  });

  test("waits as long as it is told to", async () => {
    const result = await as("ada").tasks.steps.delay();
    await expect(result.get({ timeout: "50ms" })).rejects.toMatchObject({ code: "RESULT_TIMEOUT" });
    const giveUp = new AbortController();
    const waiting = result.get({ signal: giveUp.signal });
    await served.requests.come("results.wait", 2);
    giveUp.abort(new Error("enough"));
    await expect(waiting).rejects.toMatchObject({ code: "ABORTED", cause: { message: "enough" } });
    expect(await result.cancel()).toBe("requested");
  });

  test("is told of progress as it comes, and of the end", async () => {
    const result = await as("ada").tasks.steps.delay();
    const told: ProgressUpdate[] = [];
    await new Promise<void>((resolve, reject) => {
      result.onProgress(
        (update) => {
          told.push(update);
          if (update.status === "RUNNING") served.steps.allow();
          if (update.status === "SUCCESSFUL") resolve();
        },
        { onError: reject },
      );
    });
    expect(told.filter(({ status }) => status !== "READY")).toEqual([
      { status: "RUNNING", progress: null },
      { status: "RUNNING", progress: 0.25 },
      { status: "RUNNING", progress: 0.5 },
      { status: "SUCCESSFUL", progress: 0.5 },
    ]);
    expect(await result.get()).toBe("done");
  });

  test("is told why there is no progress to tell", async () => {
    const { id } = await as("ada").tasks.tick.delay();
    const failure = await new Promise((resolve) => {
      as("bob")
        .tasks.tick.result(id)
        .onProgress(() => {}, { onError: resolve });
    });
    expect(failure).toMatchObject({ code: "RESULT_NOT_FOUND" });
    const refused = await new Promise((resolve) => {
      as(null)
        .tasks.tick.result(id)
        .onProgress(() => {}, { onError: resolve });
    });
    expect(refused).toMatchObject({ code: "UNAUTHORIZED", message: "Sign in first." });
  });

  test("goes through links of the user's", async () => {
    const seen: string[] = [];
    const link = loggerLink({ logger: ({ direction, path }) => seen.push(`${direction} ${path}`) });
    await as("ada", { links: [link] }).tasks.tick.delay();
    expect(seen).toEqual(["up background.tasks.tick.enqueue", "down background.tasks.tick.enqueue"]);
  });
});

describe("a client with superjson, of a tRPC server with it", () => {
  test("gets the output as the handler returned it", async () => {
    served = await serveTasks("rich");
    const url = `http://127.0.0.1:${served.port}/`;
    const client = createTaskClient<typeof tasks>({ url, transformer: superjson });
    const result = await client.tasks.sendEmail.enqueue(mail, { eta: new Date(0) });
    const { at } = await result.get({ timeout: "20s" });
    expect(at).toEqual(new Date(SENT_AT));
    const wrong = await client.tasks.sendEmail.delay({ to: "nowhere" }).catch((error: unknown) => error);
    expect(wrong).toMatchObject({ code: "PAYLOAD_ERROR", data: { issues: [{ path: ["to"] }] } });
    const last = await new Promise((resolve, reject) => {
      result.onProgress(resolve, { onError: reject });
    });
    expect(last).toEqual({ status: "SUCCESSFUL", progress: null });
  });
});
