import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { aSchedule } from "../../../../../test/harness/a-schedule.ts";
import { aTask, LEASE_MS, NOW } from "../../../../../test/harness/sqlite-store.ts";
import type { TaskFilter } from "../../backend/index.ts";
import { Connection } from "./connection.ts";
import { sqliteBackend } from "./index.ts";

const FILTERS: readonly TaskFilter[] = [
  {},
  { queue: "default" },
  { path: "mail.send" },
  { tag: "a" },
  { parentId: "p" },
  { parentId: "p", queue: "default", path: "mail.send", tag: "a", statuses: ["READY", "SUCCESSFUL"] },
  { enqueuedFrom: 1, enqueuedBefore: NOW },
  { finishedFrom: 1, finishedBefore: NOW, scheduleId: "s", workerId: "w" },
  ...(["READY", "RUNNING", "SUCCESSFUL", "FAILED", "CANCELLED"] as const).flatMap((status) => [
    { statuses: [status] },
    { statuses: [status], queue: "default", path: "mail.send", tag: "a", enqueuedFrom: 1 },
  ]),
  { statuses: ["READY", "RUNNING", "SUCCESSFUL", "FAILED", "CANCELLED"] },
];

const WORDS = { type: "LEASE_EXPIRED", message: "lost" } as const;
const ERROR = {
  type: "EXECUTION_ERROR",
  exceptionClass: "Error",
  message: "no",
  stack: null,
  attempt: 1,
  workerId: "worker",
  at: "2030-01-01T00:00:00.000Z",
} as const;

/** Each statement's plan, by its SQL. */
const plans = new Map<string, readonly string[]>();

/** Uses everything a backend does, with every kind of row there, so that each statement is prepared. */
async function useEverything(file: string): Promise<void> {
  const backend = sqliteBackend({ file });
  await backend.open();
  const { store, leases, maintenance, inspector } = backend;
  const paths = ["mail.send", "mail.sort", "report"];
  const tasks = paths.flatMap((path) => paths.map((queue) => aTask({ path, queue, tags: ["a"] })));
  const key = { key: "k", until: NOW + 1 };
  await store.enqueue({
    tasks: [
      ...tasks,
      aTask({ deduplication: key }),
      aTask({ deduplication: key }),
      aTask({ queue: "later", runAfter: NOW + 1 }),
      aTask({ queue: "ahead", runAfter: NOW + 1 }),
      aTask({ queue: "ahead", runAfter: NOW + 1 }),
      aTask({ expiresAt: NOW + 1 }),
      aTask({ id: "cancelled", parentId: "p" }),
      aTask({ id: "deleted", deduplication: { key: "other", until: NOW + 1 } }),
    ],
    atomic: false,
    now: NOW,
  });
  await store.get({ ids: ["cancelled"] });
  await store.delete({ ids: ["deleted"] });
  const claim = {
    workerId: "worker",
    tasks: paths.map((path) => ({ path, lease: LEASE_MS })),
    limit: 1,
    now: NOW,
  };
  // A clock ahead brings both into line and takes one; by this clock, the other's time has not come.
  for (const now of [NOW + 1, NOW]) await leases?.claim({ ...claim, queues: ["ahead"], now });
  const settlements = [
    { status: "SUCCESSFUL", output: null },
    { status: "READY", runAfter: NOW + 1, rank: 1, error: ERROR },
    { status: "FAILED", error: ERROR, started: false },
    { status: "CANCELLED", error: ERROR },
  ] as const;
  for (const settlement of settlements) {
    for (const queues of ["all", ["mail.send"], paths] as const) {
      const answer = await leases?.claim({ ...claim, queues });
      for (const lease of answer?.claimed ?? []) {
        await leases?.renew({ items: [{ lease, duration: 1 }], now: NOW });
        await leases?.progress({ items: [{ lease, progress: "1" }], now: NOW });
        await leases?.settle({ items: [{ lease, settlement }], now: NOW });
      }
    }
  }
  await store.enqueue({ tasks: [aTask({ id: "named" })], atomic: true, now: NOW });
  await leases?.claim({ ...claim, queues: "all", id: "named" });
  for (const how of [
    { when: "now", started: false } as const,
    { when: "on-expiry", started: true } as const,
  ]) {
    const answer = await leases?.claim({ ...claim, queues: "all", limit: 2 });
    for (const lease of answer?.claimed ?? []) {
      await leases?.release({ items: [{ lease, ...how }], now: NOW });
    }
  }
  await store.cancel({ id: "cancelled", now: NOW });
  await store.requeue({ id: "cancelled", runAfter: NOW, rank: NOW, now: NOW });
  await leases?.claim({ ...claim, queues: "all", limit: 100, now: NOW + 2 });
  await store.cancel({ id: "cancelled", now: NOW });
  await store.enqueue({ tasks: [aTask({ expiresAt: NOW })], atomic: true, now: NOW });
  for (const maxLostAttempts of [1, 9]) {
    const words = { lost: WORDS, poisoned: WORDS, expired: WORDS };
    await maintenance?.sweep({ maxLostAttempts, ...words, limit: 4, now: NOW + 2 * LEASE_MS });
  }
  const input = [{ path: ["to"], operator: "equals", value: "ada@example.com" }] as const;
  for (const round of [1, 2]) {
    for (const filter of FILTERS) {
      await inspector?.list({ filter: { ...filter, input }, cursor: null, offset: 0, limit: 5 });
      await inspector?.count?.({ filter, cap: 5, scanLimit: 5 });
    }
    const now = round === 1 ? NOW : NOW * 2;
    for (let rounds = 0; rounds < 3; rounds++) {
      await maintenance?.indexInputs?.({ limit: 100, keepFor: 1, now });
    }
  }
  await inspector?.countByQueue({ now: NOW, cap: 5 });
  for (const offset of [0, 1]) {
    for (const filter of FILTERS) {
      await inspector?.list({ filter, cursor: null, offset, limit: 5 });
      await inspector?.list({ filter, cursor: "7", offset, limit: 5 });
    }
  }
  await inspector?.countByQueue({ now: NOW });
  for (const dryRun of [true, false]) {
    const statuses = ["SUCCESSFUL", "FAILED", "CANCELLED"] as const;
    await maintenance?.purge({ statuses, finishedBefore: NOW * 2, limit: 100, dryRun, now: NOW * 2 });
  }
  const { schedules } = backend;
  const schedule = aSchedule({ path: "report" });
  for (const revision of [1, 2])
    await schedules?.save({ schedule: { ...schedule, revision }, call: null, tasks: [], now: NOW });
  await schedules?.get({ id: schedule.id });
  for (const path of [{}, { path: "report" }]) await schedules?.list({ after: null, ...path, limit: 5 });
  await schedules?.due?.({ paths, limit: 5, now: NOW });
  await schedules?.delete({ id: schedule.id });
  await backend.close();
}

/** A state of which there are many is listed in another way than one of few. */
async function listMany(file: string): Promise<void> {
  const database = new DatabaseSync(file);
  database.exec(`WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 25000)
    INSERT INTO taskwright_task (id, path, queue, state, priority, rank, run_after, max_retries, enqueued_at, codec)
    SELECT 'many-' || n, 'path', 'default', 1, 0, n, n, 0, n, 'json' FROM number`);
  database.close();
  const backend = sqliteBackend({ file });
  await backend.open();
  for (const filter of FILTERS) {
    const statuses = [...(filter.statuses ?? []), "READY"] as const;
    await backend.inspector?.list({ filter: { ...filter, statuses }, cursor: null, offset: 1, limit: 5 });
  }
  await backend.close();
}

let folder = "";

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "taskwright-"));
  const file = join(folder, "tasks.db");
  const prepare = vi.spyOn(Connection.prototype, "prepare");
  await useEverything(file);
  await listMany(file);
  const statements = prepare.mock.calls.map(([sql]) => sql);
  prepare.mockRestore();
  const database = new DatabaseSync(file);
  for (const sql of new Set(statements)) {
    if (sql.startsWith("PRAGMA")) continue;
    const rows = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as { detail: string }[];
    plans.set(
      sql,
      rows.map(({ detail }) => detail),
    );
  }
  database.close();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("no statement reads the whole table", () => {
  expect(plans.size).toBeGreaterThan(50);
  for (const [sql, plan] of plans) {
    for (const step of plan) {
      expect(step, sql).not.toMatch(/SCAN (taskwright_task|task|held)\b(?! USING (COVERING )?INDEX)/);
    }
  }
});

test("schedules are read by their indexes, and none is sorted", () => {
  const ofSchedules = [...plans].filter(([sql]) => sql.includes("taskwright_schedule"));
  expect(ofSchedules).toHaveLength(8);
  for (const [sql, plan] of ofSchedules)
    for (const step of plan) expect(step, sql).not.toMatch(/SCAN taskwright_schedule|TEMP B-TREE/);
});

/** A page of a listing from the rows of an index, of which there are few. */
function isPageOfFew(sql: string): boolean {
  return /(^|WHERE seq IN \()SELECT seq FROM \(SELECT seq FROM taskwright_task INDEXED BY/.test(sql);
}

test("a whole index is read for the counts and for a page of few; others read its beginning", () => {
  for (const [sql, plan] of plans) {
    if (!plan.some((step) => /^SCAN taskwright_task USING/.test(step)) || isPageOfFew(sql)) continue;
    expect(sql).toMatch(/GROUP BY queue$|LIMIT 1$|^SELECT count.*LIMIT \?\)$/);
  }
});

test("nothing is sorted but a page of few, what a claim or purge has chosen, and the counts of what runs", () => {
  for (const [sql, plan] of plans) {
    if (!plan.some((step) => step.includes("TEMP B-TREE")) || isPageOfFew(sql)) continue;
    const isCountOfRunning = sql.includes("INDEXED BY taskwright_task_running") && sql.includes("GROUP BY");
    const isChosen = sql.includes("WHERE seq IN (SELECT value FROM json_each(?))");
    expect(isCountOfRunning || isChosen, `${sql}\n${plan.join("\n")}`).toBe(true);
  }
});

test.each([
  [
    "the line of a claim",
    "(rank, seq) > (?, ?) AND run_after <= ?",
    "taskwright_task_due (queue=? AND path=? AND rank>?)",
  ],
  [
    "what comes due",
    "SET state = 1 WHERE seq IN",
    "taskwright_task_later (queue=? AND path=? AND run_after<?)",
  ],
  ["the earliest in line", "SELECT min(run_after) AS first", "taskwright_task_due (queue=? AND path=?)"],
  ["lost leases", "lease_expires_at <= ? ORDER BY", "taskwright_task_running (lease_expires_at<?)"],
  [
    "what was not started in time",
    "expires_at <= ? AND",
    "taskwright_task_expiring (expires_at>? AND expires_at<?)",
  ],
  ["a deduplication key", "FROM taskwright_deduplication AS held", "held USING PRIMARY KEY (key=?)"],
  ["keys whose window is over", "WHERE key IN (SELECT key FROM", "_until (until<?)"],
  ["the keys of what is purged", "CROSS JOIN taskwright_deduplication", "held USING PRIMARY KEY (key=?)"],
  ["what is purged", "(finished_at, seq) > (?, ?)", "taskwright_task_finished (state=? AND queue=? AND"],
  ["the next queue of what is purged", "AND queue > ? ORDER BY queue LIMIT 1", "(state=? AND queue>?)"],
  ["a step of a listing", "WHERE seq < ? AND seq >= ?", "INTEGER PRIMARY KEY (rowid>? AND rowid<?)"],
  [
    "a step of a bounded listing",
    "FROM taskwright_task WHERE seq < ? AND seq > ? ORDER BY",
    "INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
  ],
  [
    "what the index of inputs has",
    "FROM taskwright_input_leaf WHERE hash = ? AND seq < ?",
    "PRIMARY KEY (hash=? AND seq>? AND seq<?)",
  ],
  ["what the index forgets", "DELETE FROM taskwright_input_leaf WHERE seq IN", "_leaf_seq (seq=?)"],
  ["what the index takes in", "WHERE seq > ? ORDER BY seq LIMIT", "INTEGER PRIMARY KEY (rowid>?)"],
  ["what is due of a lane", "coalesce(sum(run_after <= ?), 0)", "taskwright_task_due (queue=? AND path=?)"],
  ["children", "INDEXED BY taskwright_task_parent", "taskwright_task_parent (parent_id=?)"],
])("%s is found by an index", (_what, words, index) => {
  const found = [...plans].filter(([sql]) => sql.includes(words));
  expect(found).not.toEqual([]);
  for (const [sql, plan] of found) expect(plan.join("\n"), sql).toContain(index);
});

test("no statement numbers its parameters, which the oldest supported Node cannot bind", () => {
  for (const sql of plans.keys()) expect(sql).not.toMatch(/\?\d/);
});
