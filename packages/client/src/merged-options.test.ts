import { expect, it } from "vitest";
import { mergedOptions } from "./merged-options.ts";

it.each([
  [[], undefined],
  [[{}], undefined],
  [[{ priority: undefined }], undefined],
  [[{ priority: 1 }, { priority: 2, tags: ["a"] }], { priority: 2, tags: ["a"] }],
  [[{ priority: 1 }, { priority: undefined }], { priority: 1 }],
  [
    [{ countdown: 5, priority: 1 }, { eta: "2030-01-01T00:00:00Z" }],
    { eta: "2030-01-01T00:00:00Z", priority: 1 },
  ],
  [[{ runAfter: "2030-01-01T00:00:00Z" }, { countdown: 5 }], { countdown: 5 }],
  [[{ retryDelay: 1 }, { backoff: {} }], { backoff: {} }],
  [[{ backoff: {} }, { retryDelay: 1 }], { retryDelay: 1 }],
  [[{ deduplicationId: "a" }, { deduplicated: true }], { deduplicated: true }],
])("of %j, what is nearest holds", (levels, merged) => {
  expect(mergedOptions(levels as never)).toEqual(merged);
});

it("leaves a contradiction of one level to the server, which tells of it", () => {
  const both = { countdown: 5, eta: "2030-01-01T00:00:00Z" } as never;
  expect(mergedOptions([both])).toEqual(both);
});

it.each([[null], ["soon"], [[]]])("refuses %j", (level) => {
  expect(() => mergedOptions([level as never])).toThrow(expect.objectContaining({ code: "INVALID_OPTION" }));
});
