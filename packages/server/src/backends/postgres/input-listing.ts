import type { CountAnswer, CountRequest, ListAnswer, ListRequest, TaskFilter } from "../../backend/index.ts";
import { type ScannedPage, type ScanSegment, scanPage } from "../inputs/bounded-scan.ts";
import { indexedConditions } from "../inputs/leaf-hash.ts";
import type { SqlRow } from "../sql/executor.ts";
import { RECORD_COLUMNS, SEQ_COLUMN, toRecord } from "../sql/row-mapping.ts";
import { areFew, conditionsOf, isPossible, parseCursor, partsOf, run, Sql } from "./listing.ts";
import type { StoreHandle } from "./opened-store.ts";
import { recordSource } from "./statements/fragments.ts";
import { inputIndexStatements } from "./statements/input-index.ts";

/** With more task paths, or more numbers to look up, the index is not used. */
const MOST_PATHS = 500;
const MOST_HASHES = 2_000;
/** Up to how many candidates of the index are counted; with more, a status or parent may tell matches apart better. */
const MANY = 2_000;

/** A selection of row numbers below one and above another, highest first, and limited: each the place of a parameter. */
type Source = (sql: Sql, range: { before: string; above: string; count: string }) => string;

/** Each row is looked up by itself: a plan made while the tables were small would otherwise read them whole for ever. */
function lookUp(table: string, alias: string): string {
  return `LEFT JOIN LATERAL (SELECT * FROM ${table} x WHERE x.seq = source.seq LIMIT 1) ${alias} ON true`;
}

function segment(handle: StoreHandle, filter: TaskFilter, above: number, source: Source): ScanSegment {
  const { task, running, finished } = handle.names;
  return {
    above,
    next: async (before, count) => {
      const sql = new Sql();
      const range = { before: sql.add(before), above: sql.add(above), count: sql.add(count) };
      const from = source(sql, range);
      const fits = `t.seq IS NOT NULL${conditionsOf(filter, sql)}`;
      const text = `SELECT seq, enqueued_at, fits, CASE WHEN fits THEN input END AS input, codec FROM (
        SELECT source.seq, t.enqueued_at, coalesce(${fits}, false) AS fits, t.input, t.codec FROM (${from}) source
        ${lookUp(task, "t")} ${lookUp(running, "r")} ${lookUp(finished, "f")}) looked ORDER BY seq DESC`;
      return (await run(handle, text, sql)).map(([seq, enqueuedAt, isFit, input, codec]) => ({
        seq: Number(seq),
        enqueuedAt: enqueuedAt === null ? null : Number(enqueuedAt),
        fits: isFit === true,
        input: input as string | null,
        codec: codec as string,
      }));
    },
  };
}

/** Reads the rows of the index under some numbers. */
function fromIndex(leaf: string, hashes: readonly number[]): Source {
  return (sql, { before, above, count }) => `SELECT DISTINCT found.seq
    FROM json_array_elements_text(${sql.add(JSON.stringify(hashes))}::json) AS wanted(hash) CROSS JOIN LATERAL (
      SELECT l.seq FROM ${leaf} l WHERE l.hash = wanted.hash::bigint AND l.seq < ${before} AND l.seq > ${above}
      ORDER BY l.seq DESC LIMIT ${count}) found
    ORDER BY found.seq DESC LIMIT ${count}`;
}

/** Looks at everything, or at what a status or parent selects when that is little. */
function fromTable(task: string, filter: TaskFilter, handle: StoreHandle | null): Source {
  return (sql, { before, above, count }) => {
    const parts = handle === null ? null : partsOf(handle, filter, sql);
    const from = parts === null ? task : `(${parts.join(" UNION ALL ")})`;
    return `SELECT s.seq FROM ${from} s WHERE s.seq < ${before} AND s.seq > ${above} ORDER BY s.seq DESC LIMIT ${count}`;
  };
}

/** How far the index is, and the numbers in it that hold the fewest candidates; null where it is of no use. */
async function chooseIndex(
  handle: StoreHandle,
  { input = [], path }: TaskFilter,
): Promise<{ readonly indexedTo: number; readonly hashes: readonly number[]; readonly size: number } | null> {
  const conditions = indexedConditions(input);
  if (conditions.length === 0) return null;
  const { state, ask, paths, size } = inputIndexStatements(handle.names);
  const [found] = await handle.rows(state, []);
  // Who may only read gets the answer all the same.
  if (found?.[0] === false) await handle.rows(ask, []).catch(() => undefined);
  const indexedTo = Number(found?.[2] ?? 0);
  if (indexedTo === 0) return null;
  const taskPaths =
    path === undefined
      ? (await handle.rows(paths, [MOST_PATHS + 1])).map(([known]) => known as string)
      : [path];
  if (taskPaths.length > MOST_PATHS) return null;
  const choices = conditions
    .map((hashesOf) => [...new Set(hashesOf(taskPaths))])
    .filter(({ length }) => length <= MOST_HASHES);
  const sizes = await Promise.all(
    choices.map(async (hashes) => {
      const [row] = await handle.rows(size, [JSON.stringify(hashes), MANY + 1]);
      return { indexedTo, hashes, size: Number(row?.[0]) };
    }),
  );
  return sizes.sort((left, right) => left.size - right.size)[0] ?? null;
}

async function scan(
  handle: StoreHandle,
  filter: TaskFilter,
  { before, limit, scanLimit }: { before: number; limit: number; scanLimit: number },
): Promise<ScannedPage> {
  const { task, inputLeaf } = handle.names;
  const areFewParts = partsOf(handle, filter, new Sql()) !== null && (await areFew(handle, filter));
  const index = await chooseIndex(handle, filter);
  const isIndexed = index !== null && (index.size <= MANY || !areFewParts);
  const table = fromTable(task, filter, areFewParts ? handle : null);
  const segments = isIndexed
    ? [
        segment(handle, filter, index.indexedTo, table),
        segment(handle, filter, 0, fromIndex(inputLeaf, index.hashes)),
      ]
    : [segment(handle, filter, 0, table)];
  return scanPage(segments, { before, limit, scanLimit, conditions: filter.input ?? [] });
}

async function readPage(
  handle: StoreHandle,
  filter: TaskFilter,
  seqs: readonly number[],
): Promise<readonly SqlRow[]> {
  if (seqs.length === 0) return [];
  const sql = new Sql();
  // The conditions again: meanwhile it may have come into another state.
  const text = `SELECT record.* FROM json_array_elements_text(${sql.add(JSON.stringify(seqs))}::json) AS wanted(seq)
    CROSS JOIN LATERAL (SELECT ${RECORD_COLUMNS} FROM ${recordSource(handle.names)}
      WHERE t.seq = wanted.seq::bigint${conditionsOf(filter, sql)} LIMIT 1) record`;
  const rows = await run(handle, text, sql);
  return [...rows].sort((left, right) => Number(right[SEQ_COLUMN]) - Number(left[SEQ_COLUMN]));
}

/** Reads one page that may look at so many task results only. */
export async function listBounded(
  handle: StoreHandle,
  request: ListRequest & { readonly scanLimit: number },
): Promise<ListAnswer> {
  const { filter, cursor, limit, scanLimit } = request;
  const before = parseCursor(cursor);
  if (!isPossible(filter)) {
    return { records: [], nextCursor: null, scan: { looked: 0, reachedAt: null, isCutShort: false } };
  }
  const page = await scan(handle, filter, { before, limit, scanLimit });
  return {
    records: (await readPage(handle, filter, page.seqs)).map(toRecord),
    nextCursor: page.nextBefore === null ? null : String(page.nextBefore),
    scan: page.scan,
  };
}

/** Counts what a filter selects, as far as it may. */
export async function count(
  handle: StoreHandle,
  { filter, cap, scanLimit }: CountRequest,
): Promise<CountAnswer> {
  if (!isPossible(filter)) return { count: 0, isExact: true };
  const { seqs, nextBefore } = await scan(handle, filter, {
    before: Number.MAX_SAFE_INTEGER,
    limit: cap,
    scanLimit,
  });
  return { count: seqs.length, isExact: nextBefore === null };
}
