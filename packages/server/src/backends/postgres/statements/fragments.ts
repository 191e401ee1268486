import type { TableNames } from "../../sql/table-names.ts";

/** Adds an entry to an array that is kept as JSON text; both are SQL expressions. */
export function appendTo(array: string, entry: string): string {
  return `CASE WHEN ${entry} IS NULL THEN ${array} WHEN ${array} IS NULL THEN '[' || ${entry} || ']'
    ELSE left(${array}, -1) || ',' || ${entry} || ']' END`;
}

/**
 * An SQL condition that every number of a row fulfils.
 *
 * It is there for the planner, which takes it to leave hardly a row and so looks each one up by itself; it would
 * otherwise read a small table whole, and go on with that plan when the table has grown.
 */
export function isAnyNumber(seq: string): string {
  return `${seq} > 0 AND ${seq} < 9223372036854775807`;
}

/**
 * An SQL condition: the row of a table is at one of the places that `rows` (place, seq) has locked.
 *
 * Only for tables whose rows never change: a row that another statement has just changed is at another place, and not
 * seen there.
 */
export function isAt(table: string, rows: string): string {
  return `${table}.ctid = ${rows}.place AND ${isAnyNumber(`${rows}.seq`)}`;
}

/** Takes on what an attempt in `a` (worker_id, attempted_at, progress) adds to the history that `t` keeps. */
export const ADD_ATTEMPT: string = `attempts = t.attempts + (a.attempted_at IS NOT NULL)::integer,
    started_at = coalesce(t.started_at, a.attempted_at),
    last_attempted_at = coalesce(a.attempted_at, t.last_attempted_at),
    worker_ids = ${appendTo("t.worker_ids", "CASE WHEN a.attempted_at IS NOT NULL THEN to_json(a.worker_id)::text END")},
    progress = coalesce(a.progress, t.progress)`;

/** CTEs that put the rows of `back` (queue, path, rank, seq, run_after, expires_at) into the line, as of a time. */
export function putInLine({ due, later }: TableNames, from: string, now: string): string {
  return `in_due AS (INSERT INTO ${due} (queue, path, rank, seq, run_after, expires_at)
    SELECT queue, path, rank, seq, run_after, expires_at FROM ${from} WHERE run_after <= ${now}),
  in_later AS (INSERT INTO ${later} (queue, path, run_after, seq, rank, expires_at)
    SELECT queue, path, run_after, seq, rank, expires_at FROM ${from} WHERE run_after > ${now})`;
}
