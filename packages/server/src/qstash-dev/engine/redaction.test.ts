import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { HOOK, held, inTurn } from "./held-engine.setup.test.ts";

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
