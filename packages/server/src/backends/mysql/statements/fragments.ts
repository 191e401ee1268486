import type { TableNames } from "../../sql/table-names.ts";

const ID = "CHAR(36) CHARACTER SET ascii";
const TEXT = "CHARACTER SET utf8mb4";

// Every join names its index: a table that is small, or was so when it was last counted, is otherwise read whole. A
// statement that locks then waits for all rows that others have locked, and in a transaction of the caller's with
// REPEATABLE READ keeps others from adding any.

/** What a member of an item is. */
type Member =
  | "id"
  | "path"
  | "queue"
  | "codec"
  | "parent_id"
  | "schedule_id"
  | "dedup_key"
  | "holder"
  | "text"
  | "number";

/** How the members of an item are read. */
const MEMBERS: Readonly<Record<Member, string>> = {
  id: `${ID}`,
  path: `VARCHAR(800) ${TEXT}`,
  queue: `VARCHAR(400) ${TEXT}`,
  codec: `VARCHAR(100) ${TEXT}`,
  parent_id: `VARCHAR(255) ${TEXT}`,
  schedule_id: `VARCHAR(255) ${TEXT}`,
  dedup_key: "CHAR(64) CHARACTER SET ascii",
  holder: ID,
  text: `LONGTEXT ${TEXT}`,
  number: "BIGINT",
};

/** Columns of a table made of a JSON array of objects: their names there, and how each is read. */
export type ItemColumns = Readonly<Record<string, Member>>;

/** A table `i` of the objects of a JSON array, which is the next parameter; absent members are NULL. */
export function itemsOf(columns: ItemColumns): string {
  const parts = Object.entries(columns).map(
    ([name, kind]) => `\`${name}\` ${MEMBERS[kind]} PATH '$.${name}'`,
  );
  return `JSON_TABLE(?, '$[*]' COLUMNS (${parts.join(", ")})) i`;
}

/** A table `i` with a column `value` of the elements of a JSON array, which is the next parameter. */
export function elementsOf(kind: Member): string {
  return `JSON_TABLE(?, '$[*]' COLUMNS (value ${MEMBERS[kind]} PATH '$')) i`;
}

/** The bytes of a text, as keys hold them. */
export function bytesOf(text: string): string {
  return `CAST(${text} AS BINARY)`;
}

/** Adds an entry to an array that is kept as JSON text; both are SQL expressions. */
export function appendTo(array: string, entry: string): string {
  return `CASE WHEN ${entry} IS NULL THEN ${array} WHEN ${array} IS NULL THEN concat('[', ${entry}, ']')
    ELSE concat(left(${array}, char_length(${array}) - 1), ',', ${entry}, ']') END`;
}

/** Assignments that take on what an attempt (SQL expressions of its worker, time and progress) adds to the history of `t`. */
export function addAttempt(workerId: string, attemptedAt: string, progress: string): string {
  return `t.attempts = t.attempts + (${attemptedAt} IS NOT NULL),
    t.started_at = coalesce(t.started_at, ${attemptedAt}),
    t.last_attempted_at = coalesce(${attemptedAt}, t.last_attempted_at),
    t.worker_ids = ${appendTo("t.worker_ids", `CASE WHEN ${attemptedAt} IS NOT NULL THEN json_quote(${workerId}) END`)},
    t.progress = coalesce(${progress}, t.progress)`;
}

/** Which of the two tables of the line. */
export type Line = "due" | "later";

/** Puts task results into the line whose time has come, or has not: a JSON array of what names them, and the time. */
export function putInLine(names: TableNames, line: Line, by: "id" | "seq"): string {
  return `INSERT INTO ${names[line]} (queue, path, \`rank\`, seq, run_after, expires_at)
  SELECT t.queue, t.path, t.\`rank\`, t.seq, t.run_after, CASE WHEN t.attempts = 0 THEN t.expires_at END
  FROM ${elementsOf(by === "id" ? "id" : "number")} STRAIGHT_JOIN ${names.task} t FORCE INDEX (${by === "id" ? "task_id" : "PRIMARY"}) ON t.${by} = i.value
  WHERE t.run_after ${line === "due" ? "<=" : ">"} ?`;
}

/** An SQL condition: a row of the line is the one that an item names by its whole key. */
export function isSamePlace(line: Line, row: string): string {
  const order = line === "due" ? "`rank`" : "run_after";
  return `${row}.queue = ${bytesOf("i.queue")} AND ${row}.path = ${bytesOf("i.path")} AND ${row}.${order} = i.${order} AND ${row}.seq = i.seq`;
}

/** The members of an item that names a row of the line. */
export const PLACE: ItemColumns = {
  queue: "queue",
  path: "path",
  rank: "number",
  run_after: "number",
  seq: "number",
};
