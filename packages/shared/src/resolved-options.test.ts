import { describe, expect, it } from "vitest";
import { parseOptions } from "./parse-options.ts";
import { BUILT_IN_OPTIONS, mergeOptions, type ParsedOptions } from "./resolved-options.ts";

/** Lays levels of options over the built-in ones, nearest last, each written as users write them. */
function resolve(...levels: readonly object[]) {
  return levels
    .map((level) => parseOptions(level, "call", "any"))
    .reduce(mergeOptions<typeof BUILT_IN_OPTIONS>, BUILT_IN_OPTIONS);
}

/** As {@link resolve}, but the levels are laid over each other first, as those of `using` and the call are. */
function resolveTogether(farthest: object, ...nearer: readonly object[]) {
  const together = nearer
    .map((level) => parseOptions(level, "call", "any"))
    .reduce<ParsedOptions>((farther, level) => mergeOptions(farther, level), {});
  return mergeOptions(resolve(farthest), together);
}

describe("the built-in options", () => {
  it("are those that the documentation names", () => {
    expect(BUILT_IN_OPTIONS).toEqual({
      ...parseOptions(
        {
          queue: "default",
          backend: "default",
          priority: 0,
          maxRetries: 3,
          backoff: { initial: "1s", factor: 2, max: "1h", jitter: true },
          timeout: "15m",
          deduplicated: false,
          deduplicationWindow: "10m",
          tags: [],
          transaction: false,
        },
        "task",
        "any",
      ),
    });
  });

  it("give their backoff what an empty one gets", () => {
    expect(BUILT_IN_OPTIONS.backoff).toEqual(parseOptions({ backoff: {} }, "task", "any").backoff);
  });
});

describe("levels of options", () => {
  it("win over farther ones", () => {
    expect(resolve({ queue: "a", priority: 1 }, { queue: "b" }, { priority: 0 })).toMatchObject({
      queue: "b",
      priority: 0,
    });
  });

  it("that say nothing leave the farther ones", () => {
    expect(resolve({ queue: "a" }, {}, { queue: undefined })).toMatchObject({ queue: "a", maxRetries: 3 });
  });

  it("replace tags and backoff as a whole", () => {
    const resolved = resolve(
      { tags: ["a"], backoff: { initial: "5s", factor: 3 } },
      { tags: ["b"], backoff: { factor: 4 } },
    );
    expect(resolved.tags).toEqual(["b"]);
    expect(resolved.backoff).toEqual({ initialMs: 1_000, factor: 4, maxMs: 3_600_000, jitter: true });
  });

  it("can take a timeout away", () => {
    expect(resolve({ timeout: "5s" }, { timeout: false }).timeoutMs).toBeNull();
  });

  it("are not changed by the merge", () => {
    const farther = Object.freeze({ ...BUILT_IN_OPTIONS, retryDelayMs: 5 });
    mergeOptions(farther, Object.freeze({ backoff: BUILT_IN_OPTIONS.backoff }));
    expect(farther.retryDelayMs).toBe(5);
  });
});

describe.each([
  ["one after the other", resolve],
  ["together", resolveTogether],
])("rival options of several levels, laid %s", (_, lay) => {
  it("a nearer backoff clears a farther retryDelay", () => {
    expect(lay({ retryDelay: "5s" }, { backoff: { initial: "2s" } })).toMatchObject({
      backoff: { initialMs: 2_000 },
    });
    expect(lay({ retryDelay: "5s" }, { backoff: { initial: "2s" } })).not.toHaveProperty("retryDelayMs");
    expect(lay({}, { retryDelay: "5s" }, { backoff: {} })).not.toHaveProperty("retryDelayMs");
  });

  it("a nearer retryDelay holds over a farther backoff", () => {
    expect(lay({ backoff: { initial: "2s" } }, { retryDelay: 7 }).retryDelayMs).toBe(7_000);
    expect(lay({}, { backoff: { initial: "2s" } }, { retryDelay: 7 }).retryDelayMs).toBe(7_000);
  });

  it("a nearer deduplicationId holds over deduplicated", () => {
    expect(lay({ deduplicated: true }, { deduplicationId: "a" }).deduplicationId).toBe("a");
    expect(lay({ deduplicationId: "a" }, { deduplicationId: "b" }).deduplicationId).toBe("b");
  });

  it("a nearer deduplicated clears a farther deduplicationId, to switch it off or to go by the content", () => {
    for (const deduplicated of [true, false]) {
      const direct = lay({ deduplicationId: "a" }, { deduplicated });
      expect(direct).toMatchObject({ deduplicated });
      expect(direct).not.toHaveProperty("deduplicationId");
      expect(lay({}, { deduplicationId: "a" }, { deduplicated })).not.toHaveProperty("deduplicationId");
    }
  });

  it("a nearer time clears a farther one of another name", () => {
    expect(lay({}, { countdown: 5 }, { eta: new Date(7) })).toMatchObject({ runAt: 7 });
    expect(lay({}, { countdown: 5 }, { eta: new Date(7) })).not.toHaveProperty("countdownMs");
    expect(lay({}, { runAfter: new Date(7) }, { countdown: 5 })).toMatchObject({ countdownMs: 5_000 });
    expect(lay({}, { runAfter: new Date(7) }, { countdown: 5 })).not.toHaveProperty("runAt");
    expect(lay({}, { eta: new Date(7) }, { runAfter: new Date(8) })).toMatchObject({ runAt: 8 });
  });
});
