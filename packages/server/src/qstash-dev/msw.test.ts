import { Client, Receiver } from "@upstash/qstash";
import { HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type QstashHandlersOptions, qstashHandlers } from "./msw.ts";

const HOOK = "https://app.example/qstash/webhook/";
const closing: (() => void)[] = [];

/** QStash and a webhook behind msw, and the unmodified client; no socket. */
function qstashAnd(
  respond: (request: Request) => Response | Promise<Response>,
  options: QstashHandlersOptions = {},
) {
  const { handlers, qstash } = qstashHandlers(options);
  const server = setupServer(
    ...handlers,
    http.all("https://app.example/*", ({ request }) => respond(request)),
  );
  server.listen({ onUnhandledFrame: "error" });
  closing.push(
    () => server.close(),
    () => qstash.close(),
  );
  const client = new Client({
    token: "any",
    devMode: false,
    retry: false,
    ...(options.baseUrl === undefined ? {} : { baseUrl: options.baseUrl }),
  });
  return { client, qstash };
}

beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  vi.spyOn(console, "warn").mockImplementation(() => {});
});

afterEach(() => {
  vi.restoreAllMocks();
  for (const close of closing.splice(0)) close();
});

describe("QStash behind msw", () => {
  it("delivers what the SDK publishes to another handler, signed, and with no socket", async () => {
    const verified: boolean[] = [];
    const { client, qstash } = qstashAnd(async (request) => {
      const { currentSigningKey, nextSigningKey } = qstash;
      const receiver = new Receiver({ currentSigningKey, nextSigningKey, devMode: false });
      const signature = request.headers.get("upstash-signature") ?? "";
      verified.push(await receiver.verify({ signature, body: await request.text(), url: HOOK }));
      return HttpResponse.json({ ok: true });
    });
    const { messageId } = await client.publishJSON({ url: HOOK, body: { a: 1 } });
    await qstash.settle();
    expect(verified).toEqual([true]);
    expect(qstash.deliveries()).toMatchObject([{ messageId, status: 200, outcome: "delivered" }]);
  });

  it("lets hours pass at once: delays, retries and schedules, each at its time, with signatures of the present", async () => {
    const times: string[] = [];
    const { client, qstash } = qstashAnd(
      async (request) => {
        const { currentSigningKey, nextSigningKey } = qstash;
        const receiver = new Receiver({ currentSigningKey, nextSigningKey, devMode: false });
        const signature = request.headers.get("upstash-signature") ?? "";
        await receiver.verify({ signature, body: await request.text() });
        const isTick = request.headers.has("upstash-schedule-id");
        times.push(`${isTick ? "tick" : "message"} ${qstash.now().toISOString().slice(11, 19)}`);
        return new Response(null, { status: isTick || times.length > 2 ? 200 : 500 });
      },
      { clock: new Date("2020-01-01T12:00:00Z") },
    );
    await client.publishJSON({ url: HOOK, body: {}, delay: "5m", label: "mail" });
    await client.schedules.create({ destination: HOOK, cron: "6 * * * *" });
    await qstash.settle();
    expect(qstash.messages()).toMatchObject([
      {
        url: HOOK,
        body: "{}",
        labels: ["mail"],
        retried: 0,
        nextAttemptAt: new Date("2020-01-01T12:05:00Z"),
      },
    ]);
    await qstash.advance("1h");
    expect(times).toEqual(["message 12:05:00", "message 12:05:12", "tick 12:06:00", "message 12:07:40"]);
    expect(qstash.now()).toEqual(new Date("2020-01-01T13:00:00Z"));
    expect(qstash.messages()).toEqual([]);
  });

  it("shows what was given up", async () => {
    const { client, qstash } = qstashAnd(() => new HttpResponse("gone", { status: 410 }));
    await client.publish({ url: HOOK, body: "x", retries: 1 });
    await qstash.advance("1m");
    expect(qstash.dlq()).toMatchObject([
      { url: HOOK, body: "x", status: 410, responseBody: "gone", retried: 1 },
    ]);
    expect((await client.dlq.listMessages()).messages).toMatchObject([{ dlqId: qstash.dlq()[0]?.dlqId }]);
  });

  it("has a webhook time out that does not answer", async () => {
    const { client, qstash } = qstashAnd(() => new Promise(() => {}), { patience: "20ms" });
    await client.publish({ url: HOOK, timeout: "30s", retries: 0 });
    await expect(qstash.settle()).rejects.toMatchObject({
      code: "RESULT_TIMEOUT",
      message: expect.stringContaining("1 deliveries did not end within 20ms"),
    });
    await qstash.advance("30s");
    expect(qstash.dlq()).toMatchObject([{ status: null, error: "no answer within 30 s" }]);
  });

  it("hands deliveries to a function where one is given", async () => {
    const bodies: string[] = [];
    const deliver = async (request: Request) => {
      bodies.push(`${request.method} ${request.url} ${await request.text()}`);
      return new Response();
    };
    const baseUrl = "https://qstash.test/prefix";
    const { client, qstash } = qstashAnd(() => new Response(null, { status: 500 }), { deliver, baseUrl });
    await client.publishJSON({ url: "https://nowhere.invalid/?a=1//b", body: [1] });
    await qstash.settle();
    expect(bodies).toEqual(["POST https://nowhere.invalid/?a=1//b [1]"]);
  });

  it("works under fake timers", async () => {
    vi.useFakeTimers();
    try {
      const { client, qstash } = qstashAnd(() => new Response());
      await client.publish({ url: HOOK, delay: "1h" });
      await qstash.advance("1h");
      expect(qstash.deliveries()).toHaveLength(1);
    } finally {
      vi.useRealTimers();
    }
  });

  it("takes only its token where one is given, and holds to limits", async () => {
    const { client, qstash } = qstashAnd(() => new Response(), { token: "secret" });
    await expect(client.publish({ url: HOOK })).rejects.toMatchObject({ status: 401 });
    expect(qstash.messages()).toEqual([]);
  });

  it.each<[string, QstashHandlersOptions, string]>([
    ["a base URL", { baseUrl: "qstash" }, "baseUrl of qstashHandlers must be a URL"],
    ["a clock", { clock: new Date(Number.NaN) }, "clock of qstashHandlers must be a valid Date"],
    ["a limit", { limits: { retries: -1 } }, "limits.retries must be a number of 0 or more"],
    ["patience", { patience: "long" as "5s" }, "patience must be a duration"],
  ])("refuses %s that cannot be meant", (_what, options, message) => {
    expect(() => qstashHandlers(options)).toThrow(message);
  });
});
