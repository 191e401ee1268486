import { describe, expect, it } from "vitest";
import { type Delivered, gate, held, turns } from "./held-engine.setup.test.ts";

describe("a queue", () => {
  const enqueue = (call: ReturnType<typeof held>["call"], name: string, headers = {}) =>
    call(`POST /v2/enqueue/line/https://example.com/${name}`, headers, name);
  const names = (requests: readonly Delivered[]) => requests.map(({ url }) => new URL(url).pathname.slice(1));

  it("delivers one after another, the next after the retries and callbacks of the one before", async () => {
    const { call, qstash, requests, times } = held(({ url }, index) => {
      return new Response(null, { status: url.endsWith("/first") && index === 0 ? 500 : 200 });
    });
    const callback = { "upstash-callback": "https://example.com/told", "upstash-callback-delay": "3s" };
    await enqueue(call, "first", { ...callback, "upstash-retry-delay": "10000" });
    await enqueue(call, "second");
    await enqueue(call, "third");
    await qstash.advance("1m");
    expect(names(requests)).toEqual(["first", "told", "first", "told", "second", "third"]);
    expect(times()).toEqual([0, 3, 10, 13, 13, 13]);
  });

  it("lets a retry pass by an older message that fell due meanwhile, as the retry has the slot", async () => {
    const { call, qstash, requests, times } = held(
      ({ url }, index) => new Response(null, { status: url.endsWith("/retried") && index === 0 ? 500 : 200 }),
    );
    await enqueue(call, "older", { "upstash-delay": "5s" });
    await enqueue(call, "retried", { "upstash-retry-delay": "10000" });
    await qstash.advance("1m");
    expect(names(requests)).toEqual(["retried", "retried", "older"]);
    expect(times()).toEqual([0, 10, 10]);
  });

  it("has as many on their way as its parallelism, and none while it is paused", async () => {
    const door = gate();
    const { call } = held(door.respond);
    await call("POST /v2/queues", {}, '{"queueName":"line","parallelism":2}');
    for (const name of ["a", "b", "c", "d"]) await enqueue(call, name);
    await turns();
    expect(door.count).toBe(2);
    expect((await call("GET /v2/queues/line")).body).toMatchObject({ parallelism: 2, lag: 2, paused: false });
    await call("POST /v2/queues/line/pause");
    door.open();
    await turns();
    expect(door.count).toBe(1);
    await call("POST /v2/queues/line/resume");
    await turns();
    expect(door.count).toBe(2);
    expect((await call("GET /v2/queues/line")).body).toMatchObject({ lag: 1 });
  });

  it("goes on when the message that holds it up is cancelled", async () => {
    const { call, qstash, requests } = held(
      ({ url }) => new Response(null, { status: url.endsWith("a") ? 500 : 200 }),
    );
    const { body } = await enqueue(call, "a");
    await enqueue(call, "b");
    await qstash.settle();
    expect(names(requests)).toEqual(["a"]);
    expect((await call(`DELETE /v2/messages/${body.messageId}`)).body).toEqual({ cancelled: 1 });
    await qstash.settle();
    expect(names(requests)).toEqual(["a", "b"]);
  });

  it("that is deleted takes its waiting messages with it", async () => {
    const { call, qstash, requests } = held();
    await call("POST /v2/queues", {}, '{"queueName":"line","paused":true}');
    const { body } = await enqueue(call, "a");
    expect((await call("DELETE /v2/queues/line")).status).toBe(200);
    await qstash.advance("1h");
    expect(requests).toEqual([]);
    expect((await call(`GET /v2/messages/${body.messageId}`)).status).toBe(404);
    expect((await call("GET /v2/queues/line")).status).toBe(404);
  });
});
