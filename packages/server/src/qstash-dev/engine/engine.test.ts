import { createHash } from "node:crypto";
import { Receiver } from "@upstash/qstash";
import { describe, expect, it } from "vitest";
import { controlledQstash } from "../msw/controlled-qstash.ts";
import { answerRequest } from "../routes/answer-request.ts";
import { DEV_KEYS } from "./dev-credentials.ts";
import { QstashEngine } from "./engine.ts";
import { HeldClock } from "./held-clock.ts";
import { type QstashLimits, resolveLimits } from "./limits.ts";

const START = Date.UTC(2030, 0, 1, 12, 0, 30);
const HOOK = "https://example.com/hook";

interface Delivered {
  /** Seconds since the start. */
  readonly at: number;
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly body: string;
}

type Respond = (delivered: Delivered, index: number) => Response | Promise<Response>;

function held(respond: Respond = () => new Response("ok"), limits: Partial<QstashLimits> = {}) {
  const clock = new HeldClock(START);
  const requests: Delivered[] = [];
  const engine = new QstashEngine({
    token: "secret",
    keys: DEV_KEYS,
    clock,
    limits: resolveLimits(limits),
    signingTime: Date.now,
    deliver: async (request) => {
      const { url, method, headers } = request;
      const delivered = {
        at: (clock.now() - START) / 1_000,
        url,
        method,
        headers,
        body: await request.text(),
      };
      requests.push(delivered);
      return respond(delivered, requests.length - 1);
    },
    onFault: (error) => {
      throw error;
    },
  });
  const call = async (
    request: string,
    headers: Record<string, string> = {},
    body?: string | Uint8Array<ArrayBuffer>,
  ) => {
    const [method = "", target = ""] = request.split(/ (.*)/s);
    const sent = new Request("https://qstash.test/", {
      method,
      headers: { authorization: "Bearer secret", ...headers },
      ...(body === undefined ? {} : { body }),
    });
    const response = await answerRequest(engine, sent, { target, callerIp: "192.0.2.7" });
    return { status: response.status, headers: response.headers, body: await response.json() };
  };
  const publish = (headers: Record<string, string> = {}, url = HOOK, body = "{}") =>
    call(`POST /v2/publish/${url}`, headers, body);
  const qstash = controlledQstash(engine, clock, "5s");
  const times = () => requests.map(({ at }) => at);
  const states = async (messageId: string) => {
    const { body } = await call(`GET /v2/events?messageIds=${messageId}&order=earliestFirst`);
    return body.events.map(({ state }: { state: string }) => state);
  };
  return { qstash, engine, clock, requests, call, publish, times, states };
}

/** Answers that are given in turn, the last one for ever. */
function inTurn(...statuses: number[]): Respond {
  return (_, index) => new Response(null, { status: statuses[Math.min(index, statuses.length - 1)] ?? 200 });
}

/** Answers that wait until they are let go. */
function gate() {
  const waiting: (() => void)[] = [];
  return {
    respond: () => new Promise<Response>((resolve) => waiting.push(() => resolve(new Response("ok")))),
    open: () => waiting.shift()?.(),
    get count() {
      return waiting.length;
    },
  };
}

/** Lets everything run that needs no time. */
const turns = () => new Promise((resolve) => setImmediate(resolve));

describe("a delivery", () => {
  it("has the message's bytes, headers and method, QStash's own headers, and a signature that the SDK accepts", async () => {
    const { requests, call, qstash } = held();
    const { body } = await call(
      `PUT /v2/publish/${HOOK}`.replace("PUT", "POST"),
      {
        "content-type": "application/json",
        "upstash-method": "PUT",
        "upstash-forward-x-tenant": "acme",
        "upstash-forward-upstash-message-id": "forged",
        "upstash-forward-host": "forged.example",
      },
      '{"ä":1}',
    );
    await qstash.settle();
    const [first] = requests;
    expect(first).toMatchObject({ url: HOOK, method: "PUT", body: '{"ä":1}' });
    expect(Object.fromEntries(first?.headers ?? [])).toMatchObject({
      "content-type": "application/json",
      "x-tenant": "acme",
      "user-agent": "Upstash-QStash",
      "upstash-message-id": body.messageId,
      "upstash-retried": "0",
      "upstash-caller-ip": "192.0.2.7",
      "upstash-region": "local",
    });
    expect(first?.headers.get("host")).toBeNull();
    const receiver = new Receiver({
      currentSigningKey: DEV_KEYS.current,
      nextSigningKey: "unused",
      devMode: false,
    });
    const signature = first?.headers.get("upstash-signature") ?? "";
    await expect(receiver.verify({ signature, body: '{"ä":1}', url: HOOK })).resolves.toBe(true);
    await expect(receiver.verify({ signature, body: "{}", url: HOOK })).rejects.toThrow(/body hash/);
    await expect(receiver.verify({ signature, body: '{"ä":1}', url: `${HOOK}/` })).rejects.toThrow(/subject/);
    const claims = JSON.parse(Buffer.from(signature.split(".")[1] ?? "", "base64url").toString());
    expect(claims).toMatchObject({ iss: "Upstash", sub: HOOK, exp: claims.iat + 300 });
    expect(claims.jti).toMatch(/^jwt_\w+$/);
  });

  it("keeps bytes that are no text", async () => {
    const bytes = new Uint8Array([0, 255, 254, 13, 10, 128]);
    const received: Uint8Array[] = [];
    const engine = new QstashEngine({
      token: null,
      keys: DEV_KEYS,
      clock: new HeldClock(START),
      deliver: async (request) => {
        received.push(await request.bytes());
        return new Response("ok");
      },
    });
    const request = new Request("https://qstash.test/", {
      method: "POST",
      headers: { authorization: "Bearer any" },
      body: bytes,
    });
    await answerRequest(engine, request, { target: `/v2/publish/${HOOK}` });
    await engine.dispatcher.idle();
    expect(received).toEqual([bytes]);
  });

  it("by GET has no body", async () => {
    const { requests, publish, qstash } = held();
    await publish({ "upstash-method": "get" });
    await qstash.settle();
    expect(requests).toMatchObject([{ method: "GET", body: "" }]);
  });

  it("goes where its URL says, its query and all", async () => {
    const { requests, publish, qstash } = held();
    const url = "https://example.com/a//b?next=https://other.example/?x=1&y=%2F";
    const { body } = await publish({}, url);
    await publish({}, encodeURIComponent("https://example.com/encoded?x=1"));
    await publish({}, "https://ada:pass%20word@example.com/closed");
    await qstash.settle();
    expect(body.url).toBe(url);
    expect(requests.map((request) => request.url)).toEqual([
      url,
      "https://example.com/encoded?x=1",
      "https://example.com/closed",
    ]);
    expect(requests[2]?.headers.get("authorization")).toBe(`Basic ${btoa("ada:pass word")}`);
  });

  it("follows no redirect", async () => {
    const { publish, qstash } = held(() => new Response(null, { status: 308, headers: { location: "/" } }));
    await publish({ "upstash-retries": "0" });
    await qstash.settle();
    expect(qstash.dlq()).toMatchObject([{ status: 308 }]);
  });

  it("begins after its delay, or at its time, which wins", async () => {
    const { publish, qstash, times } = held();
    await publish({ "upstash-delay": "1m30s" });
    await publish({ "upstash-delay": "10s", "upstash-not-before": String((START + 60_000) / 1_000) });
    await publish({ "upstash-not-before": "1" });
    await qstash.settle();
    expect(times()).toEqual([0]);
    await qstash.advance("59s");
    expect(times()).toEqual([0]);
    await qstash.advance("1m");
    expect(times()).toEqual([0, 60, 90]);
  });
});

describe("a message whose endpoint fails", () => {
  it("is tried again by QStash's own pauses, and then given up", async () => {
    const { publish, qstash, times, requests, states, call } = held(
      () => new Response("no", { status: 500 }),
    );
    const { body } = await publish({ "upstash-label": "one, two" });
    await qstash.advance("2d");
    expect(times()).toEqual([0, 12, 12 + 148, 12 + 148 + 1_808]);
    expect(requests.map(({ headers }) => headers.get("upstash-retried"))).toEqual(["0", "1", "2", "3"]);
    expect(qstash.messages()).toEqual([]);
    expect(qstash.dlq()).toMatchObject([
      { messageId: body.messageId, status: 500, responseBody: "no", labels: ["one", "two"], retried: 3 },
    ]);
    expect(await states(body.messageId)).toEqual([
      "CREATED",
      ...["ACTIVE", "ERROR", "RETRY", "ACTIVE", "ERROR", "RETRY", "ACTIVE", "ERROR", "RETRY"],
      ...["ACTIVE", "ERROR", "FAILED"],
    ]);
    expect((await call(`GET /v2/messages/${body.messageId}`)).status).toBe(404);
  });

  it("is tried again by its own expression and as often as it asks", async () => {
    const { publish, qstash, times } = held(inTurn(500));
    await publish({ "upstash-retries": "2", "upstash-retry-delay": "1000 * (1 + retried)" });
    await qstash.advance("1h");
    expect(times()).toEqual([0, 1, 3]);
    expect(qstash.dlq()).toHaveLength(1);
  });

  it("is tried again when the answer says, whatever its own pause", async () => {
    const { publish, qstash, times } = held(
      (_, index) => new Response(null, { status: index === 0 ? 503 : 200, headers: { "retry-after": "45" } }),
    );
    await publish({ "upstash-retry-delay": "1" });
    await qstash.advance("44s");
    expect(times()).toEqual([0]);
    expect(qstash.messages()).toMatchObject([{ retried: 1, nextAttemptAt: new Date(START + 45_000) }]);
    await qstash.advance("1s");
    expect(times()).toEqual([0, 45]);
    expect(qstash.messages()).toEqual([]);
  });

  it("is given up at once when the answer is 489 and says so in its header, and only then", async () => {
    const header = { "Upstash-NonRetryable-Error": "true" };
    const final = held(() => new Response("stop", { status: 489, headers: header }));
    await final.publish({});
    await final.qstash.advance("1d");
    expect(final.times()).toEqual([0]);
    expect(final.qstash.dlq()).toMatchObject([{ status: 489, retried: 0 }]);
    const bare = held(() => new Response("stop", { status: 489 }));
    await bare.publish({});
    await bare.qstash.advance("12s");
    expect(bare.times()).toEqual([0, 12]);
  });

  it("is tried again when nobody answers, or not in its time", async () => {
    const { publish, qstash, times } = held((_, index) => {
      if (index === 0) throw new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED") });
      return new Promise(() => {});
    });
    await publish({ "upstash-timeout": "20s", "upstash-retries": "1" });
    await qstash.settle();
    expect(qstash.deliveries()).toMatchObject([
      { status: null, error: "connect ECONNREFUSED", outcome: "retry" },
    ]);
    expect(times()).toEqual([0]);
  });

  it("is not waited for longer than its timeout, 15 minutes where it has none, though its endpoint ignores the signal", async () => {
    const { clock, publish, engine } = held(() => new Promise(() => {}));
    await publish({ "upstash-timeout": "20s", "upstash-retries": "0" });
    await publish({ "upstash-retries": "0" });
    await turns();
    clock.moveTo(START + 20_000);
    await turns();
    expect(engine.deadLetters.values().map(({ answer }) => answer.error)).toEqual(["no answer within 20 s"]);
    clock.moveTo(START + 15 * 60_000);
    await turns();
    expect(engine.deadLetters.values().map(({ answer }) => answer.error)).toEqual([
      "no answer within 20 s",
      "no answer within 900 s",
    ]);
  });
});

describe("deduplication", () => {
  it("answers 202 and the first id for ten minutes, also after the message has ended", async () => {
    const { publish, qstash, requests } = held();
    const first = await publish({ "upstash-deduplication-id": "order-1" });
    await qstash.advance("9m");
    const second = await publish({ "upstash-deduplication-id": "order-1" }, "https://example.com/other");
    expect(first.status).toBe(200);
    expect(second).toMatchObject({
      status: 202,
      body: { messageId: first.body.messageId, url: HOOK, deduplicated: true },
    });
    await qstash.advance("1m");
    const third = await publish({ "upstash-deduplication-id": "order-1" });
    expect(third.status).toBe(200);
    await qstash.settle();
    expect(requests).toHaveLength(2);
  });

  it("by content goes by destination, body, content type and forwarded headers", async () => {
    const { publish } = held();
    const headers = { "upstash-content-based-deduplication": "true", "upstash-forward-a": "1" };
    expect((await publish(headers)).status).toBe(200);
    expect((await publish({ ...headers, "upstash-delay": "1h" })).status).toBe(202);
    expect((await publish(headers, `${HOOK}?b`)).status).toBe(200);
    expect((await publish(headers, HOOK, "[]")).status).toBe(200);
    expect((await publish({ ...headers, "upstash-forward-a": "2" })).status).toBe(200);
    expect((await publish({ ...headers, "content-type": "text/x-other" })).status).toBe(200);
  });
});

describe("callbacks", () => {
  it("tell of each attempt, by their own method, headers, retries and delay, and are signed", async () => {
    const { publish, qstash, requests } = held(inTurn(500, 200));
    const { body } = await publish({
      "content-type": "application/json",
      "upstash-retry-delay": "1000",
      "upstash-callback": "https://example.com/told?x=1",
      "upstash-callback-method": "PUT",
      "upstash-callback-delay": "5s",
      "upstash-callback-retries": "0",
      "upstash-callback-forward-x-secret": "s",
      "upstash-forward-x-own": "o",
    });
    await qstash.advance("10s");
    const told = requests.filter(({ url }) => url === "https://example.com/told?x=1");
    expect(told.map(({ at, method }) => [at, method])).toEqual([
      [5, "PUT"],
      [6, "PUT"],
    ]);
    expect(told[0]?.headers.get("x-secret")).toBe("s");
    expect(told[0]?.headers.get("x-own")).toBeNull();
    expect(told[0]?.headers.get("content-type")).toBe("application/json");
    expect(told[0]?.headers.get("upstash-message-id")).not.toBe(body.messageId);
    expect(told[0]?.headers.get("upstash-signature")).toMatch(/^ey/);
    expect(told.map((request) => JSON.parse(request.body))).toMatchObject([
      { status: 500, retried: 0 },
      { status: 200, retried: 1 },
    ]);
    expect(JSON.parse(told[0]?.body ?? "")).toEqual({
      status: 500,
      header: {},
      body: "",
      retried: 0,
      maxRetries: 3,
      sourceMessageId: body.messageId,
      url: HOOK,
      method: "POST",
      sourceHeader: { "Content-Type": ["application/json"], "X-Own": ["o"] },
      sourceBody: btoa("{}"),
      notBefore: String(START),
      createdAt: String(START),
      callerIP: "192.0.2.7",
    });
  });

  it("of failure come once, when the message is given up, with its id in the DLQ", async () => {
    const { publish, qstash, requests } = held(
      ({ url }) => new Response("no", { status: url === HOOK ? 500 : 200 }),
    );
    await publish({
      "upstash-retries": "1",
      "upstash-retry-delay": "1000",
      "upstash-failure-callback": "https://example.com/failed",
      "upstash-failure-callback-forward-x-secret": "f",
    });
    await qstash.advance("1m");
    const told = requests.filter(({ url }) => url.endsWith("/failed"));
    expect(told).toHaveLength(1);
    expect(told[0]?.headers.get("x-secret")).toBe("f");
    expect(JSON.parse(told[0]?.body ?? "")).toMatchObject({
      status: 500,
      body: btoa("no"),
      retried: 1,
      maxRetries: 1,
      dlqId: qstash.dlq()[0]?.dlqId,
    });
  });

  it("that fail go to the DLQ themselves", async () => {
    const { publish, qstash } = held(({ url }) => new Response(null, { status: url === HOOK ? 200 : 500 }));
    await publish({ "upstash-callback": "https://example.com/told", "upstash-callback-retries": "0" });
    await qstash.settle();
    expect(qstash.dlq()).toMatchObject([{ url: "https://example.com/told" }]);
  });
});

describe("a queue", () => {
  const enqueue = (call: ReturnType<typeof held>["call"], name: string, headers = {}) =>
    call(`POST /v2/enqueue/line/https://example.com/${name}`, headers, name);
  const names = (requests: readonly Delivered[]) => requests.map(({ url }) => new URL(url).pathname.slice(1));

  it("delivers one after another, the next after the retries and callbacks of the one before", async () => {
    const { call, qstash, requests, times } = held(({ url }, index) => {
      return new Response(null, { status: url.endsWith("/first") && index === 0 ? 500 : 200 });
    });
    const callback = { "upstash-callback": "https://example.com/told", "upstash-callback-delay": "3s" };
    await enqueue(call, "first", { ...callback, "upstash-retry-delay": "10000" });
    await enqueue(call, "second");
    await enqueue(call, "third");
    await qstash.advance("1m");
    expect(names(requests)).toEqual(["first", "told", "first", "told", "second", "third"]);
    expect(times()).toEqual([0, 3, 10, 13, 13, 13]);
  });

  it("lets a retry pass by an older message that fell due meanwhile, as the retry has the slot", async () => {
    const { call, qstash, requests, times } = held(
      ({ url }, index) => new Response(null, { status: url.endsWith("/retried") && index === 0 ? 500 : 200 }),
    );
    await enqueue(call, "older", { "upstash-delay": "5s" });
    await enqueue(call, "retried", { "upstash-retry-delay": "10000" });
    await qstash.advance("1m");
    expect(names(requests)).toEqual(["retried", "retried", "older"]);
    expect(times()).toEqual([0, 10, 10]);
  });

  it("has as many on their way as its parallelism, and none while it is paused", async () => {
    const door = gate();
    const { call } = held(door.respond);
    await call("POST /v2/queues", {}, '{"queueName":"line","parallelism":2}');
    for (const name of ["a", "b", "c", "d"]) await enqueue(call, name);
    await turns();
    expect(door.count).toBe(2);
    expect((await call("GET /v2/queues/line")).body).toMatchObject({ parallelism: 2, lag: 2, paused: false });
    await call("POST /v2/queues/line/pause");
    door.open();
    await turns();
    expect(door.count).toBe(1);
    await call("POST /v2/queues/line/resume");
    await turns();
    expect(door.count).toBe(2);
    expect((await call("GET /v2/queues/line")).body).toMatchObject({ lag: 1 });
  });

  it("goes on when the message that holds it up is cancelled", async () => {
    const { call, qstash, requests } = held(
      ({ url }) => new Response(null, { status: url.endsWith("a") ? 500 : 200 }),
    );
    const { body } = await enqueue(call, "a");
    await enqueue(call, "b");
    await qstash.settle();
    expect(names(requests)).toEqual(["a"]);
    expect((await call(`DELETE /v2/messages/${body.messageId}`)).body).toEqual({ cancelled: 1 });
    await qstash.settle();
    expect(names(requests)).toEqual(["a", "b"]);
  });

  it("that is deleted takes its waiting messages with it", async () => {
    const { call, qstash, requests } = held();
    await call("POST /v2/queues", {}, '{"queueName":"line","paused":true}');
    const { body } = await enqueue(call, "a");
    expect((await call("DELETE /v2/queues/line")).status).toBe(200);
    await qstash.advance("1h");
    expect(requests).toEqual([]);
    expect((await call(`GET /v2/messages/${body.messageId}`)).status).toBe(404);
    expect((await call("GET /v2/queues/line")).status).toBe(404);
  });
});

describe("flow control", () => {
  const controlled = (value: string) => ({
    "upstash-flow-control-key": "k",
    "upstash-flow-control-value": value,
  });

  it("makes no more requests at once than its parallelism", async () => {
    const door = gate();
    const { publish, call } = held(door.respond);
    for (let count = 0; count < 5; count++) await publish(controlled("parallelism=2"));
    await publish({});
    await turns();
    expect(door.count).toBe(3);
    expect((await call("GET /v2/flowControl/k")).body).toMatchObject({
      flowControlKey: "k",
      waitListSize: 3,
      parallelismMax: 2,
      parallelismCount: 2,
    });
    door.open();
    door.open();
    await turns();
    expect(door.count).toBe(3);
  });

  it("makes no more requests in a period than its rate, and rejects nothing", async () => {
    const { publish, qstash, times, call } = held();
    for (let count = 0; count < 5; count++) await publish(controlled("rate=2, period=1m"));
    await qstash.advance("5m");
    expect(times()).toEqual([0, 0, 60, 60, 120]);
    await publish(controlled("rate=1, period=1m"));
    await publish(controlled("rate=1, period=1m"));
    await qstash.settle();
    expect(times()).toHaveLength(6);
    expect((await call("GET /v2/flowControl/k")).body).toMatchObject({
      rateMax: 1,
      rateCount: 1,
      ratePeriod: 60,
    });
    await call("POST /v2/flowControl/k/resetRate");
    await qstash.settle();
    expect(times()).toHaveLength(7);
  });

  it("counts retries as requests", async () => {
    const { publish, qstash, times } = held(inTurn(500, 200));
    await publish({ ...controlled("rate=1, period=1m"), "upstash-retry-delay": "1000" });
    await publish(controlled("rate=1, period=1m"));
    await qstash.advance("5m");
    expect(times()).toEqual([0, 60, 120]);
  });

  it("can be paused and pinned against what messages say", async () => {
    const { publish, qstash, times, call } = held();
    await call("POST /v2/flowControl/k/pause");
    await publish(controlled("rate=9"));
    await publish(controlled("rate=9"));
    await qstash.advance("1h");
    expect(times()).toEqual([]);
    await call("POST /v2/flowControl/k/pin?rate=1&period=60&parallelism=7");
    await publish(controlled("rate=9"));
    expect((await call("GET /v2/flowControl/k")).body).toMatchObject({
      isPaused: true,
      isPinnedRate: true,
      isPinnedParallelism: true,
      rateMax: 1,
      parallelismMax: 7,
      waitListSize: 3,
    });
    await call("POST /v2/flowControl/k/resume");
    await qstash.advance("90s");
    expect(times()).toEqual([3600, 3660]);
    await call("POST /v2/flowControl/k/unpin?rate=true&parallelism=true");
    await publish(controlled("rate=9"));
    expect((await call("GET /v2/flowControl/k")).body).toMatchObject({ isPinnedRate: false, rateMax: 9 });
  });

  it("holds up nobody else, though many wait", async () => {
    const { publish, qstash, requests, call } = held(undefined, { parallelism: 2 });
    await call("POST /v2/flowControl/k/pause");
    for (let count = 0; count < 50; count++) await publish(controlled("parallelism=1"));
    await publish({});
    await qstash.settle();
    expect(requests).toHaveLength(1);
  });
});

describe("a schedule", () => {
  it("publishes at each time of its rule, in UTC, with its id and its message", async () => {
    const { call, qstash, requests, times } = held();
    const { body } = await call(
      `POST /v2/schedules/${HOOK}`,
      { "upstash-cron": "*/2 * * * *", "upstash-label": "tidy", "upstash-forward-a": "1" },
      "tick",
    );
    expect(body.scheduleId).toMatch(/^scd_/);
    await qstash.advance("4m");
    expect(times()).toEqual([90, 210]);
    expect(requests[0]?.headers.get("upstash-schedule-id")).toBe(body.scheduleId);
    expect(requests[0]).toMatchObject({ body: "tick" });
    expect((await call(`GET /v2/schedules/${body.scheduleId}`)).body).toMatchObject({
      scheduleId: body.scheduleId,
      cron: "*/2 * * * *",
      destination: HOOK,
      body: "tick",
      label: "tidy",
      retries: 3,
      isPaused: false,
      lastScheduleTime: START + 210_000,
      nextScheduleTime: START + 330_000,
      lastScheduleStates: { [requests[1]?.headers.get("upstash-message-id") ?? ""]: "SUCCESS" },
    });
  });

  it("goes by the time zone of its rule, over the change to summer time too", async () => {
    const { call, clock } = held();
    clock.moveTo(Date.UTC(2030, 2, 30, 12));
    const headers = { "upstash-cron": "CRON_TZ=Europe/Berlin 0 4 * * *", "upstash-schedule-id": "daily" };
    await call(`POST /v2/schedules/${HOOK}`, headers);
    expect((await call("GET /v2/schedules/daily")).body.nextScheduleTime).toBe(Date.UTC(2030, 2, 31, 2));
    const winter = { "upstash-cron": "CRON_TZ=America/New_York 0 4 1 1 *", "upstash-schedule-id": "winter" };
    await call(`POST /v2/schedules/${HOOK}`, winter);
    expect((await call("GET /v2/schedules/winter")).body.nextScheduleTime).toBe(Date.UTC(2031, 0, 1, 9));
  });

  it("is replaced under the same id, paused, resumed and deleted", async () => {
    const { call, qstash, times } = held();
    const create = (cron: string) =>
      call(`POST /v2/schedules/${HOOK}`, { "upstash-cron": cron, "upstash-schedule-id": "one" });
    await create("* * * * *");
    await create("0 * * * *");
    expect((await call("GET /v2/schedules")).body).toHaveLength(1);
    await qstash.advance("1h");
    expect(times()).toEqual([59.5 * 60]);
    expect((await call("PATCH /v2/schedules/one/pause")).status).toBe(200);
    await qstash.advance("2h");
    expect(times()).toHaveLength(1);
    expect((await call("POST /v2/schedules/one/resume")).status).toBe(200);
    await qstash.advance("1h");
    expect(times()).toEqual([59.5 * 60, 59.5 * 60 + 3 * 3_600]);
    expect((await call("DELETE /v2/schedules/one")).status).toBe(200);
    await qstash.advance("2h");
    expect(times()).toHaveLength(2);
    expect((await call("GET /v2/schedules/one")).status).toBe(404);
  });

  it("goes through a queue, and to a url group that may come and go", async () => {
    const { call, qstash, requests } = held();
    const endpoints =
      '{"endpoints":[{"url":"https://example.com/1","name":"one"},{"url":"https://example.com/2"}]}';
    await call("POST /v2/topics/both/endpoints", {}, endpoints);
    const headers = { "upstash-cron": "* * * * *", "upstash-schedule-id": "s", "upstash-queue-name": "line" };
    await call("POST /v2/schedules/both", headers);
    await qstash.advance("1m");
    expect(requests.map(({ url }) => url)).toEqual(["https://example.com/1", "https://example.com/2"]);
    expect(requests[0]?.headers.get("upstash-topic-name")).toBe("both");
    expect((await call("GET /v2/queues/line")).body).toMatchObject({ name: "line", lag: 0 });
    await call("DELETE /v2/topics/both");
    await qstash.advance("1m");
    await call("POST /v2/topics/both/endpoints", {}, endpoints);
    await qstash.advance("1m");
    expect(requests).toHaveLength(4);
  });
});

describe("a cancelled message", () => {
  it("is not delivered, and not tried again when its attempt is on its way", async () => {
    const door = gate();
    const { publish, call, qstash, requests, states } = held(door.respond);
    const waiting = (await publish({ "upstash-delay": "1m" })).body.messageId;
    const active = (await publish({ "upstash-callback": "https://example.com/told" })).body.messageId;
    await turns();
    expect((await call(`DELETE /v2/messages?messageIds=${waiting}&messageIds=${active}`)).body).toEqual({
      cancelled: 2,
    });
    door.open();
    await qstash.advance("1h");
    expect(requests).toHaveLength(1);
    expect(await states(waiting)).toEqual(["CREATED", "CANCEL_REQUESTED", "CANCELLED"]);
    expect(await states(active)).toEqual(["CREATED", "ACTIVE", "CANCEL_REQUESTED", "CANCELLED"]);
  });

  it("is found by filters, of which each must fit and any of its values may", async () => {
    const { publish, call, qstash } = held();
    const later = { "upstash-delay": "1h" };
    await publish({ ...later, "upstash-label": "a" });
    await publish({ ...later, "upstash-label": "b,c" }, "https://other.example/x");
    await publish({ ...later, "upstash-label": "d" });
    const cancel = async (query: string) => (await call(`DELETE /v2/messages?${query}`)).body.cancelled;
    expect(await cancel("label=a&host=other.example")).toBe(0);
    expect(await cancel("label=c&label=d&path=/x")).toBe(1);
    expect(await cancel(`toDate=${START - 1}`)).toBe(0);
    expect(await cancel("count=1")).toBe(1);
    expect(await cancel("count=100")).toBe(1);
    expect(qstash.messages()).toEqual([]);
  });

  it("is none when a filter is unknown, which would otherwise cancel all", async () => {
    const { publish, call, qstash } = held();
    await publish({ "upstash-delay": "1h" });
    expect(await call("DELETE /v2/messages?lable=a")).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining("There is no filter of this name; there are url,") },
    });
    expect(qstash.messages()).toHaveLength(1);
  });
});

describe("the DLQ", () => {
  it("is listed in pages, filtered, and its messages are sent again as new ones", async () => {
    const { publish, call, qstash, requests } = held(
      (_, index) => new Response("no", { status: index < 3 ? 500 : 200 }),
    );
    for (const label of ["a", "b", "c"])
      await publish({ "upstash-retries": "0", "upstash-label": label }, HOOK, label);
    await qstash.settle();
    const page = (await call("GET /v2/dlq?count=2")).body;
    const next = (await call(`GET /v2/dlq?count=2&cursor=${page.cursor}`)).body;
    expect(page.messages.map((one: { label: string }) => one.label)).toEqual(["a", "b"]);
    expect(next.messages.map((one: { label: string }) => one.label)).toEqual(["c"]);
    expect(next.cursor).toBeUndefined();
    expect((await call("GET /v2/dlq?order=latestFirst&count=1")).body.messages).toMatchObject([
      { label: "c" },
    ]);
    expect((await call("GET /v2/dlq?responseStatus=404")).body.messages).toEqual([]);
    const [one] = (await call("GET /v2/dlq?label=b&responseStatus=500")).body.messages;
    expect((await call(`GET /v2/dlq/${one.dlqId}`)).body).toEqual(one);
    expect(one).toMatchObject({
      body: "b",
      responseStatus: 500,
      responseBody: "no",
      maxRetries: 0,
      url: HOOK,
    });
    const again = await call(`POST /v2/dlq/retry/${one.dlqId}`, {
      "upstash-retries": "5",
      "upstash-delay": "1m",
    });
    expect(again.body.messageId).not.toBe(one.messageId);
    expect((await call(`GET /v2/messages/${again.body.messageId}`)).body).toMatchObject({
      maxRetries: 5,
      label: "b",
    });
    expect((await call(`GET /v2/dlq/${one.dlqId}`)).status).toBe(404);
    await qstash.advance("1m");
    expect(requests.at(-1)).toMatchObject({ body: "b", at: 60 });
    expect((await call("POST /v2/dlq/retry?count=1")).body).toMatchObject({
      responses: [{ messageId: expect.stringMatching(/^msg_/) }],
      cursor: expect.any(String),
    });
    expect((await call("DELETE /v2/dlq?count=100")).body).toEqual({ deleted: 1 });
    expect(qstash.dlq()).toEqual([]);
  });

  it("answers 404 for what is not there", async () => {
    const { call } = held();
    expect((await call("DELETE /v2/dlq/none")).status).toBe(404);
    expect((await call("POST /v2/dlq/retry/none")).status).toBe(404);
    expect((await call("POST /v2/dlq/retry?dlqIds=none")).body).toEqual({ responses: [] });
  });
});

describe("what is redacted", () => {
  it("shows as a hash everywhere but in the delivery", async () => {
    const { publish, call, qstash, requests } = held(inTurn(500));
    const hash = (text: string) => `REDACTED:${createHash("sha256").update(text).digest("hex")}`;
    const { body } = await publish(
      {
        "upstash-retries": "0",
        "upstash-delay": "1s",
        "upstash-redact-fields": "body,header[Authorization]",
        "upstash-forward-authorization": "Bearer s3cret",
        "upstash-forward-open": "yes",
      },
      HOOK,
      "s3cret",
    );
    const shown = { header: { Authorization: [hash("Bearer s3cret")], Open: ["yes"] }, body: hash("s3cret") };
    expect((await call(`GET /v2/messages/${body.messageId}`)).body).toMatchObject(shown);
    await qstash.advance("1s");
    expect(requests[0]).toMatchObject({ body: "s3cret" });
    expect(requests[0]?.headers.get("authorization")).toBe("Bearer s3cret");
    expect((await call("GET /v2/dlq")).body.messages).toMatchObject([shown]);
    expect(JSON.stringify((await call("GET /v2/events")).body)).not.toContain("s3cret");
  });
});

describe("an engine that begins with what another one left", () => {
  /** Engines one after another, on one clock and one store. */
  function successive(respond: Respond) {
    const clock = new HeldClock(START);
    const kept = new Map<string, unknown>();
    const delivered: string[] = [];
    const begin = () => {
      const engine = new QstashEngine({
        token: null,
        keys: DEV_KEYS,
        clock,
        store: {
          load: (kind) =>
            [...kept].flatMap(([key, value]) =>
              key.startsWith(`${kind} `) ? [[key.split(" ")[1] ?? "", value]] : [],
            ),
          put: (kind, id, value) => void kept.set(`${kind} ${id}`, structuredClone(value)),
          remove: (kind, id) => void kept.delete(`${kind} ${id}`),
          atomically: (work) => work(),
          close: () => {},
        },
        deliver: async (request) => {
          const { url, method, headers } = request;
          delivered.push(`${new URL(url).pathname} ${(clock.now() - START) / 1_000}`);
          return respond({ at: 0, url, method, headers, body: await request.text() }, delivered.length - 1);
        },
      });
      const post = (target: string, headers: Record<string, string> = {}) =>
        answerRequest(
          engine,
          new Request("https://qstash.test/", {
            method: "POST",
            headers: { authorization: "Bearer x", ...headers },
          }),
          { target },
        );
      return { engine, post, qstash: controlledQstash(engine, clock, "5s") };
    };
    return { begin, clock, delivered };
  }

  it("fires a schedule once for all the times that were missed", async () => {
    const { begin, clock, delivered } = successive(() => new Response());
    const first = begin();
    await first.post(`/v2/schedules/${HOOK}`, { "upstash-cron": "0 * * * *" });
    first.engine.close();
    clock.moveTo(START + 3 * 3_600_000);
    const { qstash } = begin();
    await qstash.advance("1s");
    expect(delivered).toEqual(["/hook 10800"]);
    await qstash.advance("1h");
    expect(delivered).toHaveLength(2);
  });

  it.each<[string, Record<string, string>, readonly string[]]>([
    ["a retry", {}, ["/second 10"]],
    [
      "a callback",
      { "upstash-callback": "https://example.com/told", "upstash-callback-delay": "30s" },
      ["/told 30", "/told 40", "/second 40"],
    ],
  ])("lets no message overtake one of its queue that waits for %s", async (_what, headers, after) => {
    const { begin, delivered } = successive(
      ({ url }, index) => new Response(null, { status: url.endsWith("/first") && index === 0 ? 500 : 200 }),
    );
    const first = begin();
    const options = { ...headers, "upstash-retry-delay": "10000" };
    await first.post("/v2/enqueue/line/https://example.com/first", options);
    await first.post("/v2/enqueue/line/https://example.com/second");
    await first.qstash.settle();
    first.engine.close();
    const second = begin();
    await second.qstash.advance("9s");
    expect(delivered).toEqual(["/first 0"]);
    await second.qstash.advance("1s");
    second.engine.close();
    await begin().qstash.advance("1m");
    expect(delivered).toEqual(["/first 0", "/first 10", ...after]);
  });
});

describe("a store that fails", () => {
  it("has requests answered 500, and what it could not store is done again when it is well", async () => {
    const clock = new HeldClock(START);
    const faults: unknown[] = [];
    const delivered: number[] = [];
    let isFull = false;
    const put = () => {
      if (isFull) throw new Error("The disk is full.");
    };
    const engine = new QstashEngine({
      token: null,
      keys: DEV_KEYS,
      clock,
      store: { load: () => [], put, remove: put, atomically: (work) => work(), close: () => {} },
      deliver: () => {
        delivered.push((clock.now() - START) / 1_000);
        isFull = delivered.length === 1;
        return new Response("ok");
      },
      onFault: (error) => void faults.push(error),
    });
    const qstash = controlledQstash(engine, clock, "5s");
    const post = (target: string, headers: Record<string, string> = {}) =>
      answerRequest(
        engine,
        new Request("https://qstash.test/", {
          method: "POST",
          headers: { authorization: "Bearer x", ...headers },
        }),
        { target },
      );
    expect((await post(`/v2/schedules/${HOOK}`, { "upstash-cron": "* * * * *" })).status).toBe(200);
    expect((await post(`/v2/publish/${HOOK}`)).status).toBe(200);
    await qstash.settle();
    expect(delivered).toEqual([0]);
    const refused = await post(`/v2/publish/${HOOK}`);
    expect([refused.status, await refused.json()]).toEqual([
      500,
      { error: "The server failed; its log says why." },
    ]);
    // Attempts at 10 s and 20 s do not even begin, and neither does the tick at 30 s.
    await qstash.advance("35s");
    expect(delivered).toEqual([0]);
    isFull = false;
    await qstash.advance("10s");
    expect(delivered).toEqual([0, 40, 40]);
    expect(qstash.messages()).toEqual([]);
    expect(faults.length).toBeGreaterThan(3);
    expect(faults.length).toBeLessThan(20);
  });
});

describe("memory", () => {
  it("keeps the last 10,000 events", async () => {
    const { engine, publish } = held();
    await publish({ "upstash-delay": "1h" });
    const [message] = engine.messages.values();
    for (let count = 0; message !== undefined && count < 10_000; count++) {
      engine.events.add(message, "ACTIVE", START);
    }
    const all = { ids: null, matches: () => true };
    const { events } = engine.events.page(all, { count: 1e6, cursor: null, isEarliestFirst: true });
    expect(events).toHaveLength(10_000);
    expect(events[0]).toMatchObject({ state: "ACTIVE" });
  });

  it("keeps the last 1,000 reports of deliveries", async () => {
    const { qstash, publish } = held();
    for (let count = 0; count < 1_001; count++) await publish();
    await qstash.settle();
    expect(qstash.deliveries()).toHaveLength(1_000);
  }, 20_000);

  it("refuses messages when too many wait", async () => {
    const { publish } = held(undefined, { pendingMessages: 2 });
    await publish({ "upstash-delay": "1h" });
    await publish({ "upstash-delay": "1h" });
    expect(await publish()).toMatchObject({
      status: 429,
      body: { error: expect.stringMatching(/wait for their/) },
    });
    const bytes = held(undefined, { pendingBytes: 100 });
    await bytes.publish({ "upstash-delay": "1h" }, HOOK, "x".repeat(90));
    expect((await bytes.publish({}, HOOK, "x".repeat(90))).status).toBe(429);
  });
});

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
