import { describe, expect, it } from "vitest";
import { HOOK, held } from "./held-engine.setup.test.ts";

describe("a request that cannot be meant", () => {
  it.each<[string, string, Record<string, string>, string | undefined, number, string]>([
    ["no token", "GET /v2/keys", { authorization: "" }, undefined, 401, "Bearer"],
    ["another scheme", "GET /v2/keys", { authorization: "Basic secret" }, undefined, 401, "Bearer"],
    ["a wrong token", "GET /v2/keys", { authorization: "Bearer wrong" }, undefined, 401, "not this server's"],
    ["an unknown route", "GET /v2/nothing", {}, undefined, 404, "no such route"],
    ["another method", "PATCH /v2/queues", {}, undefined, 404, "no such route"],
    ["no destination", "POST /v2/publish/", {}, "{}", 404, "no such route"],
    [
      "a destination without a scheme",
      "POST /v2/publish/example.com/hook",
      {},
      "{}",
      400,
      "begins with http",
    ],
    ["merged slashes", "POST /v2/publish/https:/example.com", {}, "{}", 400, "merges slashes"],
    ["a broken URL", "POST /v2/publish/https://", {}, "{}", 400, "not a valid URL"],
    ["a provider's API", "POST /v2/publish/api/llm", {}, "{}", 400, "APIs of providers"],
    ["a group that is not there", "POST /v2/publish/nobody", {}, "{}", 404, "no url group"],
    ["a method", `POST /v2/publish/${HOOK}`, { "upstash-method": "BREW" }, "{}", 400, "GET, POST, PUT"],
    [
      "a delay",
      `POST /v2/publish/${HOOK}`,
      { "upstash-delay": "soon" },
      "{}",
      400,
      "Upstash-Delay must be a duration",
    ],
    ["a long delay", `POST /v2/publish/${HOOK}`, { "upstash-delay": "366d" }, "{}", 412, "longer than"],
    ["retries", `POST /v2/publish/${HOOK}`, { "upstash-retries": "-1" }, "{}", 400, "whole number"],
    ["many retries", `POST /v2/publish/${HOOK}`, { "upstash-retries": "21" }, "{}", 412, "allows 20 at most"],
    ["no timeout", `POST /v2/publish/${HOOK}`, { "upstash-timeout": "0s" }, "{}", 400, "longer than 0"],
    ["a long timeout", `POST /v2/publish/${HOOK}`, { "upstash-timeout": "1h" }, "{}", 412, "900 seconds"],
    ["a time", `POST /v2/publish/${HOOK}`, { "upstash-not-before": "tomorrow" }, "{}", 400, "Not-Before"],
    [
      "an expression",
      `POST /v2/publish/${HOOK}`,
      { "upstash-retry-delay": "retry()" },
      "{}",
      400,
      "neither `retried`",
    ],
    [
      "a callback",
      `POST /v2/publish/${HOOK}`,
      { "upstash-callback": "example.com" },
      "{}",
      400,
      "Upstash-Callback",
    ],
    [
      "a callback's retries",
      `POST /v2/publish/${HOOK}`,
      { "upstash-callback": HOOK, "upstash-callback-retries": "x" },
      "{}",
      400,
      "Upstash-Callback-Retries",
    ],
    [
      "a redaction",
      `POST /v2/publish/${HOOK}`,
      { "upstash-redact-fields": "all" },
      "{}",
      400,
      "Redact-Fields",
    ],
    [
      "a flow control without a value",
      `POST /v2/publish/${HOOK}`,
      { "upstash-flow-control-key": "k" },
      "{}",
      400,
      "needs",
    ],
    [
      "a flow control's value",
      `POST /v2/publish/${HOOK}`,
      { "upstash-flow-control-key": "k", "upstash-flow-control-value": "rate=0" },
      "{}",
      400,
      "parallelism=2",
    ],
    [
      "a flow control's period",
      `POST /v2/publish/${HOOK}`,
      { "upstash-flow-control-key": "k", "upstash-flow-control-value": "rate=1,period=8d" },
      "{}",
      400,
      "from 1s to 7d",
    ],
    ["a queue's name", `POST /v2/enqueue/a%20b/${HOOK}`, {}, "{}", 400, "queue name"],
    ["no cron", `POST /v2/schedules/${HOOK}`, {}, "{}", 400, "needs Upstash-Cron"],
    ["a cron rule", `POST /v2/schedules/${HOOK}`, { "upstash-cron": "every day" }, "{}", 400, "five fields"],
    ["seconds", `POST /v2/schedules/${HOOK}`, { "upstash-cron": "* * * * * *" }, "{}", 400, "five fields"],
    ["a dead rule", `POST /v2/schedules/${HOOK}`, { "upstash-cron": "0 0 31 2 *" }, "{}", 400, "never fires"],
    [
      "a zone",
      `POST /v2/schedules/${HOOK}`,
      { "upstash-cron": "CRON_TZ=Mars/Base 0 0 * * *" },
      "{}",
      400,
      "IANA",
    ],
    [
      "a schedule's id",
      `POST /v2/schedules/${HOOK}`,
      { "upstash-cron": "* * * * *", "upstash-schedule-id": "a/b" },
      "{}",
      400,
      "id of a schedule",
    ],
    ["a batch of one", "POST /v2/batch", {}, "{}", 400, "JSON array"],
    ["no JSON", "POST /v2/queues", {}, "{", 400, "must be JSON"],
    ["an array", "POST /v2/queues", {}, "[]", 400, "JSON object"],
    ["a queue's parallelism", "POST /v2/queues", {}, '{"queueName":"q","parallelism":0}', 400, "parallelism"],
    ["endpoints", "POST /v2/topics/g/endpoints", {}, '{"endpoints":[{"name":"x"}]}', 400, "needs a url"],
    ["an endpoint's URL", "POST /v2/topics/g/endpoints", {}, '{"endpoints":[{"url":"x"}]}', 400, "http://"],
    ["a count", "GET /v2/dlq?count=0", {}, undefined, 400, "count"],
    ["a cursor", "GET /v2/events?cursor=x", {}, undefined, 400, "cursor"],
    ["a date", "GET /v2/events?fromDate=today", {}, undefined, 400, "fromDate"],
    ["nothing to pin", "POST /v2/flowControl/k/pin", {}, undefined, 400, "parallelism, rate"],
    ["an unknown key", "GET /v2/flowControl/k", {}, undefined, 404, "flow control"],
  ])("%s", async (_what, request, headers, body, status, error) => {
    const { call, qstash } = held();
    const answer = await call(request, headers, body);
    expect(answer).toMatchObject({ status, body: { error: expect.stringContaining(error) } });
    expect(qstash.messages()).toEqual([]);
  });

  it("is a body that is too long, with or without its length said, and leaves nothing", async () => {
    const { call, publish, qstash } = held(undefined, { messageBytes: 100 });
    expect((await publish({}, HOOK, "x".repeat(100))).status).toBe(200);
    expect((await publish({}, HOOK, "x".repeat(101))).status).toBe(413);
    expect((await publish({ "content-length": "101" }, HOOK, "")).status).toBe(413);
    const batch = JSON.stringify([
      { destination: HOOK, body: "x".repeat(101) },
      { destination: HOOK, body: "y" },
    ]);
    expect((await call("POST /v2/batch", {}, batch)).body).toEqual([
      { error: expect.stringContaining("allows 100") },
      { messageId: expect.any(String), url: HOOK },
    ]);
    await qstash.settle();
  });

  it("is one too many in a second or in a day, each in its own shape", async () => {
    const { publish, qstash } = held(undefined, { messagesPerSecond: 1, messagesPerDay: 2 });
    expect((await publish()).status).toBe(200);
    const burst = await publish();
    expect([burst.status, burst.headers.get("burst-ratelimit-limit")]).toEqual([429, "1"]);
    expect(burst.headers.get("ratelimit-limit")).toBeNull();
    await qstash.advance("1s");
    expect((await publish()).status).toBe(200);
    await qstash.advance("1s");
    const daily = await publish();
    expect([daily.status, daily.headers.get("ratelimit-limit")]).toEqual([429, "2"]);
    await qstash.advance("1d");
    expect((await publish()).status).toBe(200);
  });
});
