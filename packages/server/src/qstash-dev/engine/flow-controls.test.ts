import { describe, expect, it } from "vitest";
import { gate, held, inTurn, turns } from "./held-engine.setup.test.ts";

describe("flow control", () => {
  const controlled = (value: string) => ({
    "upstash-flow-control-key": "k",
    "upstash-flow-control-value": value,
  });

  it("makes no more requests at once than its parallelism", async () => {
    const door = gate();
    const { publish, call } = held(door.respond);
    for (let count = 0; count < 5; count++) await publish(controlled("parallelism=2"));
    await publish({});
    await turns();
    expect(door.count).toBe(3);
    expect((await call("GET /v2/flowControl/k")).body).toMatchObject({
      flowControlKey: "k",
      waitListSize: 3,
      parallelismMax: 2,
      parallelismCount: 2,
    });
    door.open();
    door.open();
    await turns();
    expect(door.count).toBe(3);
  });

  it("makes no more requests in a period than its rate, and rejects nothing", async () => {
    const { publish, qstash, times, call } = held();
    for (let count = 0; count < 5; count++) await publish(controlled("rate=2, period=1m"));
    await qstash.advance("5m");
    expect(times()).toEqual([0, 0, 60, 60, 120]);
    await publish(controlled("rate=1, period=1m"));
    await publish(controlled("rate=1, period=1m"));
    await qstash.settle();
    expect(times()).toHaveLength(6);
    expect((await call("GET /v2/flowControl/k")).body).toMatchObject({
      rateMax: 1,
      rateCount: 1,
      ratePeriod: 60,
    });
    await call("POST /v2/flowControl/k/resetRate");
    await qstash.settle();
    expect(times()).toHaveLength(7);
  });

  it("counts retries as requests", async () => {
    const { publish, qstash, times } = held(inTurn(500, 200));
    await publish({ ...controlled("rate=1, period=1m"), "upstash-retry-delay": "1000" });
    await publish(controlled("rate=1, period=1m"));
    await qstash.advance("5m");
    expect(times()).toEqual([0, 60, 120]);
  });

  it("can be paused and pinned against what messages say", async () => {
    const { publish, qstash, times, call } = held();
    await call("POST /v2/flowControl/k/pause");
    await publish(controlled("rate=9"));
    await publish(controlled("rate=9"));
    await qstash.advance("1h");
    expect(times()).toEqual([]);
    await call("POST /v2/flowControl/k/pin?rate=1&period=60&parallelism=7");
    await publish(controlled("rate=9"));
    expect((await call("GET /v2/flowControl/k")).body).toMatchObject({
      isPaused: true,
      isPinnedRate: true,
      isPinnedParallelism: true,
      rateMax: 1,
      parallelismMax: 7,
      waitListSize: 3,
    });
    await call("POST /v2/flowControl/k/resume");
    await qstash.advance("90s");
    expect(times()).toEqual([3600, 3660]);
    await call("POST /v2/flowControl/k/unpin?rate=true&parallelism=true");
    await publish(controlled("rate=9"));
    expect((await call("GET /v2/flowControl/k")).body).toMatchObject({ isPinnedRate: false, rateMax: 9 });
  });

  it("holds up nobody else, though many wait", async () => {
    const { publish, qstash, requests, call } = held(undefined, { parallelism: 2 });
    await call("POST /v2/flowControl/k/pause");
    for (let count = 0; count < 50; count++) await publish(controlled("parallelism=1"));
    await publish({});
    await qstash.settle();
    expect(requests).toHaveLength(1);
  });
});
