import { describe, expect, it } from "vitest";
import { durationToMs, MAX_DURATION_MS, secondsOrDurationToMs } from "./duration.ts";
import { TaskError } from "./errors/task-error.ts";

function refusal(read: () => unknown): TaskError {
  try {
    read();
  } catch (error) {
    if (error instanceof TaskError) return error;
    throw error;
  }
  throw new Error("Nothing was thrown.");
}

describe("durationToMs", () => {
  it.each([
    ["0ms", 0],
    ["500ms", 500],
    ["30s", 30_000],
    ["5m", 300_000],
    ["2h", 7_200_000],
    ["7d", 604_800_000],
    ["1.5s", 1_500],
    ["0.25h", 900_000],
    ["0.4ms", 0],
    ["0.6ms", 1],
    ["007s", 7_000],
    ["3650d", MAX_DURATION_MS],
  ])("reads %j as %i ms", (text, ms) => {
    expect(durationToMs(text, "timeout")).toBe(ms);
  });

  it.each([
    "",
    " ",
    "5",
    "m",
    "5 m",
    " 5m",
    "5m ",
    "5m\n",
    "5M",
    "5min",
    "5m30s",
    "-5m",
    "+5m",
    ".5s",
    "5.s",
    "1e3s",
    "0x10s",
    "1,5s",
    "٣s",
    "Infinitys",
    "NaNs",
    "1.0000000s",
    `${"9".repeat(16)}ms`,
    "5m\0",
    "5\ud800",
  ])("refuses %j and says how durations are written", (text) => {
    const error = refusal(() => durationToMs(text, "timeout"));
    expect(error.code).toBe("INVALID_OPTION");
    expect(error.message).toBe(
      `timeout must be a duration such as "500ms", "30s", "5m", "2h" or "7d" (at most 3650d); got a string of length ${text.length} in another form.`,
    );
    expect(error.data).toEqual({ option: "timeout" });
  });

  it.each([
    ["a number without a unit", 5],
    ["a number without a unit", Number.NaN],
    ["null", null],
    ["undefined", undefined],
    ["a boolean", true],
    ["a bigint", 5n],
    ["an object", { seconds: 5 }],
    ["an array of length 1", ["5s"]],
    ["a Date", new Date()],
    ["an instance of a class", new String("5s")],
    ["a function", () => "5s"],
  ])("refuses %s", (kind, value) => {
    const { message } = refusal(() => durationToMs(value, "lease"));
    expect(message).toMatch(/^lease must be a duration such as /);
    expect(message).toMatch(new RegExp(`; got ${kind}\\.$`));
  });

  it("refuses what is longer than ten years", () => {
    for (const text of ["3651d", "3650.001d", "999999999999999d", "87601h"]) {
      expect(refusal(() => durationToMs(text, "expires")).message).toMatch(
        /\(at most 3650d\); got a longer one\.$/,
      );
    }
  });
});

describe("secondsOrDurationToMs", () => {
  it.each([
    [0, 0],
    [-0, 0],
    [0.25, 250],
    [0.0004, 0],
    [90, 90_000],
    [3650 * 86_400, MAX_DURATION_MS],
    ["5m", 300_000],
  ])("reads %j as %i ms", (value, ms) => {
    expect(secondsOrDurationToMs(value, "countdown")).toBe(ms);
  });

  it.each([
    [-1, "a negative number"],
    [-0.001, "a negative number"],
    [Number.NEGATIVE_INFINITY, "a negative number"],
    [Number.NaN, "NaN"],
    [Number.POSITIVE_INFINITY, "a larger number"],
    [3651 * 86_400, "a larger number"],
    [Number.MAX_VALUE, "a larger number"],
    ["-5m", "a string of length 3 in another form"],
    ["5", "a string of length 1 in another form"],
    [5n, "a bigint"],
    [null, "null"],
    [false, "a boolean"],
  ])("refuses %s", (value, kind) => {
    const error = refusal(() => secondsOrDurationToMs(value, "countdown"));
    expect(error.code).toBe("INVALID_OPTION");
    expect(error.message).toBe(
      `countdown must be a number of seconds, 0 or more, or a duration such as "500ms", "30s", "5m", "2h" or "7d" (at most 3650d); got ${kind}.`,
    );
  });
});
