import { TaskError } from "@taskwright/shared";
import type { ListAnswer, ListRequest, QueueCounts, TaskFilter, TaskInspector } from "../../backend/index.ts";
import type { Connection } from "./connection.ts";
import type { StoreHandle } from "./opened-store.ts";
import { STATE, statesOf, TASK_COLUMNS, type TaskRow, toRecord } from "./row-mapping.ts";

/** How many rows one step of a listing looks at, and how many a page looks at before it says how far it got. */
const STEP = 20_000;
const MOST_LOOKED_AT = 200_000;

interface Condition {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

function conditionsOf(filter: TaskFilter): Condition {
  const parts: { sql: string; value: string | number }[] = [];
  if (filter.queue !== undefined) parts.push({ sql: "queue = ?", value: filter.queue });
  if (filter.path !== undefined) parts.push({ sql: "path = ?", value: filter.path });
  if (filter.parentId !== undefined) parts.push({ sql: "parent_id = ?", value: filter.parentId });
  if (filter.enqueuedFrom !== undefined) parts.push({ sql: "enqueued_at >= ?", value: filter.enqueuedFrom });
  if (filter.enqueuedBefore !== undefined)
    parts.push({ sql: "enqueued_at < ?", value: filter.enqueuedBefore });
  if (filter.tag !== undefined)
    parts.push({ sql: "EXISTS (SELECT 1 FROM json_each(tags) WHERE value = ?)", value: filter.tag });
  return { sql: parts.map((part) => ` AND ${part.sql}`).join(""), values: parts.map((part) => part.value) };
}

function parseCursor(cursor: string | null): number {
  if (cursor === null) return Number.MAX_SAFE_INTEGER;
  const seq = /^\d{1,16}$/.test(cursor) ? Number(cursor) : Number.NaN;
  if (Number.isSafeInteger(seq)) return seq;
  throw new TaskError({
    code: "INVALID_OPTION",
    message: "cursor must be the nextCursor of an earlier page of the same backend.",
    data: { option: "cursor" },
  });
}

/** Pages through states that have an index of their own, so that a few failed ones are found among millions. */
function listByState(connection: Connection, request: ListRequest, states: readonly number[]): ListAnswer {
  const before = parseCursor(request.cursor);
  const { sql, values } = conditionsOf(request.filter);
  const wanted = request.offset + request.limit + 1;
  const each = states.map((state) => {
    const range = state >= STATE.SUCCESSFUL ? " AND state >= 3" : "";
    return `SELECT * FROM (SELECT ${TASK_COLUMNS} FROM taskwright_task WHERE state = ${state}${range} AND +seq < ?${sql} ORDER BY +seq DESC LIMIT ?)`;
  });
  const rows = connection
    .prepare(`SELECT * FROM (${each.join(" UNION ALL ")}) ORDER BY seq DESC LIMIT ?`)
    .all(...states.flatMap(() => [before, ...values, wanted]), wanted) as unknown as TaskRow[];
  const page = rows.slice(request.offset, request.offset + request.limit);
  const last = page.at(-1);
  return {
    records: page.map(toRecord),
    nextCursor: rows.length === wanted && last !== undefined ? String(last.seq) : null,
  };
}

/** Pages from the newest down, a bounded step at a time. */
function listBySeq(
  connection: Connection,
  request: ListRequest,
  states: readonly number[] | null,
): ListAnswer {
  const { sql, values } = conditionsOf(request.filter);
  const inStates = states === null ? "" : ` AND +state IN (${states.join(", ")})`;
  const statement = connection.prepare(
    `SELECT ${TASK_COLUMNS} FROM taskwright_task WHERE seq < ? AND seq >= ?${inStates}${sql} ORDER BY seq DESC LIMIT ?`,
  );
  const newest = (
    connection.prepare("SELECT max(seq) AS seq FROM taskwright_task").get() as { seq: number | null }
  ).seq;
  let before = Math.min(parseCursor(request.cursor), (newest ?? 0) + 1);
  const lowest = Math.max(1, before - MOST_LOOKED_AT);
  const rows: TaskRow[] = [];
  const wanted = request.offset + request.limit + 1;
  while (rows.length < wanted && before > lowest) {
    const from = Math.max(lowest, before - STEP);
    rows.push(...(statement.all(before, from, ...values, wanted - rows.length) as unknown as TaskRow[]));
    before = from;
  }
  const page = rows.slice(request.offset, request.offset + request.limit);
  const last = page.at(-1);
  if (rows.length === wanted && last !== undefined)
    return { records: page.map(toRecord), nextCursor: String(last.seq) };
  return { records: page.map(toRecord), nextCursor: lowest > 1 ? String(lowest) : null };
}

function list(connection: Connection, request: ListRequest): ListAnswer {
  const { statuses } = request.filter;
  if (statuses === undefined) return listBySeq(connection, request, null);
  const states = [...new Set(statuses.flatMap(statesOf))];
  if (states.length === 0) return { records: [], nextCursor: null };
  return states.includes(STATE.SUCCESSFUL)
    ? listBySeq(connection, request, states)
    : listByState(connection, request, states);
}

const COUNTS: readonly string[] = [
  `SELECT queue, count(*) AS found, min(run_after) AS oldest FROM taskwright_task INDEXED BY taskwright_task_due WHERE state = 1 GROUP BY queue`,
  `SELECT queue, count(*) AS found, sum(run_after <= ?) AS due, min(run_after) AS oldest FROM taskwright_task INDEXED BY taskwright_task_later WHERE state = 0 GROUP BY queue`,
  `SELECT queue, count(*) AS found FROM taskwright_task INDEXED BY taskwright_task_running WHERE state = 2 GROUP BY queue`,
  `SELECT queue, state, count(*) AS found FROM taskwright_task INDEXED BY taskwright_task_finished WHERE state >= 3 GROUP BY queue, state`,
];

type Counting = { -readonly [K in keyof QueueCounts]: QueueCounts[K] };

function countByQueue(connection: Connection, now: number): readonly QueueCounts[] {
  const queues = new Map<string, Counting>();
  const of = (queue: string): Counting => {
    let counts = queues.get(queue);
    if (counts === undefined) {
      counts = {
        queue,
        due: 0,
        later: 0,
        running: 0,
        successful: 0,
        failed: 0,
        cancelled: 0,
        oldestDueAt: null,
      };
      queues.set(queue, counts);
    }
    return counts;
  };
  const [due, later, running, finished] = COUNTS.map((sql, index) =>
    index === 1 ? connection.prepare(sql).all(now) : connection.prepare(sql).all(),
  ) as unknown as { queue: string; state: number; found: number; due: number; oldest: number | null }[][];
  for (const row of due ?? []) Object.assign(of(row.queue), { due: row.found, oldestDueAt: row.oldest });
  for (const row of later ?? []) {
    const counts = of(row.queue);
    counts.due += row.due;
    counts.later = row.found - row.due;
    if (row.due > 0)
      counts.oldestDueAt = Math.min(counts.oldestDueAt ?? Number.POSITIVE_INFINITY, row.oldest ?? now);
  }
  for (const row of running ?? []) of(row.queue).running = row.found;
  for (const row of finished ?? []) {
    const name =
      row.state === STATE.SUCCESSFUL ? "successful" : row.state === STATE.FAILED ? "failed" : "cancelled";
    of(row.queue)[name] = row.found;
  }
  return [...queues.values()].sort((left, right) => (left.queue < right.queue ? -1 : 1));
}

/** The inspector facet on SQLite. */
export function sqliteTaskInspector(handle: StoreHandle): TaskInspector {
  return {
    list: (request) => handle.read((connection) => list(connection, request)),
    countByQueue: ({ now }) => handle.read((connection) => countByQueue(connection, now)),
  };
}
