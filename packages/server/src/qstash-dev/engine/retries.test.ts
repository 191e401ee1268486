import { describe, expect, it } from "vitest";
import { held, inTurn, START, turns } from "./held-engine.setup.test.ts";

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
