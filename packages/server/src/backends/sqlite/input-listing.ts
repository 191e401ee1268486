import { setImmediate as nextTurn } from "node:timers/promises";
import type { CountAnswer, CountRequest, ListAnswer, ListRequest, TaskFilter } from "../../backend/index.ts";
import { type ScannedPage, type ScannedRow, type ScanSegment, scanPage } from "../inputs/bounded-scan.ts";
import { indexedConditions } from "../inputs/leaf-hash.ts";
import type { Connection } from "./connection.ts";
import { useInputIndex } from "./input-index.ts";
import { areFew, type Conditions, conditionsOf, type Part, parseCursor, partsOf } from "./listing.ts";
import type { StoreHandle } from "./opened-store.ts";
import { TASK_COLUMNS, type TaskRow, toRecord } from "./row-mapping.ts";

/** With more task paths, or more numbers to look up, the index is not used. */
const MOST_PATHS = 500;
const MOST_HASHES = 2_000;
/** Up to how many candidates of the index are counted; with more, a status or parent may tell matches apart better. */
const MANY = 2_000;

const PATHS = "SELECT path FROM taskwright_input_path LIMIT ?";
const SIZE = "SELECT count(*) AS found FROM (SELECT 1 FROM taskwright_input_leaf WHERE hash = ? LIMIT ?)";
const UNDER =
  "SELECT seq FROM taskwright_input_leaf WHERE hash = ? AND seq < ? AND seq > ? ORDER BY seq DESC LIMIT ?";
const IN_RANGE = "FROM taskwright_task WHERE seq < ? AND seq > ? ORDER BY seq DESC LIMIT ?";

interface LookedRow {
  readonly seq: number;
  readonly enqueued_at: number;
  readonly fits: number | null;
  readonly input: string | null;
  readonly codec: string;
}

function scanned({ seq, enqueued_at, fits, input, codec }: LookedRow): ScannedRow {
  return { seq, enqueuedAt: enqueued_at, fits: fits === 1, input, codec };
}

/** Which of some rows fulfil conditions, with the inputs of those. */
function look(sql: string, from: string): string {
  return `SELECT seq, enqueued_at, fits, CASE WHEN fits THEN input END AS input, codec FROM (
    SELECT seq, enqueued_at, (1${sql}) AS fits, input, codec ${from})`;
}

/** Looks at everything, a step at a time. */
function wholeTable(handle: StoreHandle, { sql, values }: Conditions, above: number): ScanSegment {
  const text = look(sql, IN_RANGE);
  return {
    above,
    next: async (before, count) => {
      await nextTurn();
      const rows = await handle.read((connection) =>
        connection.prepare(text).all(...values, before, above, count),
      );
      return (rows as unknown as LookedRow[]).map(scanned);
    },
  };
}

/** Looks at rows that something else chooses, highest first; some may be gone. */
function chosenRows(
  handle: StoreHandle,
  { sql, values }: Conditions,
  segment: {
    readonly above: number;
    readonly choose: (connection: Connection, before: number, count: number) => readonly number[];
  },
): ScanSegment {
  const text = look(sql, "FROM taskwright_task WHERE seq IN (SELECT value FROM json_each(?))");
  return {
    above: segment.above,
    next: async (before, count) => {
      await nextTurn();
      return handle.read((connection) => {
        const seqs = segment.choose(connection, before, count);
        const rows = connection.prepare(text).all(...values, JSON.stringify(seqs));
        const bySeq = new Map((rows as unknown as LookedRow[]).map((row) => [row.seq, scanned(row)]));
        const gone = { enqueuedAt: null, fits: false, input: null, codec: "" };
        return seqs.map((seq) => bySeq.get(seq) ?? { seq, ...gone });
      });
    },
  };
}

function highestFirst(seqs: readonly number[], count: number): readonly number[] {
  return [...new Set(seqs)].sort((left, right) => right - left).slice(0, count);
}

/** What stands in the index under some numbers. */
function indexedRows(handle: StoreHandle, conditions: Conditions, hashes: readonly number[]): ScanSegment {
  return chosenRows(handle, conditions, {
    above: 0,
    choose: (connection, before, count) => {
      const under = connection.prepare(UNDER);
      const found = hashes.flatMap(
        (hash) => under.all(hash, before, 0, count) as unknown as { seq: number }[],
      );
      return highestFirst(
        found.map(({ seq }) => seq),
        count,
      );
    },
  });
}

/** What a status or parent selects, which is little. */
function fewRows(
  handle: StoreHandle,
  conditions: Conditions,
  facts: { readonly parts: readonly Part[]; readonly above: number },
): ScanSegment {
  const { parts, above } = facts;
  const each = parts.map((part) => `SELECT seq FROM taskwright_task ${part.sql} AND +seq < ? AND +seq > ?`);
  const text = `SELECT seq FROM (${each.join(" UNION ALL ")}) ORDER BY seq DESC LIMIT ?`;
  return chosenRows(handle, conditions, {
    above,
    choose: (connection, before, count) => {
      const values = parts.flatMap((part) => [...part.values, before, above]);
      const rows = connection.prepare(text).all(...values, count) as unknown as { seq: number }[];
      return rows.map(({ seq }) => seq);
    },
  });
}

/** How far the index is, and the numbers in it that hold the fewest candidates; null where it is of no use. */
async function chooseIndex(
  handle: StoreHandle,
  { input = [], path }: TaskFilter,
): Promise<{ readonly indexedTo: number; readonly hashes: readonly number[]; readonly size: number } | null> {
  const conditions = indexedConditions(input);
  if (conditions.length === 0) return null;
  const indexedTo = await useInputIndex(handle);
  if (indexedTo === 0) return null;
  return handle.read((connection) => {
    const paths =
      path === undefined
        ? connection
            .prepare(PATHS)
            .all(MOST_PATHS + 1)
            .map((row) => String(row.path))
        : [path];
    if (paths.length > MOST_PATHS) return null;
    const sizeOf = (hashes: readonly number[]) => {
      let size = 0;
      for (const hash of hashes) {
        if (size > MANY) break;
        size += (connection.prepare(SIZE).get(hash, MANY + 1) as { found: number }).found;
      }
      return size;
    };
    const choices = conditions
      .map((hashesOf) => [...new Set(hashesOf(paths))])
      .filter(({ length }) => length <= MOST_HASHES)
      .map((hashes) => ({ indexedTo, hashes, size: sizeOf(hashes) }));
    return choices.sort((left, right) => left.size - right.size)[0] ?? null;
  });
}

async function scan(
  handle: StoreHandle,
  filter: TaskFilter,
  range: { readonly before: number; readonly limit: number; readonly scanLimit: number },
): Promise<ScannedPage> {
  const conditions = conditionsOf(filter);
  const selected = partsOf(filter);
  const parts = selected !== null && (await areFew(handle, selected)) ? selected : null;
  const index = await chooseIndex(handle, filter);
  const isIndexed = index !== null && (index.size <= MANY || parts === null);
  const above = isIndexed ? index.indexedTo : 0;
  const table =
    parts === null ? wholeTable(handle, conditions, above) : fewRows(handle, conditions, { parts, above });
  const segments = isIndexed ? [table, indexedRows(handle, conditions, index.hashes)] : [table];
  return scanPage(segments, { ...range, conditions: filter.input ?? [] });
}

/** Reads one page that may look at so many task results only. */
export async function listBounded(
  handle: StoreHandle,
  request: ListRequest & { readonly scanLimit: number },
): Promise<ListAnswer> {
  const { filter, cursor, limit, scanLimit } = request;
  const before = parseCursor(cursor);
  if (filter.statuses?.length === 0) {
    return { records: [], nextCursor: null, scan: { looked: 0, reachedAt: null, isCutShort: false } };
  }
  const { seqs, nextBefore, scan: reach } = await scan(handle, filter, { before, limit, scanLimit });
  // The conditions again: meanwhile it may have come into another state.
  const { sql, values } = conditionsOf(filter);
  const text = `SELECT ${TASK_COLUMNS} FROM taskwright_task WHERE seq IN (SELECT value FROM json_each(?))${sql} ORDER BY seq DESC`;
  const rows = await handle.read((connection) =>
    connection.prepare(text).all(JSON.stringify(seqs), ...values),
  );
  return {
    records: (rows as unknown as TaskRow[]).map(toRecord),
    nextCursor: nextBefore === null ? null : String(nextBefore),
    scan: reach,
  };
}

/** Counts what a filter selects, as far as it may. */
export async function count(
  handle: StoreHandle,
  { filter, cap, scanLimit }: CountRequest,
): Promise<CountAnswer> {
  if (filter.statuses?.length === 0) return { count: 0, isExact: true };
  const range = { before: Number.MAX_SAFE_INTEGER, limit: cap, scanLimit };
  const { seqs, nextBefore } = await scan(handle, filter, range);
  return { count: seqs.length, isExact: nextBefore === null };
}
