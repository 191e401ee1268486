import { Receiver } from "@upstash/qstash";
import { describe, expect, it } from "vitest";
import { answerRequest } from "../routes/answer-request.ts";
import { DEV_KEYS } from "./dev-credentials.ts";
import { QstashEngine } from "./engine.ts";
import { HeldClock } from "./held-clock.ts";
import { HOOK, held, START } from "./held-engine.setup.test.ts";

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
