import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { postgresBackend } from "../postgres/index.ts";
import { PollingWakeups } from "./polling-wakeups.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** How often a worker is woken in each of some spans of milliseconds. */
async function wakesIn(spans: readonly number[], wakes: () => number): Promise<readonly number[]> {
  const counts: number[] = [];
  for (const ms of spans) {
    const before = wakes();
    await vi.advanceTimersByTimeAsync(ms);
    counts.push(wakes() - before);
  }
  return counts;
}

test("watchers look soon at first, then seldomer, and soon again after an enqueue here", async () => {
  const wakeups = new PollingWakeups(1_000);
  let wakes = 0;
  wakeups.watchReady({ queues: "all", wake: () => wakes++ });
  const [first, settled] = await wakesIn([60, 10_000], () => wakes);
  expect(first).toBe(1);
  expect(settled).toBeGreaterThan(10);
  const [rare] = await wakesIn([5_000], () => wakes);
  expect(rare).toBeGreaterThanOrEqual(4);
  expect(rare).toBeLessThanOrEqual(6);
  wakeups.ready();
  const [soon] = await wakesIn([300], () => wakes);
  expect(soon).toBeGreaterThanOrEqual(2);
  wakeups.close();
  expect(await wakesIn([10_000], () => wakes)).toEqual([0]);
});

test("the longest pause is the one that is asked for", async () => {
  const wakeups = new PollingWakeups(30_000);
  let wakes = 0;
  const stop = wakeups.watchResult({ id: "1", wake: () => wakes++ });
  await vi.advanceTimersByTimeAsync(300_000);
  const [count] = await wakesIn([300_000], () => wakes);
  expect(count).toBeGreaterThanOrEqual(9);
  expect(count).toBeLessThanOrEqual(11);
  stop();
  expect(vi.getTimerCount()).toBeLessThanOrEqual(1);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(vi.getTimerCount()).toBe(0);
});

test.for(["1ms", "31s", "often", 5])("%s is no maxPollInterval", (maxPollInterval) => {
  const options = { url: "postgresql://localhost/app", maxPollInterval: maxPollInterval as "1s" };
  expect(() => postgresBackend(options)).toThrow(expect.objectContaining({ code: "INVALID_OPTION" }));
});
