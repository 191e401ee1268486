import type { AttemptError, TaskStatus } from "@taskwright/shared";
import type { ClaimedTask, TaskRecord } from "../../backend/index.ts";

/** What `state` holds; see the first migration. */
export const STATE = { later: 0, due: 1, running: 2, SUCCESSFUL: 3, FAILED: 4, CANCELLED: 5 } as const;

const STATUSES: readonly TaskStatus[] = ["READY", "READY", "RUNNING", "SUCCESSFUL", "FAILED", "CANCELLED"];

/** The status that a `state` stands for. */
export function statusOf(state: number): TaskStatus {
  return STATUSES[state] ?? "FAILED";
}

/** The `state`s that stand for a status. */
export function statesOf(status: TaskStatus): readonly number[] {
  return STATUSES.flatMap((candidate, state) => (candidate === status ? [state] : []));
}

const INDEXES: readonly string[] = ["later", "due", "running", "finished", "finished", "finished"];

/** The index that holds the rows of a `state`. */
export function indexOf(state: number): string {
  return `taskwright_task_${INDEXES[state]}`;
}

/** A row of `taskwright_task` with every column that a record shows. */
export interface TaskRow {
  readonly seq: number;
  readonly id: string;
  readonly path: string;
  readonly queue: string;
  readonly state: number;
  readonly priority: number;
  readonly run_after: number;
  readonly attempts: number;
  readonly retries_used: number;
  readonly lost_attempts: number;
  readonly max_retries: number;
  readonly lease_uncounted: number;
  readonly cancel_requested: number;
  readonly enqueued_at: number;
  readonly started_at: number | null;
  readonly last_attempted_at: number | null;
  readonly finished_at: number | null;
  readonly expires_at: number | null;
  readonly codec: string;
  readonly input: string | null;
  readonly policy: string | null;
  readonly parent_id: string | null;
  readonly schedule_id: string | null;
  readonly tags: string | null;
  readonly worker_ids: string | null;
  readonly progress: string | null;
  readonly errors: string | null;
  readonly output: string | null;
}

/** The columns of {@link TaskRow}, for SELECT and RETURNING. */
export const TASK_COLUMNS: string =
  "seq, id, path, queue, state, priority, run_after, attempts, retries_used, lost_attempts, max_retries, lease_uncounted, " +
  "cancel_requested, enqueued_at, started_at, last_attempted_at, finished_at, expires_at, codec, input, policy, parent_id, " +
  "schedule_id, tags, worker_ids, progress, errors, output";

/** Reads one row. */
export function toRecord(row: TaskRow): TaskRecord {
  return {
    id: row.id,
    path: row.path,
    status: statusOf(row.state),
    queue: row.queue,
    priority: row.priority,
    codec: row.codec,
    input: row.input,
    output: row.output,
    progress: row.progress,
    errors: row.errors === null ? [] : (JSON.parse(row.errors) as AttemptError[]),
    attempts: row.attempts,
    retriesUsed: row.retries_used,
    lostAttempts: row.lost_attempts,
    maxRetries: row.max_retries,
    policy: row.policy,
    runAfter: row.run_after,
    enqueuedAt: row.enqueued_at,
    startedAt: row.started_at,
    lastAttemptedAt: row.last_attempted_at,
    finishedAt: row.finished_at,
    expiresAt: row.expires_at,
    workerIds: row.worker_ids === null ? [] : (JSON.parse(row.worker_ids) as string[]),
    parentId: row.parent_id,
    scheduleId: row.schedule_id,
    tags: parseTags(row.tags),
    cancelRequested: row.cancel_requested === 1,
  };
}

const NO_TAGS: readonly string[] = [];

function parseTags(tags: string | null): readonly string[] {
  return tags === null ? NO_TAGS : (JSON.parse(tags) as string[]);
}

/** The columns of {@link ClaimedRow}, for RETURNING. */
export const CLAIMED_COLUMNS: string =
  "seq, id, path, queue, priority, codec, input, attempts, retries_used, lost_attempts, max_retries, policy, " +
  "enqueued_at, run_after, expires_at, parent_id, schedule_id, tags";

/** What a claim reads of a row. */
export type ClaimedRow = Pick<
  TaskRow,
  | "seq"
  | "id"
  | "path"
  | "queue"
  | "priority"
  | "codec"
  | "input"
  | "attempts"
  | "retries_used"
  | "lost_attempts"
  | "max_retries"
  | "policy"
  | "enqueued_at"
  | "run_after"
  | "expires_at"
  | "parent_id"
  | "schedule_id"
  | "tags"
>;

/** Reads one claimed row. */
export function toClaimed(row: ClaimedRow, token: string): ClaimedTask {
  return {
    id: row.id,
    token,
    path: row.path,
    queue: row.queue,
    priority: row.priority,
    codec: row.codec,
    input: row.input,
    attempts: row.attempts,
    retriesUsed: row.retries_used,
    lostAttempts: row.lost_attempts,
    maxRetries: row.max_retries,
    policy: row.policy,
    enqueuedAt: row.enqueued_at,
    runAfter: row.run_after,
    expiresAt: row.expires_at,
    parentId: row.parent_id,
    scheduleId: row.schedule_id,
    tags: parseTags(row.tags),
  };
}
