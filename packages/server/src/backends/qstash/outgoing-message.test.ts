import { setupServer } from "msw/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { aTask, refusal } from "../../../../../test/harness/sqlite-store.ts";
import { type PendingMessage, qstashHandlers } from "../../qstash-dev/msw.ts";
import { memoryBackend } from "../memory/index.ts";
import { type QstashBackend, type QstashBackendOptions, qstashBackend } from "./index.ts";

const REQUIRED = {
  token: "token",
  domain: "app.example.test",
  currentSigningKey: "current",
  nextSigningKey: "next",
};
const { handlers, qstash } = qstashHandlers({
  deliver: () => new Promise<never>(() => {}),
  limits: { timeoutMs: 7_200_000 },
});
const server = setupServer(...handlers);
/** What batches said of each message, oldest first. */
const batches: {
  readonly destination: string;
  readonly headers: Record<string, string>;
  readonly queue?: string;
}[] = [];

beforeAll(() => {
  server.listen();
  server.events.on("request:start", async ({ request }) => {
    if (request.url.endsWith("/v2/batch"))
      batches.push(...((await request.clone().json()) as typeof batches));
  });
});
afterAll(() => {
  qstash.close();
  server.close();
});

/** The headers that the local QStash was sent for a task, and the message that it made of them. */
async function sent(
  given: Parameters<typeof aTask>[0] = {},
  options: QstashBackendOptions = {},
): Promise<{
  headers: Record<string, string>;
  queue: string | undefined;
  message: PendingMessage | undefined;
}> {
  const backend: QstashBackend = qstashBackend({ ...REQUIRED, ...options });
  const task = aTask(given);
  const [outcome] = await backend.store.enqueue({ tasks: [task], atomic: false, now: task.enqueuedAt });
  if (outcome?.outcome === "failed") throw outcome.error;
  const { headers, queue } = batches.at(-1) ?? { headers: {} };
  return { headers, queue, message: qstash.messages().at(-1) };
}

test("a message is posted to the webhook as JSON, deduplicated by its task's id, with labels to find it by", async () => {
  const { headers, message } = await sent({ id: "an-id", path: "mail.send", queue: "emails" });
  expect(headers).toMatchObject({
    "upstash-method": "POST",
    "upstash-deduplication-id": "an-id",
    "upstash-label": "mail.send,an-id,emails",
    "upstash-timeout": "900s",
    "content-type": "application/json",
  });
  expect(headers).not.toHaveProperty("upstash-delay");
  expect(message).toMatchObject({ url: "https://app.example.test/qstash/webhook/", method: "POST" });
});

test.each([
  [0, undefined, "3"],
  [12, undefined, "3"],
  [12, 20, "15"],
  [30, 20, "20"],
  [0, 0, "0"],
])(
  "a task with %d retries where a message may have %s asks for %s",
  async (maxRetries, retries, expected) => {
    const { headers } = await sent({ maxRetries }, retries === undefined ? {} : { retries });
    expect(headers["upstash-retries"]).toBe(expected);
  },
);

test("a message waits until its task is due, or as long as the plan lets it", async () => {
  const { enqueuedAt } = aTask();
  expect((await sent({ runAfter: enqueuedAt + 90_500 })).headers["upstash-delay"]).toBe("91s");
  expect((await sent({ runAfter: enqueuedAt + 400 })).headers).not.toHaveProperty("upstash-delay");
  const far = { runAfter: enqueuedAt + 30 * 86_400_000 };
  expect((await sent(far)).headers["upstash-delay"]).toBe("604800s");
  expect((await sent(far, { maxDelay: "1d" })).headers["upstash-delay"]).toBe("86400s");
});

test.each([
  ['{"timeoutMs":60000}', {}, "75s"],
  ['{"timeoutMs":null}', {}, "900s"],
  ['{"timeoutMs":7200000}', { maxTimeout: "1h" }, "3600s"],
  ["{", {}, "900s"],
  ["null", {}, "900s"],
] as const)(
  "with the policy %s QStash waits for an answer as long as the attempt may take",
  async (policy, options, expected) => {
    expect((await sent({ policy }, options)).headers["upstash-timeout"]).toBe(expected);
  },
);

test("flow control is a queue's own, or what message() says of the task", async () => {
  const flowControl = { emails: { parallelism: 2, rate: 10, period: "1m" } } as const;
  const { headers } = await sent({ queue: "emails" }, { flowControl });
  expect(headers["upstash-flow-control-key"]).toBe("emails");
  expect(headers["upstash-flow-control-value"]).toBe("parallelism=2, rate=10, period=60s");
  expect((await sent({ queue: "other" }, { flowControl })).headers).not.toHaveProperty(
    "upstash-flow-control-key",
  );
  const own = await sent(
    { queue: "emails" },
    { flowControl, message: ({ path }) => ({ flowControl: { key: `of ${path}`, rate: 1 } }) },
  );
  expect(own.headers["upstash-flow-control-key"]).toBe("of_mail.send");
  expect(own.headers["upstash-flow-control-value"]).toBe("rate=1");
});

test("everything that message() may say reaches QStash, and the webhook", async () => {
  const asked: unknown[] = [];
  const { headers, message } = await sent(
    { id: "told", queue: "emails", priority: 7, tags: ["a"] },
    {
      message: (task) => {
        asked.push(task);
        return {
          labels: ["tenant 7"],
          callback: "https://app.example.test/answered",
          failureCallback: "https://app.example.test/failed",
          retryDelay: "pow(2, retried) * 1000",
          redact: { body: true, header: ["Authorization"] },
          headers: { "X-Proxy": "secret", "Content-Type": "text/plain" },
        };
      },
    },
  );
  expect(asked).toEqual([{ id: "told", path: "mail.send", queue: "emails", priority: 7, tags: ["a"] }]);
  expect(headers).toMatchObject({
    "upstash-label": "mail.send,told,emails,tenant_7",
    "upstash-callback": "https://app.example.test/answered",
    "upstash-failure-callback": "https://app.example.test/failed",
    "upstash-retry-delay": "pow(2, retried) * 1000",
    "upstash-redact-fields": "body,header[Authorization]",
    "upstash-forward-x-proxy": "secret",
  });
  expect(message?.headers).toMatchObject({ "x-proxy": "secret", "content-type": "application/json" });
});

test("with a store QStash tells the webhook when it gives up, without one nobody is there to be told", async () => {
  const { headers } = await sent({}, { store: memoryBackend() });
  expect(headers["upstash-failure-callback"]).toBe("https://app.example.test/qstash/webhook/");
  expect((await sent()).headers).not.toHaveProperty("upstash-failure-callback");
});

test("only queues that are ordered go through QStash's own", async () => {
  expect((await sent({ queue: "my mails" }, { ordered: true })).queue).toBe("my_mails");
  expect((await sent({ queue: "emails" }, { ordered: ["emails"] })).queue).toBe("emails");
  expect((await sent({ queue: "other" }, { ordered: ["emails"] })).queue).toBeUndefined();
});

test("a deduplication key is QStash's where no store keeps keys", async () => {
  const deduplication = { key: "once", until: 2_100_000_000_000 };
  expect((await sent({ deduplication })).headers["upstash-deduplication-id"]).toBe("once");
  const stored = await sent({ id: "kept", deduplication }, { store: memoryBackend() });
  expect(stored.headers["upstash-deduplication-id"]).toBe("kept");
});

test.each([
  ["a string", () => "no"],
  ["unknown words", () => ({ lables: [] })],
  ["labels that are none", () => ({ labels: "a" })],
  ["a callback that is no URL", () => ({ callback: "/answered" })],
  ["headers that are none", () => ({ headers: { a: 7 } })],
  ["flow control without a limit", () => ({ flowControl: { key: "a" } })],
  ["a delay that is no text", () => ({ retryDelay: 7 })],
  ["what cannot be redacted", () => ({ redact: "body" })],
])("message() that returns %s refuses its task only, with the option's name", async (_, message) => {
  const options = { message } as unknown as QstashBackendOptions;
  expect(await refusal(() => sent({}, options))).toMatchObject({
    code: "INVALID_OPTION",
    message: expect.stringContaining("message()"),
  });
});
