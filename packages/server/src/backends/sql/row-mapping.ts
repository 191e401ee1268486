import type { AttemptError } from "@taskwright/shared";
import type { ClaimedTask, TaskRecord } from "../../backend/index.ts";
import type { SqlRow } from "./executor.ts";
import { tokenOf } from "./lease-token.ts";
import type { TableNames } from "./table-names.ts";
import { statusOf } from "./task-state.ts";

const NO_TEXTS: readonly string[] = [];

function numberOrNull(value: unknown): number | null {
  return value === null ? null : Number(value);
}

function textsOf(json: unknown): readonly string[] {
  return json === null ? NO_TEXTS : (JSON.parse(json as string) as string[]);
}

/** An array that is kept as JSON text, with the entry of the latest attempt, kept beside it, at its end. */
function withLatest<T>(json: unknown, latest: T | null): readonly T[] {
  const earlier = json === null ? [] : (JSON.parse(json as string) as T[]);
  return latest === null ? earlier : [...earlier, latest];
}

/**
 * The columns of a record: of `t` task, `r` running and `f` finished, of which the last two may be absent.
 *
 * What `t` says of attempts is the state before the latest one, which `r` or `f` tells of.
 */
export const RECORD_COLUMNS: string = [
  "t.seq, t.id, t.path, coalesce(f.status, CASE WHEN r.seq IS NULL THEN 1 ELSE 2 END) AS status, t.queue",
  "t.priority, t.codec, t.input, f.output, coalesce(r.progress, f.progress, t.progress) AS progress",
  "t.errors, f.error, t.attempts, t.retries_used, t.lost_attempts, t.max_retries, t.policy, t.run_after",
  "t.enqueued_at, t.started_at, t.last_attempted_at, coalesce(r.attempted_at, f.attempted_at) AS attempted_at",
  "f.finished_at, t.expires_at, t.worker_ids, coalesce(r.worker_id, f.worker_id) AS worker_id, t.parent_id",
  "t.schedule_id, t.tags, coalesce(r.cancel_requested, false) AS cancel_requested",
].join(", ");

/**
 * What tables a record is read from.
 *
 * Where records are looked up for a list of keys, each lookup stands in a lateral subquery with a limit: a plan that was
 * cached while the tables were small would otherwise go on reading them whole when they have grown.
 */
export function recordSource({ task, running, finished }: TableNames): string {
  return `${task} t LEFT JOIN ${running} r ON r.seq = t.seq LEFT JOIN ${finished} f ON f.seq = t.seq`;
}

/** The place of `seq` among {@link RECORD_COLUMNS}. */
export const SEQ_COLUMN = 0;

/** Reads a row of {@link RECORD_COLUMNS}. */
export function toRecord(row: SqlRow): TaskRecord {
  const [
    ,
    id,
    path,
    status,
    queue,
    priority,
    codec,
    input,
    output,
    progress,
    errors,
    error,
    attempts,
    retriesUsed,
    lostAttempts,
    maxRetries,
    policy,
    runAfter,
    enqueuedAt,
    startedAt,
    lastAttemptedAt,
    attemptedAt,
    finishedAt,
    expiresAt,
    workerIds,
    workerId,
    parentId,
    scheduleId,
    tags,
    cancelRequested,
  ] = row;
  // An attempt whose number was taken back has no time.
  const isAttempted = attemptedAt !== null;
  return {
    id: id as string,
    path: path as string,
    status: statusOf(status),
    queue: queue as string,
    priority: Number(priority),
    codec: codec as string,
    input: input as string | null,
    output: output as string | null,
    progress: progress as string | null,
    errors: withLatest(errors, error === null ? null : (JSON.parse(error as string) as AttemptError)),
    attempts: Number(attempts) + (isAttempted ? 1 : 0),
    retriesUsed: Number(retriesUsed),
    lostAttempts: Number(lostAttempts),
    maxRetries: Number(maxRetries),
    policy: policy as string | null,
    runAfter: Number(runAfter),
    enqueuedAt: Number(enqueuedAt),
    startedAt: numberOrNull(startedAt ?? attemptedAt),
    lastAttemptedAt: numberOrNull(attemptedAt ?? lastAttemptedAt),
    finishedAt: numberOrNull(finishedAt),
    expiresAt: numberOrNull(expiresAt),
    workerIds: withLatest(workerIds, isAttempted ? (workerId as string) : null),
    parentId: parentId as string | null,
    scheduleId: scheduleId as string | null,
    tags: textsOf(tags),
    // MariaDB's booleans are numbers.
    cancelRequested: Boolean(Number(cancelRequested)),
  };
}

/** The columns that a claim reads of `t` task. */
export const CLAIMED_COLUMNS: string =
  "t.seq, t.id, t.path, t.queue, t.priority, t.codec, t.input, t.attempts, t.retries_used, t.lost_attempts, t.max_retries, " +
  "t.policy, t.enqueued_at, t.run_after, t.expires_at, t.parent_id, t.schedule_id, t.tags";

/** Reads a row of {@link CLAIMED_COLUMNS}, whose attempt has just begun. */
export function toClaimed(row: SqlRow, leaseNumber: number): ClaimedTask {
  const id = row[1] as string;
  return {
    id,
    token: tokenOf(leaseNumber, Number(row[0]), id),
    path: row[2] as string,
    queue: row[3] as string,
    priority: Number(row[4]),
    codec: row[5] as string,
    input: row[6] as string | null,
    attempts: Number(row[7]) + 1,
    retriesUsed: Number(row[8]),
    lostAttempts: Number(row[9]),
    maxRetries: Number(row[10]),
    policy: row[11] as string | null,
    enqueuedAt: Number(row[12]),
    runAfter: Number(row[13]),
    expiresAt: numberOrNull(row[14]),
    parentId: row[15] as string | null,
    scheduleId: row[16] as string | null,
    tags: textsOf(row[17]),
  };
}
