import type { Statement } from "../../sql/executor.ts";
import { statementOf } from "../../sql/statement-of.ts";
import type { TableNames } from "../../sql/table-names.ts";
import { isAnyNumber } from "./fragments.ts";

/** The statements of the index of inputs. */
export interface InputIndexStatements {
  readonly state: Statement;
  readonly ask: Statement;
  readonly keep: Statement;
  readonly reset: Statement;
  readonly nextEnd: Statement;
  readonly isSettled: Statement;
  readonly read: Statement;
  readonly store: Statement;
  readonly dropOrphans: Statement;
  readonly drop: Statement;
  readonly paths: Statement;
  readonly size: Statement;
}

/** Transactions that may have stored task results: each holds this lock on the table from before it numbers the first. */
function writers(regclass: string): string {
  return `SELECT l.virtualtransaction FROM pg_locks l WHERE l.locktype = 'relation' AND l.granted
    AND l.relation = ${regclass} AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND l.mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')`;
}

/** Makes the statements on tables of these names. */
export function inputIndexStatements(names: TableNames): InputIndexStatements {
  const { task, inputIndex, inputPath, inputLeaf } = names;
  const taskTable = `'${task}'::regclass`;
  return {
    /** Gives whether it was asked for since the last round, until when it is kept, how far it got, how far it is to get, and whether there is something in it and after it. */
    state: statementOf(
      "index_state",
      `SELECT is_asked, kept_until, indexed_to, next_end, EXISTS (SELECT 1 FROM ${inputLeaf}) AS has_leaves,
        coalesce((SELECT max(seq) FROM ${task}), 0) > indexed_to AS has_new FROM ${inputIndex}`,
    ),
    ask: statementOf("index_ask", `UPDATE ${inputIndex} SET is_asked = true WHERE NOT is_asked`),
    /** Until when. */
    keep: statementOf(
      "index_keep",
      `UPDATE ${inputIndex} SET is_asked = false, kept_until = greatest(kept_until, $1) WHERE is_asked`,
    ),
    /** Leaves what is there to later rounds: a list may still be reading it. */
    reset: statementOf(
      "index_reset",
      `UPDATE ${inputIndex} SET indexed_to = 0, next_end = NULL, awaited = NULL WHERE NOT is_asked`,
    ),
    /**
     * Chooses how far to go next, and notes who was storing at that time.
     *
     * Numbers are given before commits, so below the highest number that is seen there may be some that are not yet:
     * those of the transactions that are noted here. What they leave is seen when they have ended.
     */
    nextEnd: statementOf(
      "index_next_end",
      `UPDATE ${inputIndex} SET next_end = (SELECT coalesce(max(seq), 0) FROM ${task}),
        awaited = (SELECT coalesce(json_agg(w.virtualtransaction), '[]'::json)::text FROM (${writers(taskTable)}) w)
      RETURNING next_end`,
    ),
    /**
     * Whether all that is noted has ended; how far to go, as what is noted may be of another process's choice by now. A prepared transaction has
     * changed its name, so all of those count.
     */
    isSettled: statementOf(
      "index_is_settled",
      `SELECT NOT EXISTS (SELECT 1 FROM (${writers(taskTable)}) w WHERE w.virtualtransaction LIKE '-1/%'
        OR w.virtualtransaction IN (SELECT json_array_elements_text(i.awaited::json))) AS is_settled
      FROM ${inputIndex} i WHERE i.next_end = $1`,
    ),
    /** From after a number up to another, and how many. */
    read: statementOf(
      "index_read",
      `SELECT seq, path, input, codec FROM ${task} WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3`,
    ),
    /**
     * Takes in leaves, a JSON array of `h` and `s`, and paths, a JSON array, unless another process has done so: how far
     * it has got so far, and then. Gives whether it did.
     */
    store: statementOf(
      "index_store",
      `WITH moved AS (UPDATE ${inputIndex} SET indexed_to = $4 WHERE indexed_to = $3 RETURNING id),
      paths AS (
        INSERT INTO ${inputPath} (path) SELECT given.path FROM moved, json_array_elements_text($2::json) AS given(path)
        ON CONFLICT (path) DO NOTHING),
      leaves AS (
        INSERT INTO ${inputLeaf} (hash, seq)
        SELECT item.h, item.s FROM moved, json_to_recordset($1::json) AS item(h bigint, s bigint)
        WHERE EXISTS (SELECT 1 FROM ${task} t WHERE t.seq = item.s AND ${isAnyNumber("item.s")})
        ON CONFLICT (hash, seq) DO NOTHING)
      SELECT EXISTS (SELECT 1 FROM moved) AS is_stored`,
    ),
    /** Removes leaves of task results that went while they were being taken in; how many at most. Gives how many. */
    dropOrphans: statementOf(
      "index_drop_orphans",
      `WITH these AS MATERIALIZED (
        SELECT l.hash, l.seq FROM ${inputLeaf} l WHERE l.seq < coalesce((SELECT min(seq) FROM ${task}),
          (SELECT indexed_to + 1 FROM ${inputIndex})) ORDER BY l.seq LIMIT $1),
      gone AS (DELETE FROM ${inputLeaf} l USING these WHERE l.hash = these.hash AND l.seq = these.seq
        AND ${isAnyNumber("these.seq")} RETURNING 1)
      SELECT count(*) FROM gone`,
    ),
    /** Removes some leaves, unless the index is wanted again. Gives how many. */
    drop: statementOf(
      "index_drop",
      `WITH these AS MATERIALIZED (SELECT l.hash, l.seq FROM ${inputLeaf} l, ${inputIndex} i
        WHERE i.indexed_to = 0 AND NOT i.is_asked ORDER BY l.seq LIMIT $1),
      gone AS (DELETE FROM ${inputLeaf} l USING these WHERE l.hash = these.hash AND l.seq = these.seq
        AND ${isAnyNumber("these.seq")} RETURNING 1)
      SELECT count(*) FROM gone`,
    ),
    paths: statementOf("index_paths", `SELECT path FROM ${inputPath} LIMIT $1`),
    /** Counts what some hashes find, a JSON array, up to a number. */
    size: statementOf(
      "index_size",
      `SELECT count(*) FROM (SELECT 1 FROM json_array_elements_text($1::json) AS wanted(hash) CROSS JOIN LATERAL (
        SELECT 1 FROM ${inputLeaf} l WHERE l.hash = wanted.hash::bigint LIMIT $2) each_found LIMIT $2) found`,
    ),
  };
}
