import { inspect } from "node:util";
import { describe, expect, it, test } from "vitest";
import { type TaskSchedule, type TaskScheduleInit, taskSchedule } from "./task-schedule.ts";

const START = Date.UTC(2030, 0, 31, 9);
const at = (second: number) => new Date(START + second * 1_000);

const init: TaskScheduleInit = {
  id: "nightly",
  name: "Nightly mail",
  path: "sendEmail",
  label: "Send e-mail",
  input: { to: "a" },
  cron: "0 4 * * *",
  timeZone: "Europe/Berlin",
  options: { priority: 5 },
  misfire: "once",
  backend: "default",
  nextRunAt: at(90),
  lastRunAt: at(30),
  lastTaskId: "id-1",
  createdAt: at(0),
  updatedAt: at(10),
  isPaused: false,
  pausedAt: null,
  resumedAt: null,
};

/** A schedule as it is at a second. */
function seen(given: Partial<TaskScheduleInit>, second = 100): TaskSchedule {
  return taskSchedule({ ...init, ...given }, () => START + second * 1_000);
}

const PAUSED = { isPaused: true, pausedAt: at(20), nextRunAt: null };
const RESUMED = { isPaused: false, pausedAt: at(20), resumedAt: at(50) };
const PAUSED_AGAIN = { isPaused: true, pausedAt: at(80), resumedAt: at(50), nextRunAt: null };

describe("a schedule", () => {
  test.each([
    ["new", {}, { isActive: true, isPaused: false, isResumed: false, activeAt: at(0) }],
    ["paused", PAUSED, { isActive: false, isPaused: true, isResumed: false, activeAt: at(0) }],
    ["resumed", RESUMED, { isActive: true, isPaused: false, isResumed: true, activeAt: at(50) }],
    ["paused again", PAUSED_AGAIN, { isActive: false, isPaused: true, isResumed: false, activeAt: at(50) }],
  ])("that is %s says since when it is active, and whether it is", (_name, given, expected) => {
    expect(seen(given)).toMatchObject(expected);
  });

  it("is written as JSON with ISO times and every field", () => {
    expect(JSON.parse(JSON.stringify(seen(RESUMED)))).toEqual({
      ...init,
      ...RESUMED,
      isActive: true,
      isResumed: true,
      nextRunAt: "2030-01-31T09:01:30.000Z",
      lastRunAt: "2030-01-31T09:00:30.000Z",
      createdAt: "2030-01-31T09:00:00.000Z",
      updatedAt: "2030-01-31T09:00:10.000Z",
      activeAt: "2030-01-31T09:00:50.000Z",
      pausedAt: "2030-01-31T09:00:20.000Z",
      resumedAt: "2030-01-31T09:00:50.000Z",
    });
  });

  it("is written as JSON with null for times that it does not have", () => {
    const given = { nextRunAt: null, lastRunAt: null, lastTaskId: null };
    expect(JSON.parse(JSON.stringify(seen(given)))).toMatchObject({
      ...given,
      pausedAt: null,
      resumedAt: null,
    });
  });

  it("is written as JSON whatever a transformer's input holds", () => {
    const schedule = seen({ input: { n: 5n, at: at(0), tags: new Set(["a"]) } });
    expect(JSON.parse(JSON.stringify(schedule))).toMatchObject({
      input: { n: "5", at: "2030-01-31T09:00:00.000Z", tags: ["a"] },
    });
    expect(schedule.input).toEqual({ n: 5n, at: at(0), tags: new Set(["a"]) });
  });

  it("prints, copies and compares without its functions", () => {
    const schedule = seen({});
    expect(inspect(schedule)).not.toMatch(/toJSON|didJust/);
    expect(structuredClone(schedule)).toEqual({ ...init, isActive: true, activeAt: at(0), isResumed: false });
  });
});

describe("what has just happened", () => {
  it("is a pause within a minute, or within the time that is asked for", () => {
    expect(seen(PAUSED, 80).didJustPause()).toBe(true);
    expect(seen(PAUSED, 81).didJustPause()).toBe(false);
    expect(seen(PAUSED, 81).didJustPause("61s")).toBe(true);
    expect(seen(PAUSED, 81).didJustPause("60s")).toBe(false);
    expect(seen(PAUSED, 20).didJustPause("0s")).toBe(true);
  });

  it("is a resumption within a minute, or within the time that is asked for", () => {
    expect(seen(RESUMED, 110).didJustResume()).toBe(true);
    expect(seen(RESUMED, 111).didJustResume()).toBe(false);
    expect(seen(RESUMED, 111).didJustResume("5m")).toBe(true);
  });

  it("is neither for one that was never paused", () => {
    expect([seen({}).didJustPause("1h"), seen({}).didJustResume("1h")]).toEqual([false, false]);
  });

  it("is only what it now is: a resumed one has not just paused, and one that is paused again not just resumed", () => {
    expect(seen(RESUMED, 51).didJustPause()).toBe(false);
    expect(seen(PAUSED_AGAIN, 81).didJustResume()).toBe(false);
    expect(seen(PAUSED_AGAIN, 81).didJustPause()).toBe(true);
  });

  it("goes by the clock at the time of the question", () => {
    let now = START + 20_000;
    const schedule = taskSchedule({ ...init, ...PAUSED }, () => now);
    expect(schedule.didJustPause()).toBe(true);
    now += 61_000;
    expect(schedule.didJustPause()).toBe(false);
  });

  it("refuses what is no duration", () => {
    expect(() => seen(PAUSED).didJustPause("a minute" as never)).toThrow(/within must be a duration/);
    expect(() => seen(RESUMED).didJustResume(60 as never)).toThrow(/a number without a unit/);
  });
});
