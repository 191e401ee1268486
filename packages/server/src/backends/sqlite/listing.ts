import { setImmediate as nextTurn } from "node:timers/promises";
import { TaskError } from "@taskwright/shared";
import type { ListAnswer, ListRequest, TaskFilter } from "../../backend/index.ts";
import type { StoreHandle } from "./opened-store.ts";
import { indexOf, STATE, statesOf, TASK_COLUMNS, type TaskRow, toRecord } from "./row-mapping.ts";

/** How many rows one look at the table takes in; between looks, the event loop turns. */
const STEP = 20_000;
/** Up to how many rows of an index are sorted for a page; with more, looking from the newest down finds a page sooner. */
const FEW = 20_000;

/** Some SQL conditions that begin with AND, and their parameters. */
export interface Conditions {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

/** A part of the table that an index finds. */
export type Part = Conditions;

function statesIn({ statuses }: TaskFilter): readonly number[] | null {
  return statuses === undefined ? null : [...new Set(statuses.flatMap(statesOf))];
}

/** The conditions on columns; those on inputs are not for SQL. */
export function conditionsOf(filter: TaskFilter): Conditions {
  const parts: { sql: string; value: string | number }[] = [];
  // With a plus sign, because SQLite would otherwise leave the order of rows for an index that needs a sort.
  if (filter.queue !== undefined) parts.push({ sql: "+queue = ?", value: filter.queue });
  if (filter.path !== undefined) parts.push({ sql: "+path = ?", value: filter.path });
  if (filter.parentId !== undefined) parts.push({ sql: "+parent_id = ?", value: filter.parentId });
  if (filter.enqueuedFrom !== undefined) parts.push({ sql: "enqueued_at >= ?", value: filter.enqueuedFrom });
  if (filter.enqueuedBefore !== undefined)
    parts.push({ sql: "enqueued_at < ?", value: filter.enqueuedBefore });
  if (filter.finishedFrom !== undefined) parts.push({ sql: "+finished_at >= ?", value: filter.finishedFrom });
  if (filter.finishedBefore !== undefined)
    parts.push({ sql: "+finished_at < ?", value: filter.finishedBefore });
  if (filter.scheduleId !== undefined) parts.push({ sql: "schedule_id = ?", value: filter.scheduleId });
  if (filter.workerId !== undefined)
    parts.push({
      sql: "EXISTS (SELECT 1 FROM json_each(worker_ids) WHERE value = ?)",
      value: filter.workerId,
    });
  if (filter.tag !== undefined)
    parts.push({ sql: "EXISTS (SELECT 1 FROM json_each(tags) WHERE value = ?)", value: filter.tag });
  const states = statesIn(filter);
  const inStates = states === null ? "" : ` AND +state IN (${states.join(", ")})`;
  return {
    sql: parts.map((part) => ` AND ${part.sql}`).join("") + inStates,
    values: parts.map((part) => part.value),
  };
}

/** Where a page begins: before this number. */
export function parseCursor(cursor: string | null): number {
  if (cursor === null) return Number.MAX_SAFE_INTEGER;
  const seq = /^\d{1,16}$/.test(cursor) ? Number(cursor) : Number.NaN;
  if (Number.isSafeInteger(seq)) return seq;
  throw new TaskError({
    code: "INVALID_OPTION",
    message: "cursor must be the nextCursor of an earlier page of the same backend.",
    data: { option: "cursor" },
  });
}

/** The parts of the table that together hold every match; null when no index narrows the filter. */
export function partsOf(filter: TaskFilter): readonly Part[] | null {
  if (filter.parentId !== undefined) {
    return [{ sql: "INDEXED BY taskwright_task_parent WHERE parent_id = ?", values: [filter.parentId] }];
  }
  const states = statesIn(filter);
  return (
    states?.map((state) => {
      const range = state >= STATE.SUCCESSFUL ? ` AND state >= ${STATE.SUCCESSFUL}` : "";
      return { sql: `INDEXED BY ${indexOf(state)} WHERE state = ${state}${range}`, values: [] };
    }) ?? null
  );
}

/** Whether parts hold so little that it may be sorted. */
export async function areFew(handle: StoreHandle, parts: readonly Part[]): Promise<boolean> {
  let left = FEW;
  for (const { sql, values } of parts) {
    const count = `SELECT count(*) AS found FROM (SELECT 1 FROM taskwright_task ${sql} LIMIT ?)`;
    const { found } = await handle.read(
      (connection) => connection.prepare(count).get(...values, left + 1) as { found: number },
    );
    left -= found;
    if (left < 0) return false;
  }
  return true;
}

/** The page from its rows, one more of them than wanted when there is another page. */
function answerOf(rows: readonly TaskRow[], limit: number): ListAnswer {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    records: page.map(toRecord),
    nextCursor: rows.length > limit && last !== undefined ? String(last.seq) : null,
  };
}

/** Sorts what the indexes hold, which is little. */
function listParts(handle: StoreHandle, request: ListRequest, parts: readonly Part[]): Promise<ListAnswer> {
  const { filter, offset, limit } = request;
  const before = parseCursor(request.cursor);
  const { sql, values } = conditionsOf(filter);
  const each = parts.map((part) => `SELECT seq FROM taskwright_task ${part.sql} AND +seq < ?${sql}`);
  const eachValues = parts.flatMap((part) => [...part.values, before, ...values]);
  const found = `SELECT seq FROM (${each.join(" UNION ALL ")}) ORDER BY seq DESC LIMIT ? OFFSET ?`;
  return handle.read((connection) => {
    const page = `SELECT ${TASK_COLUMNS} FROM taskwright_task WHERE seq IN (${found}) ORDER BY seq DESC`;
    const rows = connection.prepare(page).all(...eachValues, limit + 1, offset);
    return answerOf(rows as unknown as TaskRow[], limit);
  });
}

/** Looks from the newest down, a step at a time. */
async function listFromNewest(handle: StoreHandle, request: ListRequest): Promise<ListAnswer> {
  const cursor = parseCursor(request.cursor);
  const { sql, values } = conditionsOf(request.filter);
  const where = `FROM taskwright_task WHERE seq < ? AND seq >= ?${sql} ORDER BY seq DESC LIMIT ?`;
  const passOver = `SELECT count(*) AS found, min(seq) AS last FROM (SELECT seq ${where})`;
  const take = `SELECT ${TASK_COLUMNS} ${where}`;
  // Two lookups: for both in one SELECT, SQLite would read the whole table.
  const ends =
    "SELECT (SELECT min(seq) FROM taskwright_task) AS oldest, (SELECT max(seq) FROM taskwright_task) AS newest";
  const { oldest, newest } = await handle.read(
    (connection) => connection.prepare(ends).get() as { oldest: number | null; newest: number | null },
  );
  if (oldest === null || newest === null) return { records: [], nextCursor: null };
  let before = Math.min(cursor, newest + 1);
  let toPass = request.offset;
  const wanted = request.limit + 1;
  const rows: TaskRow[] = [];
  while (before > oldest && rows.length < wanted) {
    const from = Math.max(oldest, before - STEP);
    if (toPass > 0) {
      const range = [before, from, ...values, toPass];
      const passed = await handle.read(
        (connection) => connection.prepare(passOver).get(...range) as { found: number; last: number },
      );
      toPass -= passed.found;
      before = toPass === 0 ? passed.last : from;
    } else {
      const range = [before, from, ...values, wanted - rows.length];
      rows.push(
        ...(await handle.read(
          (connection) => connection.prepare(take).all(...range) as unknown as TaskRow[],
        )),
      );
      before = from;
    }
    if (before > oldest && rows.length < wanted) await nextTurn();
  }
  return answerOf(rows, request.limit);
}

/** Reads one page, newest enqueued first; however large the table is, the event loop is not stopped for long. */
export async function listPage(handle: StoreHandle, request: ListRequest): Promise<ListAnswer> {
  const parts = partsOf(request.filter);
  if (parts?.length === 0) return { records: [], nextCursor: null };
  return parts !== null && (await areFew(handle, parts))
    ? listParts(handle, request, parts)
    : listFromNewest(handle, request);
}
