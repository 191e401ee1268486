import type { Statement } from "../../sql/executor.ts";
import { statementOf } from "../../sql/statement-of.ts";
import type { TableNames } from "../../sql/table-names.ts";
import { ADD_ATTEMPT, appendTo, putInLine } from "./fragments.ts";
import { isAwaitingResults } from "./listeners.ts";

/**
 * Ends attempts: the items, the time and the number of items. Gives one row: null when each item found its lease and got
 * what it asked for, else row, lease and state of those that found it as JSON; and whether somebody waits for ends.
 *
 * An item names its row and lease (`s`, `k`) and what becomes of it: `v` 3 to 5 for an end with its output `o` and
 * error `e`, 1 for a retry at `a` with rank `r` and error `e`, 0 for going back to its old place. `n` is true when the
 * handler was not called, which takes back the attempt's number. A cancel request makes an end of what would go back.
 */
export function settle(names: TableNames): Statement {
  const { task, running, finished } = names;
  return statementOf(
    "settle",
    `WITH a AS (
    DELETE FROM ${running} r USING
      json_to_recordset($1::json) AS i(s bigint, k bigint, v smallint, o text, e text, a bigint, r bigint, n boolean)
    WHERE r.seq = i.s AND r.lease_token = i.k
    RETURNING r.seq, r.lease_token, r.queue, r.worker_id, CASE WHEN i.n THEN NULL ELSE r.attempted_at END AS attempted_at,
      r.progress, r.cancel_requested, i.v, i.o, i.e, i.a AS run_after, i.r AS rank),
  ended AS (
    INSERT INTO ${finished} (seq, queue, status, lease_token, finished_at, worker_id, attempted_at, progress, output, error)
    SELECT seq, queue, CASE WHEN v >= 3 THEN v ELSE 5 END, lease_token, $2, worker_id, attempted_at, progress, o, e
    FROM a WHERE v >= 3 OR cancel_requested),
  back AS (
    UPDATE ${task} t SET ${ADD_ATTEMPT}, retries_used = t.retries_used + a.v, errors = ${appendTo("t.errors", "a.e")},
      run_after = coalesce(a.run_after, t.run_after), rank = coalesce(a.rank, t.rank)
    FROM a WHERE t.seq = a.seq AND a.v < 3 AND NOT a.cancel_requested
    RETURNING t.queue, t.path, t.rank, t.seq, t.run_after, CASE WHEN t.attempts = 0 THEN t.expires_at END AS expires_at),
  ${putInLine(names, "back", "$2")}
  SELECT CASE WHEN count(*) = $3 AND NOT bool_or(v < 3 AND cancel_requested) THEN NULL ELSE coalesce(json_agg(
      json_build_array(seq, lease_token, CASE WHEN v >= 3 THEN v WHEN cancel_requested THEN 5 ELSE 1 END))::text, '[]') END AS held,
    ${isAwaitingResults(names)} AS is_awaited FROM a`,
  );
}

/** Reads what ended attempts: the items, each a row and its lease. Gives row, lease, state and output. */
export function readEnds({ finished }: TableNames): Statement {
  return statementOf(
    "read_ends",
    `SELECT f.seq, f.lease_token, f.status, f.output FROM ${finished} f
    JOIN json_to_recordset($1::json) AS i(s bigint, k bigint) ON f.seq = i.s AND f.lease_token = i.k`,
  );
}
