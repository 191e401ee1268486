import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  Client,
  QstashDailyRatelimitError,
  QstashError,
  QstashRatelimitError,
  Receiver,
} from "@upstash/qstash";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Endpoint, type Received, startEndpoint } from "../../../../test/harness/qstash-endpoint.ts";
import type { DeliveryReport } from "./index.ts";
import { matchRoute, ROUTES } from "./routes/route-table.ts";
import { type QstashDev, type QstashDevOptions, startQstashDev } from "./start-qstash-dev.ts";

const called = new Set<string>();
const realFetch = globalThis.fetch;

/** Notes which route of ours the SDK's requests, and the test's own, belong to. */
function notingFetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const url = input instanceof Request ? input.url : String(input);
  const method = init?.method ?? (input instanceof Request ? input.method : "GET");
  const matched = matchRoute(method, url.replace(/^https?:\/\/[^/]+/, ""));
  if (matched !== undefined) called.add(`${matched.route.method} ${matched.route.path}`);
  return realFetch(input, init);
}

let endpoint: Endpoint;
let server: QstashDev;
let client: Client;
const reports: DeliveryReport[] = [];
const waiting = new Set<() => void>();

function clientOf({ url, token }: QstashDev): Client {
  return new Client({ baseUrl: url, token, devMode: false, retry: false });
}

/** Resolves when so many attempts have been reported that are meant. */
function reported(
  isMeant: (report: DeliveryReport) => boolean,
  count = 1,
): Promise<readonly DeliveryReport[]> {
  return new Promise((resolve) => {
    const check = () => {
      const found = reports.filter(isMeant);
      if (found.length < count) return;
      waiting.delete(check);
      resolve(found);
    };
    waiting.add(check);
    check();
  });
}

const ofMessage = (messageId: string) => (report: DeliveryReport) => report.messageId === messageId;

/** A message in the DLQ. */
async function failed(path: string, more: object = {}): Promise<{ messageId: string; dlqId: string }> {
  const { messageId } = await client.publish({ url: `${endpoint.url}/fails${path}`, retries: 0, ...more });
  await reported(ofMessage(messageId));
  const { messages } = await client.dlq.listMessages({ filter: { messageId } });
  return { messageId, dlqId: messages[0]?.dlqId ?? "" };
}

/** The test's own request, for routes that the SDK has no call for. */
async function request(method: string, path: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${server.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${server.token}`, ...headers },
  });
  return { status: response.status, body: await response.json() };
}

beforeAll(async () => {
  globalThis.fetch = notingFetch;
  // The SDK says there what it throws as well.
  vi.spyOn(console, "error").mockImplementation(() => {});
  vi.spyOn(console, "warn").mockImplementation(() => {});
  endpoint = await startEndpoint(({ url }) => {
    if (url.startsWith("/fails")) return { status: 500, body: "no" };
    if (url.startsWith("/final")) return { status: 489, headers: { "Upstash-NonRetryable-Error": "true" } };
    if (url.startsWith("/once")) {
      const count = endpoint.received.filter((one) => one.url === url).length;
      return count === 1 ? { status: 503, headers: { "retry-after": "0" } } : {};
    }
    return { body: "done" };
  });
  server = await startQstashDev({
    port: 0,
    log: (report) => {
      reports.push(report);
      for (const check of waiting) check();
    },
  });
  client = clientOf(server);
});

afterAll(async () => {
  globalThis.fetch = realFetch;
  vi.restoreAllMocks();
  await server.close();
  await endpoint[Symbol.asyncDispose]();
});

describe("the SDK's receiver", () => {
  it("accepts deliveries, and after a rotation too, with either of its keys", async () => {
    await using rotated = await startQstashDev({ port: 0, keys: { current: "sig_one", next: "sig_two" } });
    const own = clientOf(rotated);
    const receiver = new Receiver({
      currentSigningKey: "sig_one",
      nextSigningKey: "sig_two",
      devMode: false,
    });
    const verified = async (path: string) => {
      const url = `${endpoint.url}${path}`;
      await own.publishJSON({ url, body: { ä: "🙂" } });
      const { headers, body } = await endpoint.request((one) => one.url === path);
      expect(body).toBe('{"ä":"🙂"}');
      return receiver.verify({
        signature: String(headers["upstash-signature"]),
        body,
        url,
        clockTolerance: 0,
      });
    };
    await expect(verified("/receiver/before?a=1")).resolves.toBe(true);
    const authorization = `Bearer ${rotated.token}`;
    const rotation = await fetch(`${rotated.url}/v2/keys/rotate`, {
      method: "POST",
      headers: { authorization },
    });
    const keys: { current: string; next: string } = JSON.parse(await rotation.text());
    expect(keys).toEqual({ current: "sig_two", next: expect.stringMatching(/^sig_\w+$/) });
    expect({ current: rotated.currentSigningKey, next: rotated.nextSigningKey }).toEqual(keys);
    await expect(verified("/receiver/after")).resolves.toBe(true);
    const stranger = new Receiver({ currentSigningKey: "sig_x", nextSigningKey: "sig_y", devMode: false });
    const { headers, body } = await endpoint.request((one) => one.url === "/receiver/after");
    const signature = String(headers["upstash-signature"]);
    await expect(stranger.verify({ signature, body })).rejects.toThrow(/signature/);
  });
});

describe("the SDK's client", () => {
  it("publishes JSON with every option, which the message then shows", async () => {
    const { messageId, url } = await client.publishJSON({
      url: `${endpoint.url}/options?a=1&b=https://example.com//x`,
      body: { a: 1 },
      headers: { "x-tenant": "acme" },
      method: "PUT",
      delay: 60,
      retries: 7,
      retryDelay: "1000 * (1 + retried)",
      timeout: "30s",
      callback: "https://example.com/callback",
      failureCallback: "https://example.com/failed",
      label: ["one", "two"],
      flowControl: { key: "tenant", parallelism: 2, rate: 3, period: "1m" },
    });
    expect(url).toBe(`${endpoint.url}/options?a=1&b=https://example.com//x`);
    const message = await client.messages.get(messageId);
    expect(message).toMatchObject({
      messageId,
      url,
      method: "PUT",
      header: { "Content-Type": ["application/json"], "X-Tenant": ["acme"] },
      body: '{"a":1}',
      maxRetries: 7,
      retryDelayExpression: "1000 * (1 + retried)",
      callback: "https://example.com/callback",
      failureCallback: "https://example.com/failed",
      label: "one",
      labels: ["one", "two"],
      flowControlKey: "tenant",
      parallelism: 2,
      rate: 3,
      period: 60,
      callerIp: "127.0.0.1",
    });
    expect((message.notBefore ?? 0) - message.createdAt).toBe(60_000);
    expect(await client.messages.cancel(messageId)).toEqual({ cancelled: 1 });
    await expect(client.messages.get(messageId)).rejects.toMatchObject({ status: 404 });
  });

  it("publishes what is no JSON, and at a time", async () => {
    const notBefore = Math.floor(Date.now() / 1_000) + 3_600;
    const later = await client.publish({ url: `${endpoint.url}/later`, body: "x", notBefore, delay: 5 });
    expect((await client.messages.get(later.messageId)).notBefore).toBe(notBefore * 1_000);
    await client.messages.delete(later.messageId);
    const headers = { "content-type": "text/plain" };
    const { messageId } = await client.publish({ url: `${endpoint.url}/text`, body: "a b\n", headers });
    const received = await endpoint.request(({ url }) => url === "/text");
    expect(received).toMatchObject({ method: "POST", body: "a b\n" });
    expect(received.headers).toMatchObject({
      "content-type": "text/plain",
      "user-agent": "Upstash-QStash",
      "upstash-message-id": messageId,
      "upstash-retried": "0",
      "upstash-caller-ip": "127.0.0.1",
    });
  });

  it("sees a message tried again, with the number of its retries", async () => {
    const { messageId } = await client.publish({ url: `${endpoint.url}/once`, body: "again" });
    const attempts = await reported(ofMessage(messageId), 2);
    expect(attempts.map(({ attempt, status, outcome }) => [attempt, status, outcome])).toEqual([
      [1, 503, "retry"],
      [2, 200, "delivered"],
    ]);
    const again = endpoint.received.filter(({ url }) => url === "/once");
    expect(again.map(({ headers }) => headers["upstash-retried"])).toEqual(["0", "1"]);
    const { logs } = await client.logs({ messageIds: [messageId] });
    expect(logs.map(({ state }) => state)).toEqual([
      "DELIVERED",
      "ACTIVE",
      "RETRY",
      "ERROR",
      "ACTIVE",
      "CREATED",
    ]);
  });

  it("deduplicates by id and by content", async () => {
    const byId = { url: `${endpoint.url}/dedup`, deduplicationId: "one" };
    const first = await client.publish(byId);
    expect(first.deduplicated).toBeUndefined();
    expect(await client.publish(byId)).toEqual({ ...first, deduplicated: true });
    const byContent = { url: `${endpoint.url}/content`, body: "x", contentBasedDeduplication: true };
    const content = await client.publish(byContent);
    expect(await client.publish(byContent)).toEqual({ ...content, deduplicated: true });
  });

  it("hears of callbacks and failure callbacks", async () => {
    const { messageId } = await client.publish({
      url: `${endpoint.url}/final`,
      body: "stop",
      callback: `${endpoint.url}/callback`,
      failureCallback: `${endpoint.url}/failure`,
    });
    const callback = await endpoint.request(({ url }) => url === "/callback");
    const failure = await endpoint.request(({ url }) => url === "/failure");
    expect(JSON.parse(callback.body)).toMatchObject({ sourceMessageId: messageId, status: 489, retried: 0 });
    expect(JSON.parse(failure.body)).toMatchObject({ sourceBody: btoa("stop"), dlqId: expect.any(String) });
  });

  it("publishes batches, to queues and url groups among others, and a bad item fails only itself", async () => {
    await client.urlGroups.addEndpoints({
      name: "batch",
      endpoints: [{ url: `${endpoint.url}/batch/group` }],
    });
    const answers: unknown = await client.batchJSON([
      { url: `${endpoint.url}/batch/one`, body: { n: 1 } },
      { url: `${endpoint.url}/batch/two`, body: { n: 2 }, queueName: "batched" },
      { urlGroup: "batch", body: { n: 3 } },
      { url: `${endpoint.url}/batch/bad`, body: {}, retries: 99 },
    ]);
    expect(answers).toEqual([
      { messageId: expect.any(String), url: `${endpoint.url}/batch/one` },
      { messageId: expect.any(String), url: `${endpoint.url}/batch/two` },
      [{ messageId: expect.any(String), url: `${endpoint.url}/batch/group` }],
      { error: expect.stringContaining("allows 20 at most") },
    ]);
    const bodies = ["/batch/one", "/batch/two", "/batch/group"].map(async (path) => {
      const { body } = await endpoint.request(({ url }) => url === path);
      return body;
    });
    expect(await Promise.all(bodies)).toEqual(['{"n":1}', '{"n":2}', '{"n":3}']);
    expect(endpoint.received.some(({ url }) => url === "/batch/bad")).toBe(false);
    const [plain] = await client.batch([{ url: `${endpoint.url}/batch/plain`, body: "text" }]);
    expect(plain).toMatchObject({ url: `${endpoint.url}/batch/plain` });
  });

  it("makes, pauses, resumes, lists and deletes queues, and enqueues into them", async () => {
    const queue = client.queue({ queueName: "orders" });
    await queue.upsert({ parallelism: 2, paused: true });
    const json = await queue.enqueueJSON({ url: `${endpoint.url}/queue/json`, body: { a: 1 } });
    const text = await queue.enqueue({ url: `${endpoint.url}/queue/text`, body: "x" });
    expect([json.messageId, text.messageId]).toEqual([expect.any(String), expect.any(String)]);
    expect((await client.messages.get(json.messageId)).queueName).toBe("orders");
    const shown = { name: "orders", parallelism: 2, lag: 2, paused: true };
    expect(await queue.get()).toEqual({
      ...shown,
      createdAt: expect.any(Number),
      updatedAt: expect.any(Number),
    });
    expect(await client.queue().list()).toContainEqual(expect.objectContaining(shown));
    await queue.resume();
    await endpoint.request(({ url }) => url === "/queue/text");
    await queue.pause();
    expect((await queue.get()).paused).toBe(true);
    await queue.delete();
    await expect(queue.get()).rejects.toMatchObject({ status: 404 });
  });

  it("makes, finds, changes, pauses, resumes and deletes schedules", async () => {
    const { scheduleId } = await client.schedules.create({
      destination: `${endpoint.url}/scheduled`,
      cron: "CRON_TZ=Europe/Berlin 0 4 * * *",
      body: "tick",
      scheduleId: "nightly",
      retries: 5,
      label: ["a", "b"],
      queueName: "nights",
      flowControl: { key: "night", rate: 1 },
    });
    expect(scheduleId).toBe("nightly");
    const schedule = await client.schedules.get("nightly");
    expect(schedule).toMatchObject({
      scheduleId,
      cron: "CRON_TZ=Europe/Berlin 0 4 * * *",
      destination: `${endpoint.url}/scheduled`,
      method: "POST",
      body: "tick",
      retries: 5,
      isPaused: false,
      queueName: "nights",
      labels: ["a", "b"],
      flowControlKey: "night",
      rate: 1,
      nextScheduleTime: expect.any(Number),
    });
    await client.schedules.create({ destination: `${endpoint.url}/other`, cron: "* * * * *", scheduleId });
    expect(await client.schedules.list()).toMatchObject([{ scheduleId, cron: "* * * * *" }]);
    await client.schedules.pause({ schedule: scheduleId });
    expect((await client.schedules.get(scheduleId)).isPaused).toBe(true);
    await client.schedules.resume({ schedule: scheduleId });
    expect((await client.schedules.get(scheduleId)).isPaused).toBe(false);
    expect((await request("POST", `/v2/schedules/${scheduleId}/pause`)).status).toBe(200);
    expect((await client.schedules.get(scheduleId)).isPaused).toBe(true);
    expect((await request("POST", `/v2/schedules/${scheduleId}/resume`)).status).toBe(200);
    await client.schedules.delete(scheduleId);
    expect(await client.schedules.list()).toEqual([]);
  });

  it("cancels messages by id, by filter and all", async () => {
    const publish = async (more: object) => {
      const { messageId } = await client.publish({ url: `${endpoint.url}/cancelled`, delay: "1h", ...more });
      return messageId;
    };
    const ids = [await publish({}), await publish({})];
    expect(await client.messages.cancel(ids)).toEqual({ cancelled: 2 });
    await publish({ label: "mine" });
    await publish({ label: "yours" });
    await publish({});
    expect(await client.messages.cancel({ filter: { label: ["mine", "yours"] } })).toEqual({ cancelled: 2 });
    expect(await client.messages.cancel({ all: true })).toEqual({ cancelled: 1 });
    const { logs } = await client.logs({
      filter: { state: "CANCELED", url: `${endpoint.url}/cancelled` },
      count: 2,
    });
    expect(logs).toHaveLength(2);
  });

  it("lists, retries and deletes what is in the DLQ", async () => {
    const one = await failed("/one");
    const two = await failed("/two", { label: "dead" });
    const { messages, cursor } = await client.dlq.listMessages({ count: 1, filter: { responseStatus: 500 } });
    expect(messages).toMatchObject([
      { messageId: one.messageId, dlqId: one.dlqId, responseStatus: 500, responseBody: "no" },
    ]);
    const rest = await client.dlq.listMessages({ cursor: cursor ?? "", filter: { responseStatus: 500 } });
    expect(rest.messages).toMatchObject([{ messageId: two.messageId, label: "dead" }]);
    expect(await client.dlq.listMessages({ dlqIds: [two.dlqId] })).toMatchObject({
      messages: [{ dlqId: two.dlqId }],
    });
    expect((await request("GET", `/v2/dlq/${one.dlqId}`)).body).toMatchObject({ dlqId: one.dlqId });
    const { responses } = await client.dlq.retry(one.dlqId);
    expect(responses).toEqual([{ messageId: expect.not.stringContaining(one.messageId) }]);
    await reported(ofMessage(responses[0]?.messageId ?? ""));
    const again = await request("POST", `/v2/dlq/retry/${two.dlqId}`);
    await reported(ofMessage(again.body.messageId));
    const { messages: dead } = await client.dlq.listMessages({ filter: { label: "dead" } });
    expect(dead).toMatchObject([{ messageId: again.body.messageId }]);
    await client.dlq.delete(dead[0]?.dlqId ?? "");
    await expect(client.dlq.delete(dead[0]?.dlqId ?? "")).rejects.toMatchObject({ status: 404 });
    expect((await client.dlq.delete({ all: true })).deleted).toBeGreaterThan(0);
    expect(await client.dlq.listMessages()).toMatchObject({ messages: [] });
  });

  it("pages through logs, by both names of the route", async () => {
    const { messageId } = await client.publish({ url: `${endpoint.url}/logged`, label: "logged" });
    await reported(ofMessage(messageId));
    const first = await client.logs({ count: 2, filter: { label: "logged" } });
    const second = await client.logs({ cursor: first.cursor ?? "", filter: { label: "logged" } });
    expect([...first.logs, ...second.logs].map(({ state }) => state)).toEqual([
      "DELIVERED",
      "ACTIVE",
      "CREATED",
    ]);
    expect(second.cursor).toBeUndefined();
    const { body } = await request("GET", `/v2/logs?messageId=${messageId}&state=DELIVERED`);
    expect(body.logs).toMatchObject([{ messageId, state: "DELIVERED", responseStatus: 200 }]);
  });

  it("makes, finds and deletes url groups, and publishes to all of their endpoints", async () => {
    const endpoints = [
      { url: `${endpoint.url}/group/1`, name: "first" },
      { url: `${endpoint.url}/group/2` },
      { url: `${endpoint.url}/group/3`, name: "third" },
    ];
    await client.urlGroups.addEndpoints({ name: "all", endpoints });
    await client.urlGroups.removeEndpoints({ name: "all", endpoints: [{ name: "third" }] });
    expect((await client.urlGroups.get("all")).endpoints).toEqual(endpoints.slice(0, 2));
    expect(await client.urlGroups.list()).toContainEqual(expect.objectContaining({ name: "all" }));
    const published = await client.publishJSON({ urlGroup: "all", body: {} });
    expect(published.map(({ url }) => url)).toEqual([endpoints[0]?.url, endpoints[1]?.url]);
    const { headers } = await endpoint.request(({ url }) => url === "/group/1");
    expect(headers["upstash-topic-name"]).toBe("all");
    await client.urlGroups.delete("all");
    await expect(client.urlGroups.get("all")).rejects.toMatchObject({ status: 404 });
  });

  it("shows, pauses, resumes, pins and resets flow control", async () => {
    const flowControl = { key: "flow", parallelism: 5, rate: 10, period: "1m" } as const;
    await client.publish({ url: `${endpoint.url}/flow`, flowControl, delay: "1h" });
    expect(await client.flowControl.get("flow")).toMatchObject({
      flowControlKey: "flow",
      waitListSize: 0,
      parallelismMax: 5,
      parallelismCount: 0,
      rateMax: 10,
      rateCount: 0,
      ratePeriod: 60,
      ratePeriodStart: expect.any(Number),
      isPaused: false,
      isPinnedParallelism: false,
      isPinnedRate: false,
    });
    await client.flowControl.pause("flow");
    await client.flowControl.pin("flow", { parallelism: 3, rate: 20, period: 120 });
    expect(await client.flowControl.get("flow")).toMatchObject({
      parallelismMax: 3,
      rateMax: 20,
      ratePeriod: 120,
      isPaused: true,
      isPinnedParallelism: true,
      isPinnedRate: true,
    });
    await client.flowControl.resume("flow");
    await client.flowControl.unpin("flow", { parallelism: true, rate: true });
    await client.flowControl.resetRate("flow");
    expect(await client.flowControl.get("flow")).toMatchObject({ isPaused: false, isPinnedRate: false });
    const { body } = await request("GET", "/v2/flowControl");
    expect(body).toContainEqual(expect.objectContaining({ flowControlKey: "flow" }));
    expect(await client.flowControl.getGlobalParallelism()).toEqual({
      parallelismMax: 100,
      parallelismCount: 0,
    });
    await client.messages.cancel({ filter: { flowControlKey: "flow" } });
  });

  it("throws its own errors for a wrong token, a limit, and something that is not there", async () => {
    const stranger = new Client({ baseUrl: server.url, token: "wrong", devMode: false, retry: false });
    const hook = { url: `${endpoint.url}/hook` };
    await expect(stranger.publish(hook)).rejects.toMatchObject({ name: "QstashError", status: 401 });
    const error = await client.publish({ ...hook, retries: 21 }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(QstashError);
    expect(JSON.parse((error as QstashError).message)).toEqual({
      error: expect.stringContaining("allows 20"),
    });
    const limited = async (limits: QstashDevOptions["limits"] & object) => {
      await using other = await startQstashDev({ port: 0, limits });
      return await clientOf(other)
        .publish(hook)
        .catch((thrown: unknown) => thrown);
    };
    expect(await limited({ messagesPerSecond: 0 })).toBeInstanceOf(QstashRatelimitError);
    expect(await limited({ messagesPerDay: 0 })).toBeInstanceOf(QstashDailyRatelimitError);
  });
});

describe("the SDK's development mode", () => {
  it("finds the server, and downloads and starts none", async () => {
    const received: Promise<Received> = endpoint.request(({ url }) => url === "/dev-mode");
    const program = `
      import { Client, Receiver } from "@upstash/qstash";
      const { messageId } = await new Client().publishJSON({ url: ${JSON.stringify(`${endpoint.url}/dev-mode`)}, body: 1 });
      const signature = await new Promise((resolve) => process.stdin.once("data", (text) => resolve(String(text))));
      console.log(messageId, await new Receiver().verify({ signature, body: "1" }));
    `;
    const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
      cwd: fileURLToPath(new URL(".", import.meta.url)),
      env: { PATH: process.env.PATH, QSTASH_DEV: "1", QSTASH_DEV_PORT: new URL(server.url).port },
      stdio: ["pipe", "pipe", "inherit"],
    });
    const output = child.stdout.toArray();
    const { headers } = await received;
    child.stdin.end(String(headers["upstash-signature"]));
    const lines = Buffer.concat(await output).toString();
    expect(lines).toContain("already running");
    expect(lines).toContain(`${headers["upstash-message-id"]} true`);
    called.add("GET /v2/keys");
  }, 30_000);
});

describe("the table of routes", () => {
  const document = readFileSync(new URL("../../../../docs/qstash-dev.md", import.meta.url), "utf8");
  const rows = [...document.matchAll(/^\| `(GET|POST|PATCH|DELETE) (\/v2\/\S+)` +\| (.+?) +\|$/gm)];

  it("has each route of the server, and no other, each with the call that it is for", () => {
    expect(rows.map(([, method, path]) => `${method} ${path}`).toSorted()).toEqual(
      ROUTES.map(({ method, path }) => `${method} ${path}`).toSorted(),
    );
    for (const [, , , call] of rows) expect(call).not.toBe("");
  });

  it("has no route that these tests did not call", () => {
    expect(
      ROUTES.map(({ method, path }) => `${method} ${path}`).filter((route) => !called.has(route)),
    ).toEqual([]);
  });
});
