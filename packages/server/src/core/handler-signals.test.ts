import { describe, expect, it } from "vitest";
import { isNonRetryable, isRetryAfter, NonRetryable, RetryAfter, retryTime } from "./handler-signals.ts";

/** What another copy of this package throws. */
function foreign(name: string, wait?: unknown): Error {
  return Object.assign(new Error("from elsewhere"), { name, wait });
}

describe("RetryAfter", () => {
  it("is for a length of time, or for a time, never before now", () => {
    expect(retryTime(new RetryAfter("10m"), 1_000)).toBe(601_000);
    expect(retryTime(new RetryAfter(new Date(5_000)), 1_000)).toBe(5_000);
    expect(retryTime(new RetryAfter(new Date(500)), 1_000)).toBe(1_000);
    expect(new RetryAfter("10m").message).toBe("Retry after 10m");
    expect(new RetryAfter("10m", "The shop is closed").message).toBe("The shop is closed");
  });

  it.each([["soon"], [600], [undefined], [new Date("?")], ["-1s"]])(
    "of %o is refused where it is made",
    (when) => {
      expect(() => new RetryAfter(when as never)).toThrow(
        expect.objectContaining({ code: "INVALID_OPTION" }),
      );
    },
  );

  it("is known by its name and its wait, whichever copy of the package made it", () => {
    expect(isRetryAfter(new RetryAfter("1s"))).toBe(true);
    expect(isRetryAfter(foreign("RetryAfter", { ms: 5 }))).toBe(true);
    expect(isRetryAfter(foreign("RetryAfter", { until: new Date(5) }))).toBe(true);
  });

  it.each([
    [foreign("RetryAfter")],
    [foreign("RetryAfter", null)],
    [foreign("RetryAfter", { ms: Number.NaN })],
    [foreign("RetryAfter", { ms: -1 })],
    [foreign("RetryAfter", { ms: "5" })],
    [foreign("RetryAfter", { until: new Date("?") })],
    [foreign("RetryLater", { ms: 5 })],
    [{ name: "RetryAfter", wait: { ms: 5 } }],
    ["RetryAfter"],
    [null],
  ])("is nothing that does not say when (%#)", (thrown) => {
    expect(isRetryAfter(thrown)).toBe(false);
  });
});

describe("NonRetryable", () => {
  it("is known by its name, whichever copy of the package made it", () => {
    expect(isNonRetryable(new NonRetryable("never"))).toBe(true);
    expect(isNonRetryable(foreign("NonRetryable"))).toBe(true);
    expect(isNonRetryable(new Error("NonRetryable"))).toBe(false);
    expect(isNonRetryable({ name: "NonRetryable" })).toBe(false);
  });
});
