import { describe, expect, it } from "vitest";
import { didYouMean, nearestName } from "./nearest-name.ts";

const OPTIONS = ["queue", "priority", "maxRetries", "retryDelay", "countdown", "eta", "runAfter"];

describe("nearestName", () => {
  it.each([
    ["qeue", "queue"],
    ["queues", "queue"],
    ["prioirty", "priority"],
    ["Priority", "priority"],
    ["max_retries", "maxRetries"],
    ["MAXRETRIES", "maxRetries"],
    ["retry_delay", "retryDelay"],
    ["countDown", "countdown"],
    ["runafter", "runAfter"],
    ["et", "eta"],
    ["ETA", "eta"],
  ])("takes %j for %j", (name, nearest) => {
    expect(nearestName(name, OPTIONS)).toBe(nearest);
  });

  it.each(["", "x", "abc", "attempts", "somethingElse", "😀"])("finds nothing near %j", (name) => {
    expect(nearestName(name, OPTIONS)).toBeUndefined();
  });

  it("takes the first of several that are as near", () => {
    expect(nearestName("mail-c", ["mail-a", "mail-b"])).toBe("mail-a");
  });

  it("takes the exact name over a near one", () => {
    expect(nearestName("mail-b", ["mail-a", "mail-b"])).toBe("mail-b");
  });

  it("takes any iterable, also an empty one", () => {
    expect(nearestName("queu", new Set(["queue"]))).toBe("queue");
    expect(nearestName("queu", new Map([["queue", 1]]).keys())).toBe("queue");
    expect(nearestName("queue", [])).toBeUndefined();
  });

  it("compares no more than the first 100 characters", () => {
    expect(nearestName(`${"a".repeat(100)}${"b".repeat(1_000_000)}`, ["a".repeat(100)])).toBe(
      "a".repeat(100),
    );
  });
});

describe("didYouMean", () => {
  it("adds a question to a message, or nothing", () => {
    expect(didYouMean("qeue", OPTIONS)).toBe(' Did you mean "queue"?');
    expect(didYouMean("zzz", OPTIONS)).toBe("");
  });
});
