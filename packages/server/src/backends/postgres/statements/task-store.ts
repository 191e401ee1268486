import type { Statement } from "../../sql/executor.ts";
import { RECORD_COLUMNS, recordSource } from "../../sql/row-mapping.ts";
import { statementOf } from "../../sql/statement-of.ts";
import type { TableNames } from "../../sql/table-names.ts";
import { ADD_ATTEMPT, appendTo, isAnyNumber, putInLine } from "./fragments.ts";

/** Reads records: a JSON array of ids. */
export function readRecords(names: TableNames): Statement {
  return statementOf(
    "read",
    `SELECT record.* FROM json_array_elements_text($1::json) AS wanted(id) CROSS JOIN LATERAL (
    SELECT ${RECORD_COLUMNS} FROM ${recordSource(names)} WHERE t.id = wanted.id::uuid LIMIT 1) record`,
  );
}

/** CTEs `out_due` and `out_later` that take the rows of `t` (seq and place) out of the line. */
function takeOutOfLine({ due, later }: TableNames): string {
  return `out_due AS (DELETE FROM ${due} d USING t
    WHERE d.queue = t.queue AND d.path = t.path AND d.rank = t.rank AND d.seq = t.seq RETURNING d.seq),
  out_later AS (DELETE FROM ${later} l USING t
    WHERE l.queue = t.queue AND l.path = t.path AND l.run_after = t.run_after AND l.seq = t.seq RETURNING l.seq)`;
}

/**
 * Cancels one: its id and the time. Gives one row when it is there: whether it is cancelled, whether it has been asked
 * to end and by which worker, and whether it has finished; all false when it changed hands at this moment.
 */
export function cancel(names: TableNames): Statement {
  const { task, running, finished } = names;
  return statementOf(
    "cancel",
    `WITH t AS MATERIALIZED (SELECT seq, queue, path, rank, run_after FROM ${task} WHERE id = $1),
  ${takeOutOfLine(names)},
  ended AS (
    INSERT INTO ${finished} (seq, queue, status, finished_at)
    SELECT t.seq, t.queue, 5, $2 FROM t WHERE t.seq IN (SELECT seq FROM out_due UNION ALL SELECT seq FROM out_later)
    RETURNING seq),
  asked AS (UPDATE ${running} r SET cancel_requested = true FROM t WHERE r.seq = t.seq RETURNING r.worker_id)
  SELECT EXISTS (SELECT 1 FROM ended) AS is_cancelled, (SELECT worker_id FROM asked) AS worker_id,
    EXISTS (SELECT 1 FROM ${finished} f WHERE f.seq = t.seq) AS is_finished FROM t`,
  );
}

/** Puts a FAILED or CANCELLED one back in line: its id, run_after, rank, the time. Gives whether it did, when it is there. */
export function requeue(names: TableNames): Statement {
  const { task, finished } = names;
  return statementOf(
    "requeue",
    `WITH a AS (
    DELETE FROM ${finished} f USING ${task} w WHERE w.id = $1 AND f.seq = w.seq AND f.status IN (4, 5)
    RETURNING f.seq, f.worker_id, f.attempted_at, f.progress, f.error),
  back AS (
    UPDATE ${task} t SET ${ADD_ATTEMPT}, errors = ${appendTo("t.errors", "a.error")}, retries_used = 0, lost_attempts = 0,
      expires_at = NULL, run_after = $2, rank = $3
    FROM a WHERE t.seq = a.seq RETURNING t.queue, t.path, t.rank, t.seq, t.run_after, t.expires_at),
  ${putInLine(names, "back", "$4")}
  SELECT EXISTS (SELECT 1 FROM back) FROM ${task} WHERE id = $1`,
  );
}

/** Removes what does not run: a JSON array of ids. Gives, of each that is there, its id, whether it is removed, and runs. */
export function remove(names: TableNames): Statement {
  const { task, running, finished, deduplication, inputLeaf } = names;
  return statementOf(
    "remove",
    `WITH t AS MATERIALIZED (SELECT seq, id, queue, path, rank, run_after, deduplication_key FROM ${task}
    WHERE id IN (SELECT wanted.id::uuid FROM json_array_elements_text($1::json) AS wanted(id))),
  ${takeOutOfLine(names)},
  out_finished AS (DELETE FROM ${finished} f USING t WHERE f.seq = t.seq RETURNING f.seq),
  out AS MATERIALIZED (
    SELECT seq FROM out_due UNION ALL SELECT seq FROM out_later UNION ALL SELECT seq FROM out_finished),
  freed AS (DELETE FROM ${deduplication} d USING t, out WHERE out.seq = t.seq AND d.key = t.deduplication_key AND d.id = t.id),
  gone AS (DELETE FROM ${task} USING out WHERE ${task}.seq = out.seq),
  leaves AS (DELETE FROM ${inputLeaf} l USING out WHERE l.seq = out.seq AND ${isAnyNumber("out.seq")})
  SELECT t.id, EXISTS (SELECT 1 FROM out WHERE out.seq = t.seq) AS is_removed,
    EXISTS (SELECT 1 FROM ${running} r WHERE r.seq = t.seq) AS is_running FROM t`,
  );
}
