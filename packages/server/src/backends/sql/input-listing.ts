import type { CountAnswer, CountRequest, ListAnswer, ListRequest, TaskFilter } from "../../backend/index.ts";
import { type ScannedPage, type ScanSegment, scanPage } from "../inputs/bounded-scan.ts";
import { indexedConditions } from "../inputs/leaf-hash.ts";
import type { InputIndexStore } from "./input-index.ts";
import {
  areFew,
  conditionsOf,
  isPossible,
  type ListingDialect,
  parseCursor,
  partsOf,
  run,
  Sql,
} from "./listing.ts";
import { SEQ_COLUMN, toRecord } from "./row-mapping.ts";

/** With more task paths, or more numbers to look up, the index is not used. */
const MOST_PATHS = 500;
const MOST_HASHES = 2_000;
/** Up to how many candidates of the index are counted; with more, a status or parent may tell matches apart better. */
const MANY = 2_000;

/** A range of row numbers, and how many to take from its upper end; each gives the place of a parameter. */
export interface SeqRange {
  readonly before: () => string;
  readonly above: () => string;
  readonly count: () => string;
}

/** A selection of row numbers, `seq`, in a range. */
export type Source = (sql: Sql, range: SeqRange) => string;

/** Hashes of which at least one is that of each match, and how many rows of the index they find, counted up to a number. */
export interface IndexChoice {
  readonly hashes: readonly number[];
  readonly size: number;
  /** Whether `size` is all there is. */
  readonly isCounted: boolean;
}

/** What lists need of a dialect that may look at so many task results only. */
export interface InputListingDialect extends ListingDialect {
  readonly index: InputIndexStore;
  /** Joins the row of a table that has the number `source.seq`, if there is one. */
  lookUp(table: string, alias: string): string;
  /** Selects what some hashes find, each row once; null where that is too much for a statement. */
  fromIndex(choice: IndexChoice): Promise<Source | null>;
  /** A statement that reads the records of rows (a parameter with a JSON array of numbers) that fulfil conditions, each after AND. */
  readBySeq(seqs: string, conditions: string): string;
}

function segment(
  dialect: InputListingDialect,
  filter: TaskFilter,
  above: number,
  source: Source,
): ScanSegment {
  const { task, running, finished } = dialect.names;
  return {
    above,
    next: async (before, count) => {
      const sql = new Sql(dialect);
      const range = {
        before: () => sql.add(before),
        above: () => sql.add(above),
        count: () => sql.add(count),
      };
      // Parameters may go by their order in the text.
      const fits = `t.seq IS NOT NULL${conditionsOf(dialect, filter, sql)}`;
      const from = source(sql, range);
      const text = `SELECT seq, enqueued_at, fits, CASE WHEN fits THEN input END AS input, codec FROM (
        SELECT source.seq, t.enqueued_at, coalesce(${fits}, false) AS fits, t.input, t.codec FROM (${from}) source
        ${dialect.lookUp(task, "t")} ${dialect.lookUp(running, "r")} ${dialect.lookUp(finished, "f")}) looked`;
      const rows = (await run(dialect, text, sql)).map(([seq, enqueuedAt, isFit, input, codec]) => ({
        seq: Number(seq),
        enqueuedAt: enqueuedAt === null ? null : Number(enqueuedAt),
        // Not everywhere are booleans more than numbers.
        fits: Number(isFit) === 1,
        input: input as string | null,
        codec: codec as string,
      }));
      return rows.sort((left, right) => right.seq - left.seq);
    },
  };
}

/** Looks at everything, or at what a status or parent selects when that is little. */
function fromTable(dialect: InputListingDialect, filter: TaskFilter, areFewParts: boolean): Source {
  return (sql, { before, above, count }) => {
    const parts = areFewParts ? partsOf(dialect, filter, sql) : null;
    const from = parts === null ? dialect.names.task : `(${parts.join(" UNION ALL ")})`;
    return `SELECT s.seq FROM ${from} s WHERE s.seq < ${before()} AND s.seq > ${above()} ORDER BY s.seq DESC LIMIT ${count()}`;
  };
}

interface ChosenIndex {
  readonly indexedTo: number;
  readonly size: number;
  readonly source: Source;
}

/** How far the index is, and what of it holds the fewest candidates; null where it is of no use. */
async function chooseIndex(
  dialect: InputListingDialect,
  { input = [], path }: TaskFilter,
): Promise<ChosenIndex | null> {
  const { index } = dialect;
  const conditions = indexedConditions(input);
  if (conditions.length === 0) return null;
  const state = await index.state();
  // Who may only read gets the answer all the same.
  if (state?.isAsked === false) await index.ask().catch(() => undefined);
  const indexedTo = state?.indexedTo ?? 0;
  if (indexedTo === 0) return null;
  const taskPaths = path === undefined ? await index.paths(MOST_PATHS + 1) : [path];
  if (taskPaths.length > MOST_PATHS) return null;
  const choices = conditions
    .map((hashesOf) => [...new Set(hashesOf(taskPaths))])
    .filter(({ length }) => length <= MOST_HASHES);
  const chosen = await Promise.all(
    choices.map(async (hashes) => {
      const size = await index.size(hashes, MANY + 1);
      const source = await dialect.fromIndex({ hashes, size, isCounted: size <= MANY });
      return source === null ? [] : [{ indexedTo, size, source }];
    }),
  );
  return chosen.flat().sort((left, right) => left.size - right.size)[0] ?? null;
}

async function scan(
  dialect: InputListingDialect,
  filter: TaskFilter,
  { before, limit, scanLimit }: { before: number; limit: number; scanLimit: number },
): Promise<ScannedPage> {
  const areFewParts = partsOf(dialect, filter, new Sql(dialect)) !== null && (await areFew(dialect, filter));
  const index = await chooseIndex(dialect, filter);
  const isIndexed = index !== null && (index.size <= MANY || !areFewParts);
  const table = fromTable(dialect, filter, areFewParts);
  const segments = isIndexed
    ? [segment(dialect, filter, index.indexedTo, table), segment(dialect, filter, 0, index.source)]
    : [segment(dialect, filter, 0, table)];
  return scanPage(segments, { before, limit, scanLimit, conditions: filter.input ?? [] });
}

/** Reads one page that may look at so many task results only. */
export async function listBounded(
  dialect: InputListingDialect,
  request: ListRequest & { readonly scanLimit: number },
): Promise<ListAnswer> {
  const { filter, cursor, limit, scanLimit } = request;
  const before = parseCursor(cursor);
  if (!isPossible(filter)) {
    return { records: [], nextCursor: null, scan: { looked: 0, reachedAt: null, isCutShort: false } };
  }
  const { seqs, nextBefore, scan: reach } = await scan(dialect, filter, { before, limit, scanLimit });
  const nextCursor = nextBefore === null ? null : String(nextBefore);
  if (seqs.length === 0) return { records: [], nextCursor, scan: reach };
  const sql = new Sql(dialect);
  const wanted = sql.add(JSON.stringify(seqs));
  // The conditions again: meanwhile it may have come into another state.
  const rows = await run(dialect, dialect.readBySeq(wanted, conditionsOf(dialect, filter, sql)), sql);
  const sorted = [...rows].sort((left, right) => Number(right[SEQ_COLUMN]) - Number(left[SEQ_COLUMN]));
  return { records: sorted.map(toRecord), nextCursor, scan: reach };
}

/** Counts what a filter selects, as far as it may. */
export async function count(
  dialect: InputListingDialect,
  { filter, cap, scanLimit }: CountRequest,
): Promise<CountAnswer> {
  if (!isPossible(filter)) return { count: 0, isExact: true };
  const { seqs, nextBefore } = await scan(dialect, filter, {
    before: Number.MAX_SAFE_INTEGER,
    limit: cap,
    scanLimit,
  });
  return { count: seqs.length, isExact: nextBefore === null };
}
