import { describe, expect, it } from "vitest";
import { gate, held, START, turns } from "./held-engine.setup.test.ts";

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
