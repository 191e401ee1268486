import { HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import type { OutgoingMessage } from "./outgoing-message.ts";
import { QstashSender } from "./sender.ts";

const BASE_URL = "https://qstash.example.test";
const server = setupServer();
const sender = new QstashSender({ token: "very-secret", baseUrl: BASE_URL });

beforeAll(() => server.listen());
afterEach(() => {
  server.resetHandlers();
  vi.useRealTimers();
  vi.unstubAllEnvs();
});
afterAll(() => server.close());

function message(body = "{}"): OutgoingMessage {
  return { url: "https://app.example.test/", body };
}

function messages(count: number): OutgoingMessage[] {
  return Array.from({ length: count }, (_, index) => message(String(index)));
}

interface Item {
  readonly body: string;
}

/** Answers batches; notes what each had. */
function answerBatches(answer: (items: readonly Item[]) => Response | Promise<Response>): Item[][] {
  const batches: Item[][] = [];
  server.use(
    http.post(`${BASE_URL}/v2/batch`, async ({ request }) => {
      const items = (await request.json()) as Item[];
      batches.push(items);
      return answer(items);
    }),
  );
  return batches;
}

const takeAll = (items: readonly Item[]) =>
  HttpResponse.json(items.map(({ body }) => ({ messageId: `msg_${body}` })));

test("messages travel a hundred at a time, and are answered in their order", async () => {
  const batches = answerBatches(takeAll);
  const outcomes = await sender.send(messages(950));
  expect(batches.map(({ length }) => length).sort()).toEqual(
    [100, 100, 100, 100, 100, 100, 100, 100, 100, 50].sort(),
  );
  expect(outcomes.map((one) => one.outcome === "sent" && one.messageId)).toEqual(
    messages(950).map(({ body }) => `msg_${body}`),
  );
});

test("at most four batches are on their way at once", async () => {
  let underWay = 0;
  let most = 0;
  answerBatches(async (items) => {
    most = Math.max(most, ++underWay);
    await new Promise<void>((resolve) => setImmediate(resolve));
    underWay--;
    return takeAll(items);
  });
  await sender.send(messages(2_000));
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(4);
});

test("large messages travel in smaller batches, and one that is too large for any travels alone", async () => {
  const batches = answerBatches((items) => HttpResponse.json(items.map(() => ({ messageId: "msg_1" }))));
  const large = "x".repeat(300_000);
  await sender.send([
    message(large),
    message(large),
    message(large),
    message("é".repeat(500_000)),
    message(),
  ]);
  expect(batches.map(({ length }) => length).sort()).toEqual([1, 1, 1, 2]);
});

test("nothing to send asks nobody", async () => {
  const batches = answerBatches(takeAll);
  expect(await sender.send([])).toEqual([]);
  expect(batches).toEqual([]);
});

test("each message of a batch fails alone, and a duplicate is told as one", async () => {
  answerBatches(() =>
    HttpResponse.json([
      { messageId: "msg_1" },
      { error: "quota exceeded" },
      { messageId: "msg_0", deduplicated: true },
      {},
    ]),
  );
  expect(await sender.send(messages(4))).toMatchObject([
    { outcome: "sent", messageId: "msg_1", isDuplicate: false },
    {
      outcome: "failed",
      error: { code: "INVALID_OPTION", message: expect.stringContaining("quota exceeded") },
    },
    { outcome: "sent", messageId: "msg_0", isDuplicate: true },
    { outcome: "failed", error: { code: "BACKEND_UNAVAILABLE" } },
  ]);
});

test.each(["null", '"text"', "{}", "not JSON", "[]"])(
  "the answer %s is none, and may be asked for again",
  async (body) => {
    answerBatches(() => new Response(body, { headers: { "content-type": "application/json" } }));
    expect(await sender.send(messages(1))).toMatchObject([
      { outcome: "failed", error: { code: "BACKEND_UNAVAILABLE", retryable: true } },
    ]);
  },
);

test.each([
  [400, {}, "INVALID_OPTION", "refused the request"],
  [401, {}, "BACKEND_UNAVAILABLE", "QSTASH_TOKEN"],
  [403, {}, "BACKEND_UNAVAILABLE", "QSTASH_URL"],
  [404, {}, "RESULT_NOT_FOUND", "nothing of that id"],
  [412, {}, "INVALID_OPTION", "refused the request"],
  [413, {}, "PAYLOAD_ERROR", "larger than the plan"],
  [429, { "burst-ratelimit-limit": "100", "burst-ratelimit-reset": "1" }, "BACKEND_UNAVAILABLE", "too often"],
  [
    429,
    { "ratelimit-limit": "500", "ratelimit-reset": "9000000000" },
    "BACKEND_UNAVAILABLE",
    "of the day are used up",
  ],
  [500, {}, "BACKEND_UNAVAILABLE", "it failed"],
])("status %d with %j is %s", async (status, headers, code, words) => {
  answerBatches(() => HttpResponse.json({ error: "its own words" }, { status, headers }));
  const [outcome] = await sender.send(messages(1));
  expect(outcome).toMatchObject({ outcome: "failed", error: { code } });
  const { error } = outcome as { readonly error: Error };
  expect(error.message).toContain(words);
  // Of a limit the SDK tells the numbers instead.
  if (status !== 429) expect(error.message).toContain("its own words");
  expect(JSON.stringify(error)).not.toContain("very-secret");
});

test("when nobody answers at the address the error says so, after a few tries", async () => {
  const batches = answerBatches(() => HttpResponse.error());
  expect(await sender.send(messages(1))).toMatchObject([
    {
      outcome: "failed",
      error: { code: "BACKEND_UNAVAILABLE", message: expect.stringContaining("QSTASH_URL") },
    },
  ]);
  expect(batches.length).toBeGreaterThan(1);
  expect(batches.length).toBeLessThan(6);
});

test("a QStash that is silent is given up after twenty seconds", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const asked = Promise.withResolvers<void>();
  answerBatches(() => {
    asked.resolve();
    return new Promise<never>(() => {});
  });
  const sending = sender.send(messages(1));
  await vi.advanceTimersByTimeAsync(10);
  await asked.promise;
  await vi.advanceTimersByTimeAsync(20_000);
  expect(await sending).toMatchObject([
    { outcome: "failed", error: { code: "BACKEND_UNAVAILABLE", message: expect.stringContaining("20 s") } },
  ]);
});

test("QStash's own switch for development sends nothing elsewhere", async () => {
  vi.stubEnv("QSTASH_DEV", "1");
  vi.stubEnv("QSTASH_URL", "https://elsewhere.example.test");
  const batches = answerBatches(takeAll);
  await new QstashSender({ token: "very-secret", baseUrl: BASE_URL }).send(messages(1));
  expect(batches).toHaveLength(1);
});
