import type { NewTask } from "../../../backend/index.ts";
import type { Statement } from "../../sql/executor.ts";
import { statementOf } from "../../sql/statement-of.ts";
import type { TableNames } from "../../sql/table-names.ts";
import { putInLine } from "./fragments.ts";
import { isAwaitingReady } from "./listeners.ts";

const FIELDS =
  "id uuid, path text, queue text, priority smallint, rank bigint, run_after bigint, enqueued_at bigint, " +
  "expires_at bigint, codec text, input text, max_retries integer, policy text, parent_id text, schedule_id text, " +
  "tags text, key text, until bigint";
const STORED =
  "id, path, queue, priority, rank, run_after, enqueued_at, expires_at, codec, input, max_retries, policy, " +
  "parent_id, schedule_id, tags, deduplication_key";
const GIVEN = STORED.replace("deduplication_key", "key");
const PLACE = "queue, path, rank, seq, run_after, expires_at";

/** A task as an element of the JSON array that the statements take; absent members are NULL. */
export function enqueueItem(task: NewTask): Readonly<Record<string, unknown>> {
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
    input: task.input ?? undefined,
    max_retries: task.maxRetries,
    policy: task.policy ?? undefined,
    parent_id: task.parentId ?? undefined,
    schedule_id: task.scheduleId ?? undefined,
    tags: task.tags.length === 0 ? undefined : JSON.stringify(task.tags),
    key: deduplication?.key,
    until: deduplication?.until,
  };
}

/** Who is told of tasks: those who are idle now, or all, for whoever may be idle when a transaction is committed. */
type Told = "idle" | "all";

function isTold(told: Told, names: TableNames): string {
  return told === "all" ? "EXISTS (SELECT 1 FROM added)" : isAwaitingReady(names, "added");
}

function enqueuePlainTo(told: Told, names: TableNames): Statement {
  return statementOf(
    "enqueue",
    `WITH added AS (
    INSERT INTO ${names.task} (${STORED}) SELECT ${GIVEN} FROM json_to_recordset($1::json) AS item(${FIELDS})
    ON CONFLICT (id) DO NOTHING RETURNING ${PLACE}),
  ${putInLine(names, "added", "$2")}
  SELECT pg_notify($3, $4)::text WHERE ${isTold(told, names)}`,
  );
}

/** Stores tasks without deduplication keys: the items, the time, and a channel with what to say there to idle workers; an id that is there already changes nothing. */
export function enqueuePlain(names: TableNames): Statement {
  return enqueuePlainTo("idle", names);
}

/** {@link enqueuePlain} in a transaction of the caller's, at whose end others may be idle than now. */
export function enqueuePlainInside(names: TableNames): Statement {
  return enqueuePlainTo("all", names);
}

function enqueueKeyedTo(told: Told, names: TableNames): Statement {
  const { task, finished, deduplication } = names;
  return statementOf(
    "enqueue_keyed",
    `WITH item AS MATERIALIZED (SELECT * FROM json_to_recordset($1::json) AS item(${FIELDS})),
  fresh AS MATERIALIZED (SELECT * FROM item WHERE NOT EXISTS (SELECT 1 FROM ${task} t WHERE t.id = item.id)),
  held AS (
    INSERT INTO ${deduplication} AS d (key, id, until) SELECT key, id, until FROM fresh WHERE key IS NOT NULL ORDER BY key
    ON CONFLICT (key) DO UPDATE SET id = excluded.id, until = excluded.until
      WHERE d.until <= $2 OR EXISTS (
        SELECT 1 FROM ${task} t JOIN ${finished} f ON f.seq = t.seq WHERE t.id = d.id AND f.status IN (4, 5))
    RETURNING key),
  added AS (
    INSERT INTO ${task} (${STORED}) SELECT ${GIVEN} FROM fresh WHERE key IS NULL OR key IN (SELECT key FROM held)
    ON CONFLICT (id) DO NOTHING RETURNING ${PLACE}),
  ${putInLine(names, "added", "$2")},
  told AS MATERIALIZED (SELECT pg_notify($3, $4)::text WHERE ${isTold(told, names)})
  SELECT id, (SELECT count(*) FROM told) AS told FROM item WHERE key IS NULL OR key IN (SELECT key FROM held) OR id NOT IN (SELECT id FROM fresh)`,
  );
}

/**
 * Stores tasks of which some have deduplication keys, each key once: parameters as {@link enqueuePlain}. Gives the ids of those that
 * are stored, now or before; the others' keys are held.
 *
 * Whether the holder of a key has failed is seen as of the statement's start, as it has to be: another process may have
 * taken the key over since, and its task result is not visible here.
 */
export function enqueueKeyed(names: TableNames): Statement {
  return enqueueKeyedTo("idle", names);
}

/** {@link enqueueKeyed} in a transaction of the caller's, at whose end others may be idle than now. */
export function enqueueKeyedInside(names: TableNames): Statement {
  return enqueueKeyedTo("all", names);
}

/** Reads who holds keys: a JSON array of keys. Gives key, id, the window's end and the state; what is purged ended well. */
export function readHolders({ task, running, finished, deduplication }: TableNames): Statement {
  return statementOf(
    "read_holders",
    `SELECT d.key, d.id, d.until,
    CASE WHEN t.seq IS NULL THEN 3 ELSE coalesce(f.status, CASE WHEN r.seq IS NULL THEN 1 ELSE 2 END) END AS state
  FROM ${deduplication} d LEFT JOIN ${task} t ON t.id = d.id
    LEFT JOIN ${running} r ON r.seq = t.seq LEFT JOIN ${finished} f ON f.seq = t.seq
  WHERE d.key IN (SELECT json_array_elements_text($1::json))`,
  );
}
