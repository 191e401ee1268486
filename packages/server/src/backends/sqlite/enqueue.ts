import type { EnqueueOutcome, NewTask } from "../../backend/index.ts";
import { STATE, statusOf } from "./row-mapping.ts";

const INSERT = `INSERT INTO taskwright_task
  (id, path, queue, state, priority, rank, run_after, max_retries, enqueued_at, expires_at, codec, input, policy,
   parent_id, schedule_id, deduplication_key, tags)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`;

const HAS_ID = "SELECT seq FROM taskwright_task WHERE id = ?";

/** One without a row has ended well and was purged: those that end otherwise take their key along. */
const FIND_KEY = `SELECT held.id, coalesce(task.state, ${STATE.SUCCESSFUL}) AS state
  FROM taskwright_deduplication AS held LEFT JOIN taskwright_task AS task ON task.id = held.id
  WHERE held.key = ? AND held.until > ? AND coalesce(task.state, ${STATE.SUCCESSFUL}) < ${STATE.FAILED}`;

const HOLD_KEY = `INSERT INTO taskwright_deduplication (key, id, until) VALUES (?, ?, ?)
  ON CONFLICT (key) DO UPDATE SET id = excluded.id, until = excluded.until`;

/** A statement that an enqueue wants run: `row` to be given its first row, or undefined; `changes` for their number. */
export interface EnqueueStep {
  readonly gives: "row" | "changes";
  readonly sql: string;
  readonly values: readonly (string | number | null)[];
}

const STORED: EnqueueOutcome = { outcome: "stored" };

/** Stores one task inside a transaction that holds the write lock, whatever runs its statements. */
export function* enqueueSteps(task: NewTask, now: number): Generator<EnqueueStep, EnqueueOutcome, unknown> {
  const { deduplication } = task;
  if (deduplication !== null && (yield { gives: "row", sql: HAS_ID, values: [task.id] }) === undefined) {
    const held = (yield { gives: "row", sql: FIND_KEY, values: [deduplication.key, now] }) as
      | { readonly id: string; readonly state: number | bigint }
      | undefined;
    if (held !== undefined) {
      return { outcome: "deduplicated", id: held.id, status: statusOf(Number(held.state)) };
    }
  }
  const values = [
    task.id,
    task.path,
    task.queue,
    task.runAfter <= now ? STATE.due : STATE.later,
    task.priority,
    task.rank,
    task.runAfter,
    task.maxRetries,
    task.enqueuedAt,
    task.expiresAt,
    task.codec,
    task.input,
    task.policy,
    task.parentId,
    task.scheduleId,
    deduplication === null ? null : deduplication.key,
    task.tags.length === 0 ? null : JSON.stringify(task.tags),
  ];
  const changes = (yield { gives: "changes", sql: INSERT, values }) as number;
  if (deduplication !== null && changes > 0) {
    const { key, until } = deduplication;
    yield { gives: "changes", sql: HOLD_KEY, values: [key, task.id, until] };
  }
  return STORED;
}
