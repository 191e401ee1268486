import type { Statement } from "../../sql/executor.ts";
import { RECORD_COLUMNS, recordSource } from "../../sql/row-mapping.ts";
import { statementOf } from "../../sql/statement-of.ts";
import type { TableNames } from "../../sql/table-names.ts";
import {
  addAttempt,
  appendTo,
  bytesOf,
  elementsOf,
  isSamePlace,
  itemsOf,
  type Line,
  PLACE,
} from "./fragments.ts";

function readBy(names: TableNames, by: "id" | "seq"): Statement {
  const source = recordSource(names).replace(
    " t ",
    ` t FORCE INDEX (${by === "id" ? "task_id" : "PRIMARY"}) ON t.${by} = i.value `,
  );
  return statementOf(
    `read_by_${by}`,
    `SELECT ${RECORD_COLUMNS} FROM ${elementsOf(by === "id" ? "id" : "number")} STRAIGHT_JOIN ${source}`,
  );
}

/** Reads records: a JSON array of ids. */
export function readRecords(names: TableNames): Statement {
  return readBy(names, "id");
}

/** Reads records by the numbers of their rows: a JSON array. */
export function readBySeq(names: TableNames): Statement {
  return readBy(names, "seq");
}

/** Reads where task results may stand in line: a JSON array of ids. Gives id, row, queue, path, rank, time and deduplication key. */
export function readPlaces({ task }: TableNames): Statement {
  return statementOf(
    "read_places",
    `SELECT t.id, t.seq, t.queue, t.path, t.\`rank\`, t.run_after, t.deduplication_key
  FROM ${elementsOf("id")} STRAIGHT_JOIN ${task} t FORCE INDEX (task_id) ON t.id = i.value`,
  );
}

/** Ends one that was in line: its row, queue and the time. */
export function finishWaiting({ finished }: TableNames): Statement {
  return statementOf(
    "finish_waiting",
    `INSERT INTO ${finished} (seq, queue, status, finished_at) VALUES (?, ${bytesOf("?")}, 5, ?)`,
  );
}

/** Asks for the end of one that runs: its row. */
export function askToEnd({ running }: TableNames): Statement {
  return statementOf("ask_to_end", `UPDATE ${running} SET cancel_requested = 1 WHERE seq = ?`);
}

/** Reads the worker of one that runs: its row. */
export function readWorker({ running }: TableNames): Statement {
  return statementOf("read_worker", `SELECT worker_id FROM ${running} WHERE seq = ?`);
}

/** Reads the state of one that has finished: its row. */
export function readEnd({ finished }: TableNames): Statement {
  return statementOf("read_end", `SELECT status FROM ${finished} WHERE seq = ?`);
}

/** Locks one that has finished: its row. Gives its state. */
export function lockEnd({ finished }: TableNames): Statement {
  return statementOf("lock_end", `SELECT status FROM ${finished} WHERE seq = ? FOR UPDATE`);
}

/** Makes the record of one that has finished that of one that waits: run_after, rank, and its row. */
export function reviveTask({ task, finished }: TableNames): Statement {
  return statementOf(
    "revive",
    `UPDATE ${finished} f STRAIGHT_JOIN ${task} t FORCE INDEX (PRIMARY) ON t.seq = f.seq
  SET ${addAttempt("f.worker_id", "f.attempted_at", "f.progress")},
    t.errors = ${appendTo("t.errors", "f.error")},
    t.retries_used = 0, t.lost_attempts = 0, t.expires_at = NULL, t.run_after = ?, t.\`rank\` = ?
  WHERE f.seq = ?`,
  );
}

/** Locks rows of the line: items with their whole keys. Gives their numbers. */
export function lockPlaces(names: TableNames, line: Line): Statement {
  return statementOf(
    `lock_${line}`,
    `SELECT l.seq FROM ${itemsOf(PLACE)} STRAIGHT_JOIN ${names[line]} l FORCE INDEX (PRIMARY) ON ${isSamePlace(line, "l")} FOR UPDATE`,
  );
}

/** Which tables have a row for a task result under its number. */
type BySeq = "task" | "running" | "finished";

/** Locks rows by their numbers: a JSON array. Gives the numbers of those that are there. */
export function lockFinished({ finished }: TableNames): Statement {
  return statementOf(
    "lock_finished",
    `SELECT f.seq FROM ${elementsOf("number")} STRAIGHT_JOIN ${finished} f FORCE INDEX (PRIMARY) ON f.seq = i.value FOR UPDATE`,
  );
}

/** Reads which rows run: a JSON array of numbers. */
export function readRunning({ running }: TableNames): Statement {
  return statementOf(
    "read_running",
    `SELECT r.seq FROM ${elementsOf("number")} STRAIGHT_JOIN ${running} r FORCE INDEX (PRIMARY) ON r.seq = i.value`,
  );
}

/** Removes rows by their numbers: a JSON array. Gives how many. */
export function removeBySeq(names: TableNames, table: BySeq): Statement {
  return statementOf(
    `remove_${table}`,
    `DELETE x FROM ${elementsOf("number")} STRAIGHT_JOIN ${names[table]} x FORCE INDEX (PRIMARY) ON x.seq = i.value`,
  );
}

/** Removes what the index of inputs has of task results: a JSON array of their numbers. */
export function removeLeaves({ inputLeaf }: TableNames): Statement {
  return statementOf(
    "remove_leaves",
    `DELETE x FROM ${elementsOf("number")} STRAIGHT_JOIN ${inputLeaf} x FORCE INDEX (input_leaf_seq) ON x.seq = i.value`,
  );
}

/** Frees deduplication keys where the given ids hold them: items of key and id. */
export function freeKeys({ deduplication }: TableNames): Statement {
  return statementOf(
    "free_keys",
    `DELETE d FROM ${itemsOf({ key: "dedup_key", id: "id" })}
  STRAIGHT_JOIN ${deduplication} d FORCE INDEX (PRIMARY) ON d.\`key\` = i.\`key\` AND d.id = i.id`,
  );
}
