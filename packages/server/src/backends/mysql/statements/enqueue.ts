import { createHash } from "node:crypto";
import type { NewTask } from "../../../backend/index.ts";
import type { Statement } from "../../sql/executor.ts";
import { statementOf } from "../../sql/statement-of.ts";
import type { TableNames } from "../../sql/table-names.ts";
import { bytesOf, elementsOf, type ItemColumns, itemsOf } from "./fragments.ts";

/**
 * What an item holds. The server looks for each column from the start of its object, character by character: what may be
 * long comes last.
 */
const ITEM: ItemColumns = {
  id: "id",
  path: "path",
  queue: "queue",
  priority: "number",
  rank: "number",
  run_after: "number",
  enqueued_at: "number",
  expires_at: "number",
  codec: "codec",
  max_retries: "number",
  parent_id: "parent_id",
  schedule_id: "schedule_id",
  deduplication_key: "dedup_key",
  tags: "text",
  policy: "text",
  input: "text",
};

/** What few tasks have. */
const OPTIONAL: ReadonlySet<string> = new Set([
  "expires_at",
  "parent_id",
  "schedule_id",
  "deduplication_key",
  "tags",
  "policy",
  "input",
]);

/** What stands for a deduplication key, of whatever length: text of one length that an index holds. */
export function hashOfKey(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}

/** An element of the JSON array that {@link insertTasks} takes; absent members are NULL. */
type EnqueueItem = Readonly<Record<string, unknown>>;

/** A task as such an element. */
export function enqueueItem(task: NewTask): EnqueueItem {
  const { deduplication } = task;
  return {
    id: task.id,
    path: task.path,
    queue: task.queue,
    priority: task.priority,
    rank: task.rank,
    run_after: task.runAfter,
    enqueued_at: task.enqueuedAt,
    expires_at: task.expiresAt ?? undefined,
    codec: task.codec,
    max_retries: task.maxRetries,
    parent_id: task.parentId ?? undefined,
    schedule_id: task.scheduleId ?? undefined,
    deduplication_key: deduplication === null ? undefined : hashOfKey(deduplication.key),
    tags: task.tags.length === 0 ? undefined : JSON.stringify(task.tags),
    policy: task.policy ?? undefined,
    input: task.input ?? undefined,
  };
}

/**
 * Stores tasks: the items, in the order of their numbers, and a gate (`input-gates.ts`) that is held until the end of the
 * transaction. An id that is there already is an error.
 *
 * What none of them has is left out of the statement: for each absent member the server reads an item to its end.
 */
export function insertTasks({ task, inputGate }: TableNames, items: readonly EnqueueItem[]): Statement {
  const members = Object.entries(ITEM).filter(
    ([name]) => !OPTIONAL.has(name) || items.some((item) => item[name] !== undefined),
  );
  const columns = members.map(([name]) => `\`${name}\``);
  const given = columns.map((name) => `i.${name}`);
  return statementOf(
    "enqueue",
    // A table that no column is read of would be left out of the join; one without its row must lose no task.
    `INSERT INTO ${task} (${columns.join(", ")}) SELECT ${given.join(", ")} FROM ${itemsOf(Object.fromEntries(members))}
  LEFT JOIN ${inputGate} gate ON gate.id = ? WHERE coalesce(gate.id, 1) > 0 LOCK IN SHARE MODE`,
  );
}

/** Reads which queues and paths are known: items of queue and path. */
export function readKnownLanes({ lane }: TableNames): Statement {
  const items = itemsOf({ queue: "queue", path: "path" });
  return statementOf(
    "read_lanes",
    `SELECT i.queue, i.path FROM ${items} STRAIGHT_JOIN ${lane} l FORCE INDEX (PRIMARY) ON l.queue = ${bytesOf("i.queue")} AND l.path = ${bytesOf("i.path")}`,
  );
}

/** Makes queues and paths known: items of queue and path. */
export function insertLanes({ lane }: TableNames): Statement {
  const items = itemsOf({ queue: "queue", path: "path" });
  return statementOf(
    "insert_lanes",
    `INSERT INTO ${lane} (queue, path) SELECT i.queue, i.path FROM ${items} ON DUPLICATE KEY UPDATE ${lane}.queue = ${lane}.queue`,
  );
}

/** Reads which ids are there: a JSON array of ids. */
export function readIds({ task }: TableNames): Statement {
  return statementOf(
    "read_ids",
    `SELECT t.id FROM ${elementsOf("id")} STRAIGHT_JOIN ${task} t FORCE INDEX (task_id) ON t.id = i.value`,
  );
}

/**
 * Takes deduplication keys: items of key, id and end of the window, and who had it when it was looked at (`holder`, absent
 * for nobody). A key that has changed hands since stays as it is.
 */
export function takeKeys({ deduplication }: TableNames): Statement {
  const items = itemsOf({ key: "dedup_key", id: "id", until: "number", holder: "holder" });
  // The assignments are carried out in this order, so the first one still sees the old id.
  return statementOf(
    "take_keys",
    `INSERT INTO ${deduplication} (\`key\`, id, until) SELECT i.\`key\`, i.id, i.until FROM ${items}
  ON DUPLICATE KEY UPDATE
    until = CASE WHEN ${deduplication}.id = i.holder THEN i.until ELSE ${deduplication}.until END,
    id = CASE WHEN ${deduplication}.id = i.holder THEN i.id ELSE ${deduplication}.id END`,
  );
}

/** Reads who has keys now, which stay locked: a JSON array of keys. Gives key and id. */
export function readKeys({ deduplication }: TableNames): Statement {
  return statementOf(
    "read_keys",
    `SELECT d.\`key\`, d.id FROM ${elementsOf("dedup_key")} STRAIGHT_JOIN ${deduplication} d FORCE INDEX (PRIMARY) ON d.\`key\` = i.value FOR UPDATE`,
  );
}

/**
 * Reads who holds keys: a JSON array of keys. Gives key, id, the window's end and the state; what is purged ended well.
 *
 * @param isLatest whether to see the latest in a transaction that repeats what it has read
 */
export function readHolders(names: TableNames, isLatest: boolean): Statement {
  const { task, running, finished, deduplication } = names;
  return statementOf(
    "read_holders",
    `SELECT d.\`key\`, d.id, d.until,
    CASE WHEN t.seq IS NULL THEN 3 ELSE coalesce(f.status, CASE WHEN r.seq IS NULL THEN 1 ELSE 2 END) END AS state
  FROM ${elementsOf("dedup_key")} STRAIGHT_JOIN ${deduplication} d FORCE INDEX (PRIMARY) ON d.\`key\` = i.value
    LEFT JOIN ${task} t ON t.id = d.id
    LEFT JOIN ${running} r ON r.seq = t.seq LEFT JOIN ${finished} f ON f.seq = t.seq${isLatest ? " LOCK IN SHARE MODE" : ""}`,
  );
}
