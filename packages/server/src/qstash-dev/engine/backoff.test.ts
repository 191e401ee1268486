import { describe, expect, it } from "vitest";
import { askedPauseMs, defaultPauseMs, pauseMs } from "./backoff.ts";

const NOW = Date.UTC(2030, 0, 1);
const DAY_MS = 86_400_000;

describe("the pause before a retry", () => {
  it("is QStash's own by default: 12 s, 2 m 28 s, 30 m 8 s, 6 h 7 m 6 s, then a day", () => {
    expect([1, 2, 3, 4, 5, 6].map(defaultPauseMs)).toEqual([12e3, 148e3, 1_808e3, 22_026e3, DAY_MS, DAY_MS]);
  });

  it.each([
    ["1000 * (1 + retried)", 3_000],
    ["0 - 5", 0],
    ["pow(10, 30)", DAY_MS],
    ["0 / 0", 0],
  ])("by the expression %s is %i ms", (expression, expected) => {
    expect(pauseMs(2, expression)).toBe(expected);
  });

  it.each<[string, Record<string, string>, number | undefined]>([
    ["seconds", { "retry-after": "30" }, 30_000],
    ["no time", { "retry-after": "0" }, 0],
    ["a date", { "retry-after": new Date(NOW + 90_000).toUTCString() }, 90_000],
    ["a date that is over", { "retry-after": new Date(NOW - 90_000).toUTCString() }, 0],
    ["a duration", { "x-ratelimit-reset-requests": "6m5s" }, 365_000],
    ["a fraction", { "x-ratelimit-reset-tokens": "1.5" }, 1_500],
    ["more than a day", { "x-ratelimit-reset": "999999" }, DAY_MS],
    ["several, of which Retry-After comes first", { "x-ratelimit-reset": "5", "retry-after": "7" }, 7_000],
    ["nonsense before sense", { "retry-after": "soon", "x-ratelimit-reset": "5" }, 5_000],
    ["nothing", {}, undefined],
    ["nonsense", { "retry-after": `2${"x".repeat(100)}` }, undefined],
  ])("that an answer asks for by %s", (_what, headers, expected) => {
    expect(askedPauseMs(new Headers(headers), NOW)).toBe(expected);
  });
});
