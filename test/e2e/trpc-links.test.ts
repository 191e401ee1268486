import { createTaskClient } from "@taskwright/client";
import type { ProgressUpdate } from "@taskwright/shared";
import {
  createTRPCClient,
  httpBatchLink,
  httpBatchStreamLink,
  httpSubscriptionLink,
  splitLink,
  TRPCClientError,
} from "@trpc/client";
import superjson from "superjson";
import { afterEach, describe, expect, test } from "vitest";
import { FetchEventSource } from "./fixtures/trpc/fetch-event-source.ts";
import {
  type PlainApp,
  type RichApp,
  type ServedTasks,
  serveTasks,
  type tasks,
} from "./fixtures/trpc/served-tasks.ts";

const mail = { to: "ada@example.com" };
const headers = { authorization: "Bearer ada" };
const SENT_AT = Date.parse("2030-01-31T09:00:00.000Z");

let served: ServedTasks;
afterEach(() => served.close());

/** A client of the app without a transformer, as its own frontend has one. */
function plainApp(link: typeof httpBatchLink | typeof httpBatchStreamLink) {
  const url = `http://127.0.0.1:${served.port}`;
  return createTRPCClient<PlainApp>({
    links: [
      splitLink({
        condition: ({ type }) => type === "subscription",
        true: httpSubscriptionLink({
          url,
          EventSource: FetchEventSource as unknown as typeof EventSource,
          eventSourceOptions: { headers } as object,
        }),
        false: link({ url, headers }),
      }),
    ],
  });
}

describe.each([
  ["httpBatchLink", httpBatchLink],
  ["httpBatchStreamLink", httpBatchStreamLink],
])("by %s", (_, link) => {
  test("tasks stand beside the app's own procedures", async () => {
    served = await serveTasks("plain");
    const trpc = plainApp(link);
    const [greeting, enqueued, many] = await Promise.all([
      trpc.greeting.query(),
      trpc.background.tasks.sendEmail.delay.mutate(mail),
      trpc.background.tasks.sendEmail.enqueueMany.mutate({ inputs: [mail] }),
    ]);
    expect(greeting).toBe("Hello");
    expect(many).toHaveLength(1);
    expect(await trpc.background.results.wait.query({ id: enqueued.id })).toMatchObject({
      status: "SUCCESSFUL",
      output: { messageId: "to ada@example.com", at: SENT_AT },
      enqueuedAt: expect.any(String),
    });
  });

  test("a task client goes through the app's own tRPC client", async () => {
    served = await serveTasks("plain");
    const { tasks: callers } = createTaskClient<typeof tasks>({ trpc: plainApp(link).background });
    const [first, second] = await Promise.all([
      callers.sendEmail.delay(mail),
      callers.steps.enqueue(undefined, { countdown: 0 }),
      expect(callers.sendEmail.delay({ to: "nowhere" })).rejects.toMatchObject({ code: "PAYLOAD_ERROR" }),
    ]);
    expect(await first.get({ timeout: "20s" })).toEqual({ messageId: "to ada@example.com", at: SENT_AT });
    const told: ProgressUpdate[] = [];
    await new Promise<void>((resolve, reject) => {
      second.onProgress(
        (update) => {
          told.push(update);
          if (update.status === "RUNNING") served.steps.allow();
          if (update.status === "SUCCESSFUL") resolve();
        },
        { onError: reject },
      );
    });
    expect(told.at(-2)).toEqual({ status: "RUNNING", progress: 0.5 });
    await expect(callers.sendEmail.enqueue(mail, { priority: 1 })).rejects.toMatchObject({
      code: "FORBIDDEN",
      data: { option: "priority" },
    });
  });
});

test("errors have tRPC's code, and in data.taskError this library's, without its stacks", async () => {
  served = await serveTasks("plain");
  const { sendEmail } = plainApp(httpBatchLink).background.tasks;
  const error = await sendEmail.delay.mutate({ to: "secret" }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(TRPCClientError);
  const { data, message } = error as TRPCClientError<PlainApp>;
  expect(data).toMatchObject({ code: "BAD_REQUEST", httpStatus: 400 });
  const { taskError } = data as unknown as { taskError: object };
  expect(taskError).toEqual({
    name: "PayloadError",
    code: "PAYLOAD_ERROR",
    message,
    data: { task: "sendEmail", side: "input", issues: [expect.objectContaining({ path: ["to"] })] },
  });
  expect(JSON.stringify(taskError)).not.toContain("secret");
});

test("a tRPC client with superjson gives outputs as handlers returned them", async () => {
  served = await serveTasks("rich");
  const link = httpBatchLink({ url: `http://127.0.0.1:${served.port}`, transformer: superjson });
  const trpc = createTRPCClient<RichApp>({ links: [link] });
  const client = createTaskClient<typeof tasks>({ trpc });
  const result = await client.tasks.sendEmail.delay(mail);
  const { at } = await result.get({ timeout: "20s" });
  expect(at.getTime()).toBe(SENT_AT);
  const shown = await trpc.results.get.query({ id: result.id });
  expect(shown.enqueuedAt).toBeInstanceOf(Date);
  const failure = await new Promise((resolve) => result.onProgress(() => {}, { onError: resolve }));
  expect(failure).toMatchObject({
    code: "NOT_SUPPORTED",
    message: expect.stringContaining("httpSubscriptionLink"),
  });
});

test.each([
  ["POST", "tasks.__proto__.delay", "{}", 404],
  ["POST", "tasks.constructor.prototype.delay", "{}", 404],
  ["POST", "tasks.sendEmail.delay", "{", 400],
  ["POST", "tasks.sendEmail.delay", '{"__proto__":{"to":"ada@example.com"}}', 400],
  [
    "POST",
    "tasks.sendEmail.enqueue",
    '{"input":{"to":"a@b.de"},"options":{"__proto__":{"priority":1}}}',
    403,
  ],
  ["GET", "tasks.sendEmail.delay?input=%7B%7D", undefined, 405],
  ["GET", "results.get?input=%7B%22id%22%3A%22__proto__%22%7D", undefined, 404],
])("%s of %s with %j is refused with %i, and nothing is stored", async (method, path, body, status) => {
  served = await serveTasks("plain");
  const response = await fetch(`http://127.0.0.1:${served.port}/background.${path}`, {
    method,
    headers: { ...headers, "content-type": "application/json" },
    ...(body === undefined ? {} : { body }),
  });
  const { error } = (await response.json()) as { error: { data: { httpStatus: number } } };
  expect([response.status, error.data.httpStatus]).toEqual([status, status]);
  expect((await served.server.client.results.list()).results).toEqual([]);
});
