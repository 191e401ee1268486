import { describe, expect, it } from "vitest";
import { HOOK, held } from "./held-engine.setup.test.ts";

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
