import type { Statement } from "../../sql/executor.ts";
import { RECORD_COLUMNS, recordSource } from "../../sql/row-mapping.ts";
import { statementOf } from "../../sql/statement-of.ts";
import type { TableNames } from "../../sql/table-names.ts";
import { ADD_ATTEMPT, appendTo, isAnyNumber, isAt, putInLine } from "./fragments.ts";

/** Reads records by the numbers of their rows: a JSON array. */
export function readBySeq(names: TableNames): Statement {
  return statementOf(
    "read_by_seq",
    `SELECT record.* FROM json_array_elements_text($1::json) AS wanted(seq) CROSS JOIN LATERAL (
    SELECT ${RECORD_COLUMNS} FROM ${recordSource(names)} WHERE t.seq = wanted.seq::bigint LIMIT 1) record`,
  );
}

/** An error entry as JSON text; all parts are SQL expressions. */
function errorEntry(parts: {
  readonly type: string;
  readonly message: string;
  readonly attempt: string;
  readonly workerId: string;
  readonly at: string;
}): string {
  const { type, message, attempt, workerId, at } = parts;
  return `json_build_object('type', ${type}, 'exceptionClass', ${type}, 'message', ${message}, 'stack', NULL,
    'attempt', ${attempt}, 'workerId', ${workerId}, 'at', ${at})::text`;
}

/**
 * Returns or ends what was lost with its worker: the time, that time as ISO text, the limit, how many losses are too
 * many, and type and message of the error of a loss and of the last one. Gives row and state of each.
 */
export function sweepLost(names: TableNames): Statement {
  const { task, running, finished } = names;
  const error = errorEntry({
    type: "CASE WHEN status = 4 THEN $7::text ELSE $5::text END",
    message: "CASE WHEN status = 4 THEN $8::text ELSE $6::text END",
    attempt: "attempts",
    workerId: "CASE WHEN attempts > 0 THEN worker_id END",
    at: "$2::text",
  });
  return statementOf(
    "sweep_lost",
    `WITH lost AS MATERIALIZED (
    SELECT seq FROM ${running} WHERE lease_expires_at <= $1
    ORDER BY lease_expires_at LIMIT $3 FOR UPDATE SKIP LOCKED),
  gone AS (DELETE FROM ${running} r USING lost WHERE r.seq = lost.seq AND ${isAnyNumber("lost.seq")} RETURNING r.*),
  judged AS (
    SELECT g.*, t.attempts + (g.attempted_at IS NOT NULL)::integer AS attempts,
      CASE WHEN g.cancel_requested THEN 5 WHEN NOT g.lease_uncounted AND t.lost_attempts + 1 >= $4 THEN 4 ELSE 1 END AS status
    FROM gone g JOIN ${task} t ON t.seq = g.seq),
  a AS MATERIALIZED (SELECT *, CASE WHEN NOT lease_uncounted THEN ${error} END AS error FROM judged),
  ended AS (
    INSERT INTO ${finished} (seq, queue, status, finished_at, worker_id, attempted_at, progress, error)
    SELECT seq, queue, status, $1, worker_id, attempted_at, progress, error FROM a WHERE status > 1),
  counted AS (
    UPDATE ${task} t SET lost_attempts = t.lost_attempts + 1 FROM a
    WHERE t.seq = a.seq AND a.status > 1 AND NOT a.lease_uncounted),
  back AS (
    UPDATE ${task} t SET ${ADD_ATTEMPT}, errors = ${appendTo("t.errors", "a.error")},
      lost_attempts = t.lost_attempts + (NOT a.lease_uncounted)::integer
    FROM a WHERE t.seq = a.seq AND a.status = 1
    RETURNING t.queue, t.path, t.rank, t.seq, t.run_after, CASE WHEN t.attempts = 0 THEN t.expires_at END AS expires_at),
  ${putInLine(names, "back", "$1")}
  SELECT seq, status FROM a`,
  );
}

/** Ends what was not started in time: the time, that time as ISO text, the limit, type and message. Gives rows. */
export function sweepExpired(names: TableNames): Statement {
  const { due, later, finished } = names;
  const expired = (table: string) => `(SELECT ctid AS place, seq FROM ${table} WHERE expires_at <= $1
      ORDER BY expires_at LIMIT $3 FOR UPDATE SKIP LOCKED)`;
  const error = errorEntry({
    type: "$4::text",
    message: "$5::text",
    attempt: "0",
    workerId: "NULL",
    at: "$2::text",
  });
  return statementOf(
    "sweep_expired",
    `WITH these_due AS MATERIALIZED ${expired(due)},
  these_later AS MATERIALIZED ${expired(later)},
  from_due AS (DELETE FROM ${due} d USING these_due WHERE ${isAt("d", "these_due")} RETURNING d.seq, d.queue),
  from_later AS (DELETE FROM ${later} l USING these_later WHERE ${isAt("l", "these_later")} RETURNING l.seq, l.queue)
  INSERT INTO ${finished} (seq, queue, status, finished_at, error)
  SELECT seq, queue, 4, $1, ${error} FROM (SELECT * FROM from_due UNION ALL SELECT * FROM from_later) AS ended
  RETURNING seq`,
  );
}

/**
 * What finished longest ago: statuses as a JSON array, the latest end, the limit. Statuses and queues that there are come
 * first, by one look at the index for each.
 */
function oldest({ finished }: TableNames): string {
  return `WITH RECURSIVE heap (status, queue) AS (
    (SELECT status, queue FROM ${finished} ORDER BY status, queue LIMIT 1)
    UNION ALL
    SELECT next.status, next.queue FROM heap CROSS JOIN LATERAL (
      SELECT status, queue FROM ${finished} WHERE (status, queue) > (heap.status, heap.queue)
      ORDER BY status, queue LIMIT 1) next),
  these AS MATERIALIZED (
    SELECT head.seq, head.finished_at FROM heap CROSS JOIN LATERAL (
      SELECT f.seq, f.finished_at FROM ${finished} f
      WHERE f.status = heap.status AND f.queue = heap.queue AND f.finished_at <= $2 ORDER BY f.finished_at LIMIT $3) head
    WHERE heap.status IN (SELECT wanted.status::smallint FROM json_array_elements_text($1::json) AS wanted(status))
    ORDER BY head.finished_at, head.seq LIMIT $3)`;
}

/** Removes what {@link oldest} finds, with the deduplication keys of what did not end well. Gives how many. */
export function purge(names: TableNames): Statement {
  const { task, finished, deduplication, inputLeaf } = names;
  return statementOf(
    "purge",
    `${oldest(names)},
  ended AS (DELETE FROM ${finished} f USING these WHERE f.seq = these.seq AND f.finished_at = these.finished_at RETURNING f.seq, f.status),
  gone AS (DELETE FROM ${task} t USING ended WHERE t.seq = ended.seq RETURNING t.id, t.deduplication_key, ended.status),
  freed AS (DELETE FROM ${deduplication} d USING gone 
    WHERE d.key = gone.deduplication_key AND d.id = gone.id AND gone.status > 3),
  leaves AS (DELETE FROM ${inputLeaf} l USING ended WHERE l.seq = ended.seq AND ${isAnyNumber("ended.seq")})
  SELECT count(*) FROM gone`,
  );
}

/** Counts what {@link purge} would remove. */
export function countPurgeable(names: TableNames): Statement {
  return statementOf("count_purgeable", `${oldest(names)} SELECT count(*) FROM these`);
}

/** Removes deduplication keys whose window is over: the time and the limit. Gives how many. */
export function purgeKeys({ deduplication }: TableNames): Statement {
  return statementOf(
    "purge_keys",
    `WITH these AS MATERIALIZED (
    SELECT ctid AS place FROM ${deduplication} WHERE until <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED),
  gone AS (DELETE FROM ${deduplication} d USING these WHERE d.ctid = these.place RETURNING 1)
  SELECT count(*) FROM gone`,
  );
}
