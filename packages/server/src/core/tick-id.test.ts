import { expect, test } from "vitest";
import { systemHost } from "../system-host.ts";
import { tickId } from "./tick-id.ts";

const TICK = Date.UTC(2030, 0, 31, 9);
const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test("the id of a tick is a UUIDv7 of the tick's time", () => {
  for (let minute = 0; minute < 500; minute++) {
    const tick = TICK + minute * 60_000;
    const id = tickId(systemHost, "nightly", tick);
    expect(id).toMatch(UUID_V7);
    expect(Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16)).toBe(tick);
  }
});

test("the id of a tick is the same wherever it is made", () => {
  // Written down, as processes of two versions must agree as well.
  expect(tickId(systemHost, "nightly", TICK)).toBe("01b97732-de80-7a93-bb02-d5f8964f5605");
  expect(tickId({ sha256: (text) => systemHost.sha256(text) }, "nightly", TICK)).toBe(
    "01b97732-de80-7a93-bb02-d5f8964f5605",
  );
});

test("ids of neighbours differ: other ticks of a schedule, other schedules at one tick", () => {
  const ids = new Set<string>();
  for (const schedule of ["nightly", "nightly2", "nightl", "y", "1", "11"])
    for (const tick of [TICK, TICK + 1, TICK + 60_000, TICK * 10])
      ids.add(tickId(systemHost, schedule, tick));
  expect(ids.size).toBe(24);
  const rests = new Set([...ids].map((id) => id.slice(14)));
  expect(rests.size).toBe(24);
});

test("ids of one schedule are in the order of its ticks", () => {
  const ids = Array.from({ length: 50 }, (_, minute) =>
    tickId(systemHost, "nightly", TICK + minute * 60_000),
  );
  expect([...ids].sort()).toEqual(ids);
});
