import { describe, expect, it } from "vitest";
import { HOOK, held, START } from "./held-engine.setup.test.ts";

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
