import { expect, test } from "vitest";
import { aTask, refusal } from "../../../../../test/harness/sqlite-store.ts";
import { readMessage, scheduleMessage, taskMessage } from "./message.ts";

const TURN = { retries: 3, before: 1 };
const TASK = aTask({ policy: '{"timeoutMs":5}', tags: ["a"], parentId: "parent" });
const SCHEDULE = {
  id: "nightly",
  name: "Each night",
  path: "work",
  cron: "0 0 * * *",
  timeZone: "UTC",
  codec: "json",
  input: "1",
  options: null,
  misfire: "once",
  isPaused: false,
  nextRunAt: 1,
  lastRunAt: 2,
  lastTaskId: "last",
  createdAt: 3,
  updatedAt: 4,
  pausedAt: null,
  resumedAt: null,
  revision: 5,
} as const;

/** A whole message with one change. */
function changed(change: object): string {
  return JSON.stringify({ ...(JSON.parse(taskMessage(TASK, false, TURN)) as object), ...change });
}

function changedFacts(change: object): string {
  const { task } = JSON.parse(taskMessage(TASK, false, TURN)) as { readonly task: object };
  return changed({ task: { ...task, ...change } });
}

test("where nothing keeps it a task travels whole, and comes back as it was", () => {
  expect(readMessage(taskMessage(TASK, false, TURN))).toEqual({
    kind: "task",
    turn: TURN,
    id: TASK.id,
    path: TASK.path,
    task: TASK,
  });
});

test("where a store keeps it only its id and path travel", () => {
  const message = taskMessage(TASK, true, TURN);
  expect(message).not.toContain("ada@example.com");
  expect(readMessage(message)).toEqual({
    kind: "task",
    turn: TURN,
    id: TASK.id,
    path: TASK.path,
    task: null,
  });
});

test("a schedule comes back without what only QStash knows of it", () => {
  const { isPaused: _, nextRunAt: __, lastRunAt: ___, lastTaskId: ____, ...schedule } = SCHEDULE;
  expect(readMessage(scheduleMessage(SCHEDULE, TURN))).toEqual({ kind: "schedule", turn: TURN, schedule });
});

test.each([
  ["no JSON", "{"],
  ["no object", "[]"],
  ["null", "null"],
  ["no version", changed({ v: undefined })],
  ["a version of another kind", changed({ v: "1" })],
  ["an older version", changed({ v: 0 })],
  ["an id of another kind", changed({ id: 7 })],
  ["an empty id", changed({ id: "" })],
  ["an id with NUL", changed({ id: "a\0b" })],
  ["a path of another kind", changed({ path: ["work"] })],
  ["a path that is too long", changed({ path: "a".repeat(1_000) })],
  ["an input of another kind", changed({ input: { n: 1 } })],
  ["no turn", changed({ turn: undefined })],
  ["a turn of another kind", changed({ turn: { retries: "3", before: 0 } })],
  ["a turn before the first", changed({ turn: { retries: 3, before: -1 } })],
  ["facts of another kind", changed({ task: 7 })],
  ["facts that are null", changed({ task: null })],
  ["a queue of another kind", changedFacts({ queue: 7 })],
  ["a priority that is no number", changedFacts({ priority: "high" })],
  ["tags of another kind", changedFacts({ tags: [7] })],
  ["a missing fact", changedFacts({ maxRetries: undefined })],
  [
    "a schedule with path traversal in its id",
    changed({ schedule: { ...SCHEDULE, id: "../../etc/passwd" } }),
  ],
  ["a schedule of an unknown misfire", changed({ schedule: { ...SCHEDULE, misfire: "never" } })],
])("a message with %s is refused without its words", async (_, body) => {
  const error = await refusal(() => readMessage(body));
  expect(error.code).toBe("WEBHOOK_ERROR");
  expect(error.message).not.toMatch(/ada@example\.com|passwd|high/);
});

test("a message of a newer version is to come again, to a process that is up to date", async () => {
  expect(await refusal(() => readMessage(changed({ v: 2 })))).toMatchObject({
    code: "UPDATE_REQUIRED",
    retryable: true,
  });
});

test.each(["__proto__", "constructor", "toString", "../../etc/passwd", "a\\..\\b"])(
  "the path %s is text like any other, and nothing is looked up by it",
  (path) => {
    const read = readMessage(changed({ path }));
    expect(read).toMatchObject({ path });
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
  },
);

test("names of Object's own in a message change no object", () => {
  const spoiled = taskMessage(TASK, false, TURN).replace(
    '{"v"',
    '{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}},"v"',
  );
  const read = readMessage(spoiled.replace('"task":{', '"task":{"__proto__":{"queue":"other"},'));
  expect(read).toMatchObject({ task: { queue: TASK.queue } });
  expect("isAdmin" in read).toBe(false);
  expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
});
