import { describe, expect, it } from "vitest";
import type { Host } from "./host.ts";
import { StoreClock } from "./store-clock.ts";

const HOUR = 3_600_000;

/** A machine whose clocks a test sets. */
function machine(wall: number): Host & { wall: number; elapsed: number } {
  return {
    wall,
    elapsed: 0,
    wallTime() {
      return this.wall + this.elapsed;
    },
    monotonicTime() {
      return this.elapsed;
    },
    setTimer: () => () => {},
    defer: (callback) => callback(),
    outside: (work) => work(),
    newId: () => "id",
    sha256: (text) => text,
    processName: "machine",
  };
}

/** A store's clock whose answers take `trip` milliseconds, half on the way there. */
function storeTime(host: { elapsed: number }, parts: { start: number; trip: number }) {
  const state = { reads: 0, isAway: false, start: parts.start };
  const read = async () => {
    state.reads++;
    if (state.isAway) throw new Error("away");
    host.elapsed += parts.trip / 2;
    const time = state.start + host.elapsed;
    host.elapsed += parts.trip / 2;
    return time;
  };
  return { state, read };
}

describe("store time", () => {
  it("is the store's, wherever the machine's clock stands, with half a round trip taken off", async () => {
    const host = machine(5 * HOUR);
    const { read } = storeTime(host, { start: 1_000_000, trip: 40 });
    const clock = new StoreClock(host, read);
    await clock.measure();
    expect(clock.now()).toBe(1_000_040);
    host.elapsed += 500;
    expect(clock.now()).toBe(1_000_540);
  });

  it("does not jump with the machine's clock between two measurements", async () => {
    const host = machine(5 * HOUR);
    const clock = new StoreClock(host, undefined);
    await clock.measure();
    host.wall += 2 * HOUR;
    host.elapsed += 10_000;
    expect(clock.now()).toBe(5 * HOUR + 10_000);
  });

  it("is measured again at the first use after thirty seconds, once, and the old offset serves meanwhile", async () => {
    const host = machine(0);
    const { read, state } = storeTime(host, { start: 1_000_000, trip: 0 });
    const clock = new StoreClock(host, read);
    await clock.measure();
    state.start += 50;
    host.elapsed = 30_000;
    expect(clock.now()).toBe(1_030_000);
    expect(state.reads).toBe(1);
    host.elapsed = 30_001;
    expect([clock.now(), clock.now()]).toEqual([1_030_001, 1_030_001]);
    expect(state.reads).toBe(2);
    await Promise.resolve();
    expect(clock.now()).toBe(1_030_051);
  });

  it("goes on with the old offset while the store is away, and asks again thirty seconds later", async () => {
    const host = machine(0);
    const { read, state } = storeTime(host, { start: 1_000_000, trip: 0 });
    const clock = new StoreClock(host, read);
    await clock.measure();
    state.isAway = true;
    host.elapsed = 40_000;
    expect(clock.now()).toBe(1_040_000);
    await new Promise<void>((resolve) => setImmediate(resolve));
    host.elapsed = 60_000;
    expect(clock.now()).toBe(1_060_000);
    expect(state.reads).toBe(2);
    host.elapsed = 70_001;
    expect(clock.now()).toBe(1_070_001);
    expect(state.reads).toBe(3);
  });
});
