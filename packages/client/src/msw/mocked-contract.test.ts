import { initTasks, TaskError } from "@taskwright/shared";
import { setupServer } from "msw/node";
import superjson from "superjson";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { createTaskClient } from "../create-task-client.ts";
import { mockTasks } from "./mock-tasks.ts";

const epoch = z.codec(z.int(), z.date(), {
  decode: (time) => new Date(time),
  encode: (date) => date.getTime(),
});
const t = initTasks.create({ queues: ["default", "emails"] });
const tasks = t.router({
  sendEmail: t.task
    .input(z.object({ to: z.email() }))
    .output(z.object({ at: epoch }))
    .options({ queue: "emails", label: "Send a mail", maxRetries: 1, deduplicated: true }),
  inner: t.router({ tick: t.task }),
  slow: t.task.output(z.string().refine(async (text) => text !== "")),
});
const mail = { to: "ada@example.com" };

const url = "http://localhost/api/trpc";
const mock = mockTasks({ url, tasks, allowOptions: ["priority", "deduplicationId", "maxRetries"] });
const rich = mockTasks({ url: "http://localhost/rich", tasks, transformer: superjson });
const server = setupServer(...mock.handlers, ...rich.handlers);
const client = createTaskClient<typeof tasks>({ url, retries: 0 });
const richClient = createTaskClient<typeof tasks>({ url: "http://localhost/rich", transformer: superjson });
const { sendEmail, inner } = client.tasks;

beforeAll(() => server.listen({ onUnhandledFrame: "error" }));
afterEach(() => {
  server.resetHandlers();
  mock.reset();
  rich.reset();
});
afterAll(() => server.close());

describe("with the contract, a mock", () => {
  it("refuses inputs that do not fit, with zod's issues", async () => {
    await expect(sendEmail.delay({ to: "nowhere" })).rejects.toMatchObject({
      name: "PayloadError",
      data: { task: "sendEmail", side: "input", issues: [{ path: ["to"], code: "invalid_format" }] },
    });
    await expect(sendEmail.enqueueMany([mail, { to: "nowhere" }])).rejects.toMatchObject({
      code: "PAYLOAD_ERROR",
      data: { index: 1 },
    });
    expect(mock.enqueued).toEqual([]);
  });

  it("tells the nearest name of a task that is not there, to the frontend and to the test", async () => {
    const unknown = client.tasks as unknown as { sendEmial: typeof sendEmail };
    await expect(unknown.sendEmial.delay(mail)).rejects.toMatchObject({
      code: "UNKNOWN_TASK",
      message: 'There is no task "sendEmial" here. Did you mean "sendEmail"?',
    });
    const { sendEmial } = mock.tasks as unknown as { sendEmial: typeof mock.tasks.sendEmail };
    const told = {
      code: "UNKNOWN_TASK",
      message: 'The contract has no task "sendEmial". Did you mean "sendEmail"?',
    };
    expect(() => sendEmial.delay(() => {})).toThrow(expect.objectContaining(told));
    expect(() => sendEmial.enqueued).toThrow(expect.objectContaining(told));
    await expect(sendEmial.nextEnqueued()).rejects.toMatchObject(told);
    expect(JSON.stringify(mock.tasks.inner)).toBe('{"enqueued":[]}');
  });

  it("has the options of the task, and lets those be set that the router allows", async () => {
    const result = await sendEmail.enqueue(mail, { priority: 5 });
    expect(await result.refresh()).toMatchObject({
      label: "Send a mail",
      queue: "emails",
      priority: 5,
      maxRetries: 1,
    });
    await expect(sendEmail.enqueue(mail, { countdown: "1m" })).rejects.toMatchObject({
      code: "FORBIDDEN",
      data: { option: "countdown" },
    });
    await expect(sendEmail.enqueue(mail, { priority: 1_000 })).rejects.toMatchObject({
      code: "INVALID_OPTION",
    });
  });

  it("deduplicates equal inputs and ids, until the first one fails", async () => {
    const first = await sendEmail.delay(mail);
    const again = await sendEmail.delay(mail);
    expect([again.id, again.deduplicated]).toEqual([first.id, true]);
    (await mock.tasks.sendEmail.nextEnqueued()).fail();
    expect((await sendEmail.delay(mail)).deduplicated).toBe(false);
    const [one, two] = [
      await inner.tick.enqueue(undefined, { deduplicationId: "a" }),
      await inner.tick.enqueue(undefined, { deduplicationId: "a" }),
    ];
    expect([two.id, two.deduplicated]).toEqual([one.id, true]);
    expect(mock.enqueued).toHaveLength(3);
  });

  it("deduplicates no longer than the window, and nothing that was refused", async () => {
    const refuse = () => {
      throw new TaskError({ code: "FORBIDDEN", message: "Not you." });
    };
    server.use(mock.tasks.sendEmail.delay(refuse, { once: true }));
    await expect(sendEmail.delay(mail)).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect((await sendEmail.delay(mail)).deduplicated).toBe(false);
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      vi.setSystemTime(Date.now() + 590_000);
      expect((await sendEmail.delay(mail)).deduplicated).toBe(true);
      vi.setSystemTime(Date.now() + 20_000);
      expect((await sendEmail.delay(mail)).deduplicated).toBe(false);
    } finally {
      vi.useRealTimers();
    }
  });

  it("refuses one deduplicationId for many inputs", async () => {
    const many = inner.tick.enqueueMany([undefined, undefined], { deduplicationId: "a" } as never);
    await expect(many).rejects.toMatchObject({
      code: "INVALID_OPTION",
      message: expect.stringContaining("2 inputs and one deduplicationId"),
    });
  });

  it("refuses an output that does not fit, where the test gives it", async () => {
    await sendEmail.delay(mail);
    const task = await mock.tasks.sendEmail.nextEnqueued();
    expect(() => task.succeed({ at: "soon" } as never)).toThrow(
      expect.objectContaining({
        code: "PAYLOAD_ERROR",
        message: expect.stringContaining(
          "sendEmail: the output given to succeed() does not fit its schema at at:",
        ),
        data: { task: "sendEmail", side: "output", issues: [expect.objectContaining({ path: ["at"] })] },
      }),
    );
    task.succeed({ at: 7 });
    await inner.tick.delay();
    const tick = await mock.tasks.inner.tick.nextEnqueued();
    expect(() => tick.succeed(...([1] as unknown as []))).toThrow(
      expect.objectContaining({ message: expect.stringContaining("the task has no output") }),
    );
  });

  it("takes an output unchecked whose schema is asynchronous", async () => {
    const result = await client.tasks.slow.delay();
    (await mock.tasks.slow.nextEnqueued()).succeed("done");
    expect(await result.get()).toBe("done");
  });

  it("has as many retries as the task", async () => {
    await sendEmail.delay(mail);
    const task = await mock.tasks.sendEmail.nextEnqueued();
    task.retry();
    expect(() => task.retry()).toThrow(
      expect.objectContaining({
        code: "NOT_EXECUTABLE",
        message: expect.stringContaining("no retry left of 1"),
      }),
    );
    task.fail();
    expect(task.errors).toHaveLength(2);
  });
});

describe("with a transformer, a mock", () => {
  it("takes outputs as handlers return them, and gives them so", async () => {
    const result = await richClient.tasks.sendEmail.delay(mail);
    const task = await rich.tasks.sendEmail.nextEnqueued();
    expect(() => task.succeed({ at: 7 } as never)).toThrow(
      expect.objectContaining({ code: "PAYLOAD_ERROR" }),
    );
    const at = new Date(0);
    task.succeed({ at });
    expect(await result.get()).toEqual({ at });
    expect((await result.refresh()).enqueuedAt).toEqual(task.enqueuedAt);
  });

  it("is needed where the contract has one", () => {
    const other = initTasks.create({ transformer: superjson });
    const contract = other.router({ at: other.task.input(z.date()) });
    expect(() => mockTasks({ url, tasks: contract } as never)).toThrow(
      expect.objectContaining({
        code: "INVALID_OPTION",
        message: expect.stringContaining("mockTasks() needs the transformer"),
      }),
    );
  });
});
