import { BUILT_IN_OPTIONS } from "@taskwright/shared";
import { expect, it } from "vitest";
import { MockedResults } from "./mocked-results.ts";
import { TaskRecord } from "./task-record.ts";
import { TaskStore } from "./task-store.ts";

const { queue, priority, maxRetries, tags } = BUILT_IN_OPTIONS;

function storedTask(): { readonly record: TaskRecord; readonly results: MockedResults } {
  const now = new Date();
  const times = { enqueuedAt: now, runAfter: now };
  const more = { input: undefined, options: {}, method: "delay", queue, priority, maxRetries, tags } as const;
  const record = new TaskRecord(
    { id: "a", path: "tick", label: "tick", ...times, ...more },
    (output) => output,
  );
  const store = new TaskStore();
  store.add(record);
  return { record, results: new MockedResults(store, []) };
}

it("a wait and a subscription end with their request", async () => {
  const { results } = storedTask();
  const ending = new AbortController();
  const waiting = results.wait({ id: "a" }, ending.signal);
  const events = results.progress({ id: "a" }, ending.signal);
  expect((await events.next()).done).toBe(false);
  const next = events.next();
  ending.abort();
  expect(await waiting).toBeNull();
  expect((await next).done).toBe(true);
  expect(await results.wait({ id: "a" }, ending.signal)).toBeNull();
});

it("a wait takes no longer than it is told to", async () => {
  const { results, record } = storedTask();
  expect(await results.wait({ id: "a", timeoutMs: 1 }, undefined)).toBeNull();
  const waiting = results.wait({ id: "a" }, undefined);
  record.progress(1);
  record.fail();
  expect(await waiting).toMatchObject({ status: "FAILED", progress: 1 });
});
