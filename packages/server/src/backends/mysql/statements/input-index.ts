import type { Statement } from "../../sql/executor.ts";
import { statementOf } from "../../sql/statement-of.ts";
import type { TableNames } from "../../sql/table-names.ts";
import { bytesOf, elementsOf, itemsOf } from "./fragments.ts";

/** The statements of the index of inputs. */
export interface InputIndexStatements {
  readonly state: Statement;
  readonly ask: Statement;
  readonly keep: Statement;
  readonly reset: Statement;
  readonly newest: Statement;
  readonly choose: Statement;
  readonly awaited: Statement;
  readonly freeGates: Statement;
  readonly await: Statement;
  readonly read: Statement;
  readonly move: Statement;
  readonly insertPaths: Statement;
  readonly insertLeaves: Statement;
  readonly oldest: Statement;
  readonly dropOrphans: Statement;
  readonly lockUnwanted: Statement;
  readonly drop: Statement;
  readonly paths: Statement;
  readonly size: Statement;
  readonly firsts: Statement;
}

/** Makes the statements on tables of these names. */
export function inputIndexStatements(names: TableNames): InputIndexStatements {
  const { task, inputIndex, inputPath, inputLeaf, inputGate } = names;
  return {
    /** Gives whether it was asked for since the last round, until when it is kept, how far it got, how far it is to get, and whether there is something in it and after it. */
    state: statementOf(
      "index_state",
      `SELECT is_asked, kept_until, indexed_to, next_end, EXISTS (SELECT 1 FROM ${inputLeaf}) AS has_leaves,
    coalesce((SELECT max(seq) FROM ${task}), 0) > indexed_to AS has_new FROM ${inputIndex} WHERE id = 1`,
    ),
    ask: statementOf("index_ask", `UPDATE ${inputIndex} SET is_asked = 1 WHERE id = 1`),
    /** Until when. */
    keep: statementOf(
      "index_keep",
      `UPDATE ${inputIndex} SET is_asked = 0, kept_until = greatest(kept_until, ?) WHERE id = 1 AND is_asked = 1`,
    ),
    reset: statementOf(
      "index_reset",
      `UPDATE ${inputIndex} SET indexed_to = 0, next_end = NULL, awaited = NULL WHERE id = 1 AND is_asked = 0`,
    ),
    newest: statementOf("index_newest", `SELECT max(seq) AS newest FROM ${task}`),
    /** How far to go next, and the gates that are to be seen free before, a JSON array. */
    choose: statementOf("index_choose", `UPDATE ${inputIndex} SET next_end = ?, awaited = ? WHERE id = 1`),
    /** The gates still to be seen free: how far to go, as another process may have chosen anew. */
    awaited: statementOf("index_awaited", `SELECT awaited FROM ${inputIndex} WHERE id = 1 AND next_end = ?`),
    /** Locks the gates that nobody holds. */
    freeGates: statementOf("index_gates", `SELECT id FROM ${inputGate} FOR UPDATE SKIP LOCKED`),
    /** Notes gates that are still to be seen free, unless another process has noted others: these, how far to go, and those before. */
    await: statementOf(
      "index_await",
      `UPDATE ${inputIndex} SET awaited = ? WHERE id = 1 AND next_end = ? AND awaited = ?`,
    ),
    /** From after a number up to another, and how many. */
    read: statementOf(
      "index_read",
      `SELECT seq, path, input, codec FROM ${task} FORCE INDEX (PRIMARY) WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?`,
    ),
    /** How far it gets, and has got so far. */
    move: statementOf(
      "index_move",
      `UPDATE ${inputIndex} SET indexed_to = ? WHERE id = 1 AND indexed_to = ?`,
    ),
    /** A JSON array. */
    insertPaths: statementOf(
      "index_paths_in",
      `INSERT INTO ${inputPath} (path) SELECT ${bytesOf("i.value")} FROM ${elementsOf("path")}
  ON DUPLICATE KEY UPDATE ${inputPath}.path = ${inputPath}.path`,
    ),
    /** Items of `h` and `s`, of which those are left out that are no longer there. */
    insertLeaves: statementOf(
      "index_leaves_in",
      `INSERT INTO ${inputLeaf} (hash, seq) SELECT i.h, i.s FROM ${itemsOf({ h: "number", s: "number" })}
  STRAIGHT_JOIN ${task} t FORCE INDEX (PRIMARY) ON t.seq = i.s ON DUPLICATE KEY UPDATE ${inputLeaf}.seq = ${inputLeaf}.seq`,
    ),
    /** The lowest number that there may be. */
    oldest: statementOf(
      "index_oldest",
      `SELECT coalesce((SELECT min(seq) FROM ${task}), indexed_to + 1) AS oldest FROM ${inputIndex} WHERE id = 1`,
    ),
    /** Below a number, and how many. */
    dropOrphans: statementOf(
      "index_drop_orphans",
      `DELETE FROM ${inputLeaf} WHERE seq < ? ORDER BY seq LIMIT ?`,
    ),
    /** Keeps the index from growing. Gives a row unless it is wanted. */
    lockUnwanted: statementOf(
      "index_lock",
      `SELECT id FROM ${inputIndex} WHERE id = 1 AND indexed_to = 0 AND is_asked = 0 FOR UPDATE`,
    ),
    /** How many. */
    drop: statementOf("index_drop", `DELETE FROM ${inputLeaf} ORDER BY seq LIMIT ?`),
    paths: statementOf("index_paths", `SELECT CONVERT(path USING utf8mb4) AS path FROM ${inputPath} LIMIT ?`),
    /** Counts what hashes find, a JSON array, up to a number. */
    size: statementOf(
      "index_size",
      `SELECT count(*) AS size FROM (
    SELECT 1 FROM ${elementsOf("number")} STRAIGHT_JOIN ${inputLeaf} l FORCE INDEX (PRIMARY) ON l.hash = i.value LIMIT ?) found`,
    ),
    /** Gives each hash of a JSON array with a row that it finds, or null. */
    firsts: statementOf(
      "index_firsts",
      `SELECT i.value AS hash, (SELECT l.seq FROM ${inputLeaf} l FORCE INDEX (PRIMARY) WHERE l.hash = i.value LIMIT 1) AS seq
  FROM ${elementsOf("number")}`,
    ),
  };
}
