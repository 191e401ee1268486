import { describe, expect, it } from "vitest";
import { controlledQstash } from "../msw/controlled-qstash.ts";
import { answerRequest } from "../routes/answer-request.ts";
import { DEV_KEYS } from "./dev-credentials.ts";
import { QstashEngine } from "./engine.ts";
import { HeldClock } from "./held-clock.ts";
import { HOOK, type Respond, START } from "./held-engine.setup.test.ts";

describe("an engine that begins with what another one left", () => {
  /** Engines one after another, on one clock and one store. */
  function successive(respond: Respond) {
    const clock = new HeldClock(START);
    const kept = new Map<string, unknown>();
    const delivered: string[] = [];
    const begin = () => {
      const engine = new QstashEngine({
        token: null,
        keys: DEV_KEYS,
        clock,
        store: {
          load: (kind) =>
            [...kept].flatMap(([key, value]) =>
              key.startsWith(`${kind} `) ? [[key.split(" ")[1] ?? "", value]] : [],
            ),
          put: (kind, id, value) => void kept.set(`${kind} ${id}`, structuredClone(value)),
          remove: (kind, id) => void kept.delete(`${kind} ${id}`),
          atomically: (work) => work(),
          close: () => {},
        },
        deliver: async (request) => {
          const { url, method, headers } = request;
          delivered.push(`${new URL(url).pathname} ${(clock.now() - START) / 1_000}`);
          return respond({ at: 0, url, method, headers, body: await request.text() }, delivered.length - 1);
        },
      });
      const post = (target: string, headers: Record<string, string> = {}) =>
        answerRequest(
          engine,
          new Request("https://qstash.test/", {
            method: "POST",
            headers: { authorization: "Bearer x", ...headers },
          }),
          { target },
        );
      return { engine, post, qstash: controlledQstash(engine, clock, "5s") };
    };
    return { begin, clock, delivered };
  }

  it("fires a schedule once for all the times that were missed", async () => {
    const { begin, clock, delivered } = successive(() => new Response());
    const first = begin();
    await first.post(`/v2/schedules/${HOOK}`, { "upstash-cron": "0 * * * *" });
    first.engine.close();
    clock.moveTo(START + 3 * 3_600_000);
    const { qstash } = begin();
    await qstash.advance("1s");
    expect(delivered).toEqual(["/hook 10800"]);
    await qstash.advance("1h");
    expect(delivered).toHaveLength(2);
  });

  it.each<[string, Record<string, string>, readonly string[]]>([
    ["a retry", {}, ["/second 10"]],
    [
      "a callback",
      { "upstash-callback": "https://example.com/told", "upstash-callback-delay": "30s" },
      ["/told 30", "/told 40", "/second 40"],
    ],
  ])("lets no message overtake one of its queue that waits for %s", async (_what, headers, after) => {
    const { begin, delivered } = successive(
      ({ url }, index) => new Response(null, { status: url.endsWith("/first") && index === 0 ? 500 : 200 }),
    );
    const first = begin();
    const options = { ...headers, "upstash-retry-delay": "10000" };
    await first.post("/v2/enqueue/line/https://example.com/first", options);
    await first.post("/v2/enqueue/line/https://example.com/second");
    await first.qstash.settle();
    first.engine.close();
    const second = begin();
    await second.qstash.advance("9s");
    expect(delivered).toEqual(["/first 0"]);
    await second.qstash.advance("1s");
    second.engine.close();
    await begin().qstash.advance("1m");
    expect(delivered).toEqual(["/first 0", "/first 10", ...after]);
  });
});

describe("a store that fails", () => {
  it("has requests answered 500, and what it could not store is done again when it is well", async () => {
    const clock = new HeldClock(START);
    const faults: unknown[] = [];
    const delivered: number[] = [];
    let isFull = false;
    const put = () => {
      if (isFull) throw new Error("The disk is full.");
    };
    const engine = new QstashEngine({
      token: null,
      keys: DEV_KEYS,
      clock,
      store: { load: () => [], put, remove: put, atomically: (work) => work(), close: () => {} },
      deliver: () => {
        delivered.push((clock.now() - START) / 1_000);
        isFull = delivered.length === 1;
        return new Response("ok");
      },
      onFault: (error) => void faults.push(error),
    });
    const qstash = controlledQstash(engine, clock, "5s");
    const post = (target: string, headers: Record<string, string> = {}) =>
      answerRequest(
        engine,
        new Request("https://qstash.test/", {
          method: "POST",
          headers: { authorization: "Bearer x", ...headers },
        }),
        { target },
      );
    expect((await post(`/v2/schedules/${HOOK}`, { "upstash-cron": "* * * * *" })).status).toBe(200);
    expect((await post(`/v2/publish/${HOOK}`)).status).toBe(200);
    await qstash.settle();
    expect(delivered).toEqual([0]);
    const refused = await post(`/v2/publish/${HOOK}`);
    expect([refused.status, await refused.json()]).toEqual([
      500,
      { error: "The server failed; its log says why." },
    ]);
    // Attempts at 10 s and 20 s do not even begin, and neither does the tick at 30 s.
    await qstash.advance("35s");
    expect(delivered).toEqual([0]);
    isFull = false;
    await qstash.advance("10s");
    expect(delivered).toEqual([0, 40, 40]);
    expect(qstash.messages()).toEqual([]);
    expect(faults.length).toBeGreaterThan(3);
    expect(faults.length).toBeLessThan(20);
  });
});
