import { isTaskError } from "@taskwright/shared";
import { expect, test } from "vitest";
import { memoryBackend } from "./index.ts";
import { createMemoryState } from "./memory-state.ts";

function refusal(run: () => unknown): unknown {
  try {
    run();
    return undefined;
  } catch (error) {
    return error;
  }
}

test("an unknown option is refused with the nearest name", () => {
  const error = refusal(() => memoryBackend({ readtime: Date.now } as object));
  expect(isTaskError(error, "INVALID_OPTION")).toBe(true);
  expect((error as Error).message).toContain('Did you mean "readTime"?');
});

test("a clock that is no function is refused", () => {
  const error = refusal(() => memoryBackend({ readTime: 5 as never }));
  expect(isTaskError(error, "INVALID_OPTION")).toBe(true);
  expect((error as Error).message).toContain("must be a function, not number");
});

test("the store's clock is this machine's unless one is given", async () => {
  expect(memoryBackend().readTime).toBeUndefined();
  expect(await memoryBackend({ readTime: () => 42 }).readTime?.()).toBe(42);
});

test("what was removed leaves nothing behind", () => {
  const { table, keys } = createMemoryState();
  const entries = Array.from({ length: 100 }, (_, index) => {
    const entry = table.insert({
      id: `task ${index}`,
      path: `path-${index}`,
      queue: `queue-${index}`,
      priority: 0,
      rank: index,
      runAfter: index,
      enqueuedAt: index,
      expiresAt: index,
      codec: "json",
      input: null,
      maxRetries: 0,
      policy: null,
      parentId: null,
      scheduleId: null,
      tags: [],
      deduplication: { key: `key ${index}`, until: index },
    });
    keys.take(`key ${index}`, entry.record.id, index);
    return entry;
  });
  expect([keys.size, table.line.laneCount]).toEqual([100, 100]);
  for (const entry of entries) {
    keys.free(entry);
    table.remove(entry);
  }
  expect([keys.size, table.line.laneCount]).toEqual([0, 0]);
  expect([...table.values(), ...table.byEnqueue.newestFirst(null)]).toEqual([]);
  expect([table.leased.peek(), table.expiring.peek()]).toEqual([undefined, undefined]);
});
