import { TaskError } from "@taskwright/shared";
import type { ListAnswer, ListRequest, TaskFilter } from "../../backend/index.ts";
import type { SqlExecutor, SqlRow, SqlValue } from "./executor.ts";
import { RECORD_COLUMNS, recordSource, SEQ_COLUMN, toRecord } from "./row-mapping.ts";
import { statementOf } from "./statement-of.ts";
import { isStorable } from "./storable-text.ts";
import type { TableNames } from "./table-names.ts";
import { STATE } from "./task-state.ts";

/** How many rows one statement looks through. */
const STEP = 20_000;
/** Up to how many rows of an index are sorted for a page; with more, looking from the newest down finds a page sooner. */
const FEW = 20_000;

/** What lists need of a dialect. */
export interface ListingDialect extends SqlExecutor {
  readonly names: TableNames;
  /** A parameter by its number from 1. */
  parameter(number: number): string;
  /** An SQL condition: a column of text is exactly that of a parameter, which may be added any number of times. */
  isText(column: string, addParameter: () => string): string;
  /** An SQL condition: a column with a JSON array of texts holds that of a parameter. */
  hasText(column: string, parameter: string): string;
}

/** Some SQL with its parameters, which count on from those before. */
export class Sql {
  readonly values: SqlValue[] = [];
  readonly #dialect: ListingDialect;

  constructor(dialect: ListingDialect) {
    this.#dialect = dialect;
  }

  /** The place of a parameter. */
  add(value: SqlValue): string {
    this.values.push(value);
    return this.#dialect.parameter(this.values.length);
  }
}

function statesIn({ statuses }: TaskFilter): readonly number[] | null {
  return statuses === undefined ? null : [...new Set(statuses.map((status) => STATE[status]))];
}

/** An attempt whose number was taken back has no time, and was none. */
function hasWorker({ isText, hasText }: ListingDialect, workerId: string, sql: Sql): string {
  return `(${hasText("t.worker_ids", sql.add(workerId))} OR CASE WHEN coalesce(r.attempted_at, f.attempted_at) IS NOT NULL
    THEN ${isText("coalesce(r.worker_id, f.worker_id)", () => sql.add(workerId))} ELSE false END)`;
}

/** The conditions on columns, each after AND; those on inputs are not for SQL. */
export function conditionsOf(dialect: ListingDialect, filter: TaskFilter, sql: Sql): string {
  const { isText, hasText } = dialect;
  const { queue, path, parentId, enqueuedFrom, enqueuedBefore, tag } = filter;
  const { finishedFrom, finishedBefore, scheduleId, workerId } = filter;
  const states = statesIn(filter);
  const parts = [
    queue === undefined ? "" : isText("t.queue", () => sql.add(queue)),
    path === undefined ? "" : isText("t.path", () => sql.add(path)),
    parentId === undefined ? "" : isText("t.parent_id", () => sql.add(parentId)),
    enqueuedFrom === undefined ? "" : `t.enqueued_at >= ${sql.add(enqueuedFrom)}`,
    enqueuedBefore === undefined ? "" : `t.enqueued_at < ${sql.add(enqueuedBefore)}`,
    finishedFrom === undefined ? "" : `f.finished_at >= ${sql.add(finishedFrom)}`,
    finishedBefore === undefined ? "" : `f.finished_at < ${sql.add(finishedBefore)}`,
    scheduleId === undefined ? "" : isText("t.schedule_id", () => sql.add(scheduleId)),
    workerId === undefined ? "" : hasWorker(dialect, workerId, sql),
    tag === undefined ? "" : hasText("t.tags", sql.add(tag)),
    states === null
      ? ""
      : `coalesce(f.status, CASE WHEN r.seq IS NULL THEN 1 ELSE 2 END) IN (${states.join(", ")})`,
  ];
  return parts.map((part) => (part === "" ? "" : ` AND ${part}`)).join("");
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

/** The selections of row numbers that together hold every match; null when no index narrows the filter. */
export function partsOf(dialect: ListingDialect, filter: TaskFilter, sql: Sql): readonly string[] | null {
  const { task, due, later, running, finished } = dialect.names;
  const { parentId } = filter;
  if (parentId !== undefined)
    return [`SELECT seq FROM ${task} WHERE ${dialect.isText("parent_id", () => sql.add(parentId))}`];
  return (
    statesIn(filter)?.flatMap((state) => {
      if (state === STATE.READY) return [`SELECT seq FROM ${due}`, `SELECT seq FROM ${later}`];
      if (state === STATE.RUNNING) return [`SELECT seq FROM ${running}`];
      return [`SELECT seq FROM ${finished} WHERE status = ${state}`];
    }) ?? null
  );
}

/** Runs a statement of a list. */
export async function run(dialect: ListingDialect, text: string, sql: Sql): Promise<readonly SqlRow[]> {
  return dialect.rows(statementOf("list", text), sql.values);
}

/** Whether the parts of a filter hold so little that it may be sorted. */
export async function areFew(dialect: ListingDialect, filter: TaskFilter): Promise<boolean> {
  const sql = new Sql(dialect);
  const parts = partsOf(dialect, filter, sql) ?? [];
  const limited = parts.map((part) => `SELECT seq FROM (${part} LIMIT ${FEW + 1}) part`);
  const [row] = await run(dialect, `SELECT count(*) FROM (${limited.join(" UNION ALL ")}) all_parts`, sql);
  return Number(row?.[0]) <= FEW;
}

/** The page from its rows, one more of them than wanted when there is another page. */
function answerOf(rows: readonly SqlRow[], limit: number): ListAnswer {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    records: page.map(toRecord),
    nextCursor: rows.length > limit && last !== undefined ? String(last[SEQ_COLUMN]) : null,
  };
}

/** Sorts what the indexes hold, which is little. */
async function listParts(dialect: ListingDialect, request: ListRequest): Promise<ListAnswer> {
  const { filter, cursor, offset, limit } = request;
  const sql = new Sql(dialect);
  const parts = partsOf(dialect, filter, sql) ?? [];
  const before = sql.add(parseCursor(cursor));
  const text = `SELECT ${RECORD_COLUMNS} FROM (${parts.join(" UNION ALL ")}) part
    JOIN ${recordSource(dialect.names).replace(" t ", " t ON t.seq = part.seq ")}
    WHERE t.seq < ${before}${conditionsOf(dialect, filter, sql)} ORDER BY t.seq DESC LIMIT ${sql.add(limit + 1)} OFFSET ${sql.add(offset)}`;
  return answerOf(await run(dialect, text, sql), limit);
}

/** Looks from the newest down, a step at a time. */
async function listFromNewest(dialect: ListingDialect, request: ListRequest): Promise<ListAnswer> {
  const { filter, limit } = request;
  const { task } = dialect.names;
  const cursor = parseCursor(request.cursor);
  const [ends] = await run(dialect, `SELECT min(seq), max(seq) FROM ${task}`, new Sql(dialect));
  const oldest = ends?.[0] ?? null;
  const newest = ends?.[1] ?? null;
  if (oldest === null || newest === null) return { records: [], nextCursor: null };
  let before = Math.min(cursor, Number(newest) + 1);
  let toPass = request.offset;
  const rows: SqlRow[] = [];
  while (before > Number(oldest) && rows.length <= limit) {
    const from = Math.max(Number(oldest), before - STEP);
    const sql = new Sql(dialect);
    const where = `FROM ${recordSource(dialect.names)}
      WHERE t.seq < ${sql.add(before)} AND t.seq >= ${sql.add(from)}${conditionsOf(dialect, filter, sql)} ORDER BY t.seq DESC`;
    if (toPass > 0) {
      const text = `SELECT count(*), min(seq) FROM (SELECT t.seq ${where} LIMIT ${sql.add(toPass)}) passed`;
      const [row] = await run(dialect, text, sql);
      toPass -= Number(row?.[0]);
      before = toPass === 0 ? Number(row?.[1]) : from;
    } else {
      rows.push(
        ...(await run(
          dialect,
          `SELECT ${RECORD_COLUMNS} ${where} LIMIT ${sql.add(limit + 1 - rows.length)}`,
          sql,
        )),
      );
      before = from;
    }
  }
  return answerOf(rows, limit);
}

/** Whether a filter can select anything at all. */
export function isPossible({
  statuses,
  queue = "",
  path = "",
  parentId = "",
  tag = "",
  scheduleId = "",
  workerId = "",
}: TaskFilter): boolean {
  return statuses?.length !== 0 && [queue, path, parentId, tag, scheduleId, workerId].every(isStorable);
}

/** Reads one page, newest enqueued first; no statement looks through more than a bounded number of rows. */
export async function listPage(dialect: ListingDialect, request: ListRequest): Promise<ListAnswer> {
  if (!isPossible(request.filter)) return { records: [], nextCursor: null };
  const parts = partsOf(dialect, request.filter, new Sql(dialect));
  return parts !== null && (await areFew(dialect, request.filter))
    ? listParts(dialect, request)
    : listFromNewest(dialect, request);
}
