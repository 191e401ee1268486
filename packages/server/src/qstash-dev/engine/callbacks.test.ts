import { describe, expect, it } from "vitest";
import { HOOK, held, inTurn, START } from "./held-engine.setup.test.ts";

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
