import { describe, expect, it } from "vitest";
import { HOOK, held } from "./held-engine.setup.test.ts";

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
