import { type Duration, durationToMs, TaskError } from "@taskwright/shared";
import type { HeldHost } from "./held-host.ts";

/** The clock of a test server: it stands still until it is moved. */
export interface TestClock {
  now(): Date;
  /**
   * Moves it forward. Ticks of schedules enqueue on the way, each at its time; workers and waits go on as by a real clock.
   * What falls due is run by `drain()`.
   */
  advance(duration: Duration): Promise<void>;
  /** Moves it forward to a time, which must not be before its own. */
  advanceTo(time: Date | string): Promise<void>;
}

/** Reads a time that a test gave; throws INVALID_OPTION. */
export function readTime(value: unknown, option: string): number {
  const isTime = typeof value === "string" || value instanceof Date;
  const time = isTime ? new Date(value).getTime() : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw new TaskError({
    code: "INVALID_OPTION",
    message: `${option} must be a Date, or its ISO 8601 text such as "2030-01-31T09:00:00Z"; got ${isTime ? "one that is no time" : typeof value}.`,
    data: { option },
  });
}

/** Makes the clock of a host. */
export function testClock(host: HeldHost): TestClock {
  return {
    now: () => new Date(host.wallTime()),
    advance: async (duration) => host.advance(durationToMs(duration, "clock.advance()")),
    advanceTo: async (time) => {
      const to = readTime(time, "clock.advanceTo()");
      if (to >= host.wallTime()) return host.moveTo(to);
      throw new TaskError({
        code: "INVALID_OPTION",
        message: `clock.advanceTo() got ${new Date(to).toISOString()}, and it is ${new Date(host.wallTime()).toISOString()} already; a test's clock goes forward only.`,
      });
    },
  };
}
