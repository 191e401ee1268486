import { expect, test } from "vitest";
import { HeldHost } from "./held-host.ts";

test("timers fire at their own time, in its order, and not when they were cancelled", async () => {
  const host = new HeldHost(1_000);
  const fired: string[] = [];
  const note = (name: string) => () => void fired.push(`${name} ${host.wallTime()}`);
  host.setTimer(20, note("second"));
  host.setTimer(10, () => {
    note("first")();
    host.setTimer(5, note("set on the way"));
  });
  host.setTimer(15, note("cancelled"))();
  host.setTimer(31, note("later"));
  await host.moveTo(1_030);
  expect(fired).toEqual(["first 1010", "set on the way 1015", "second 1020"]);
  expect(host.monotonicTime()).toBe(30);
  await host.moveTo(500);
  expect(host.wallTime()).toBe(1_030);
});

test("what a timer starts comes to rest before the next one fires", async () => {
  const host = new HeldHost(0);
  const order: string[] = [];
  const rest = async () => {
    for (let turn = 0; turn < 10; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
    order.push("at rest");
  };
  host.setTimer(1, () => void host.during(rest()));
  host.setTimer(2, () => void order.push("next"));
  await host.moveTo(2);
  expect(order).toEqual(["at rest", "next"]);
});

test("timers that are late after something has blocked fire before what was deferred", async () => {
  const host = new HeldHost(1_000);
  const order: string[] = [];
  host.setTimer(10, () => void order.push(`late ${host.wallTime()}`));
  host.setTimer(31, () => void order.push(`later ${host.wallTime()}`));
  host.defer(() => void order.push("deferred"));
  host.block(30);
  await host.settle();
  expect(order).toEqual(["late 1030", "deferred"]);
  await host.advance(1);
  expect(order).toEqual(["late 1030", "deferred", "later 1031"]);
});

test("a move with timers without an end is an error", async () => {
  const host = new HeldHost(0);
  const again = () => void host.setTimer(0, again);
  again();
  await expect(host.moveTo(1)).rejects.toThrow(/more than 100000 timers/);
});
