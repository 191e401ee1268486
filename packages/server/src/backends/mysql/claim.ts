import type { ClaimAnswer, ClaimedTask, ClaimRequest } from "../../backend/index.ts";
import type { CountingExecutor, SqlRow } from "../sql/executor.ts";
import { newLeaseNumber } from "../sql/lease-token.ts";
import { toClaimed } from "../sql/row-mapping.ts";
import { isStorable } from "../sql/storable-text.ts";
import type { TableNames } from "../sql/table-names.ts";
import type { StoreHandle } from "./opened-store.ts";
import { isId } from "./row-check.ts";
import {
  insertDue,
  insertRunning,
  lockHeads,
  lockLater,
  readClaimable,
  readEarly,
  readHeads,
  readLanes,
  takeOut,
} from "./statements/claim.ts";

/** The most task results of a lane whose time has come that one claim puts into the line, unless it takes more itself. */
const SMALLEST_PROMOTION = 1_000;
/** How many lanes one statement looks at. */
const MOST_LANES = 50;

/** A queue and path; what is not there comes after everything. */
interface Lane {
  readonly queue: string;
  readonly path: string;
  /** The least rank of what is in line. */
  readonly head: number;
  /** The earliest time of what is for later. */
  readonly next: number;
}

/** What of a row of the line names it. */
interface Place {
  readonly queue: string;
  readonly path: string;
  readonly rank: number;
  readonly run_after: number;
  readonly seq: number;
}

function parametersOf(lanes: readonly Pick<Lane, "queue" | "path">[], now: number): (string | number)[] {
  return lanes.flatMap(({ queue, path }) => [queue, path, now]);
}

function isMine(request: ClaimRequest): (lane: Pick<Lane, "queue" | "path">) => boolean {
  const paths = new Set(request.tasks.map(({ path }) => path));
  const queues = request.queues === "all" ? null : new Set(request.queues);
  return ({ queue, path }) => paths.has(path) && (queues === null || queues.has(queue));
}

function orLast(value: unknown): number {
  return value === null ? Number.POSITIVE_INFINITY : Number(value);
}

/** The lanes of a worker that hold something. */
async function lanesOf(handle: StoreHandle, request: ClaimRequest): Promise<readonly Lane[]> {
  const { queues } = request;
  const statement = readLanes(handle.names, queues === "all" ? "all" : queues.length);
  const rows = await handle.rows(statement, queues === "all" ? [] : queues);
  return rows
    .map(([queue, path, head, next]) => ({
      queue: queue as string,
      path: path as string,
      head: orLast(head),
      next: orLast(next),
    }))
    .filter(({ head, next }) => Math.min(head, next) < Number.POSITIVE_INFINITY)
    .filter(isMine(request));
}

/** Puts what has become due of some lanes into the line, a bounded number of each. */
async function promote(
  handle: StoreHandle,
  { now, limit }: ClaimRequest,
  due: readonly Lane[],
): Promise<void> {
  const most = Math.max(SMALLEST_PROMOTION, 2 * limit);
  for (const lanes of chunksOf(due)) {
    await handle.transaction(async (executor) => {
      const rows = await executor.rows(lockLater(handle.names, lanes.length, most), parametersOf(lanes, now));
      if (rows.length === 0) return;
      const places = rows.map(([queue, path, rank, seq, runAfter, expiresAt]) => ({
        queue,
        path,
        rank: Number(rank),
        seq: Number(seq),
        run_after: Number(runAfter),
        expires_at: expiresAt === null ? undefined : Number(expiresAt),
      }));
      const json = JSON.stringify(places);
      await executor.change(insertDue(handle.names), [json]);
      await executor.change(takeOut(handle.names, "later"), [json]);
    });
  }
}

/** Begins attempts at rows that are out of the line; rows are those of a claim. */
async function begin(
  executor: CountingExecutor,
  names: TableNames,
  request: ClaimRequest,
  rows: readonly SqlRow[],
): Promise<readonly ClaimedTask[]> {
  const { workerId, now, tasks } = request;
  const leases = new Map(tasks.map(({ path, lease }) => [path, lease]));
  const leaseNumber = newLeaseNumber();
  const claimed = rows.map((row) => toClaimed(row, leaseNumber));
  const items = claimed.map(({ path, queue, lostAttempts }, index) => ({
    s: Number(rows[index]?.[0]),
    q: queue,
    u: now + (leases.get(path) ?? 0),
    x: lostAttempts > 0 ? 1 : 0,
  }));
  await executor.change(insertRunning(names), [leaseNumber, workerId, now, JSON.stringify(items)]);
  return claimed;
}

/** The place in `due` of a row of a claim. */
function placeOf(row: SqlRow): Place {
  return {
    queue: row[3] as string,
    path: row[2] as string,
    rank: Number(row[18]),
    run_after: Number(row[13]),
    seq: Number(row[0]),
  };
}

/** Lanes, and how many of each are among the first of all. */
type Shares = readonly { readonly lane: Lane; readonly size: number }[];

/** How many of each lane are among the first, as far as this can be told without locks. */
async function sharesOf(handle: StoreHandle, request: ClaimRequest, lanes: readonly Lane[]): Promise<Shares> {
  const { now, limit } = request;
  const [only] = lanes;
  if (only !== undefined && lanes.length === 1) return [{ lane: only, size: limit }];
  const heads: { readonly lane: Lane; readonly rank: number; readonly seq: number }[] = [];
  for (const some of chunksOf(lanes)) {
    const rows = await handle.rows(readHeads(handle.names, some.length, limit), parametersOf(some, now));
    for (const [index, rank, seq] of rows) {
      const lane = some[Number(index)];
      if (lane !== undefined) heads.push({ lane, rank: Number(rank), seq: Number(seq) });
    }
  }
  heads.sort((left, right) => left.rank - right.rank || left.seq - right.seq);
  const sizes = new Map<Lane, number>();
  for (const { lane } of heads.slice(0, limit)) sizes.set(lane, (sizes.get(lane) ?? 0) + 1);
  return [...sizes].map(([lane, size]) => ({ lane, size }));
}

function chunksOf<T>(items: readonly T[]): readonly (readonly T[])[] {
  const chunks: T[][] = [];
  for (let from = 0; from < items.length; from += MOST_LANES)
    chunks.push(items.slice(from, from + MOST_LANES));
  return chunks;
}

interface Taken {
  readonly rank: number;
  readonly seq: number;
  readonly task: ClaimedTask;
}

/** Takes what is due of some lanes. */
async function takeShares(
  handle: StoreHandle,
  request: ClaimRequest,
  shares: Shares,
): Promise<readonly Taken[]> {
  const lanes = shares.map(({ lane }) => lane);
  const sizes = shares.map(({ size }) => size);
  return handle.transaction(async (executor) => {
    const rows = await executor.rows(lockHeads(handle.names, sizes), parametersOf(lanes, request.now));
    if (rows.length === 0) return [];
    await executor.change(takeOut(handle.names, "due"), [JSON.stringify(rows.map(placeOf))]);
    const claimed = await begin(executor, handle.names, request, rows);
    return claimed.map((task, index) => ({ ...placeOf(rows[index] ?? []), task }));
  });
}

/** The lanes that can have one of the first, by their least ranks: no more than are claimed, and those that begin alike. */
function leading(lanes: readonly Lane[], limit: number): readonly Lane[] {
  const heads = lanes.map(({ head }) => head).sort((left, right) => left - right);
  const last = heads[Math.min(limit, heads.length) - 1];
  return last === undefined ? [] : lanes.filter(({ head }) => head <= last);
}

async function takeOf(
  handle: StoreHandle,
  request: ClaimRequest,
  lanes: readonly Lane[],
): Promise<readonly ClaimedTask[]> {
  const taken: Taken[] = [];
  for (const shares of chunksOf(await sharesOf(handle, request, lanes))) {
    try {
      taken.push(...(await takeShares(handle, request, shares)));
    } catch (error) {
      // What was taken before is handed out all the same.
      if (taken.length === 0) throw error;
      break;
    }
  }
  taken.sort((left, right) => left.rank - right.rank || left.seq - right.seq);
  return taken.map(({ task }) => task);
}

/** Takes what is first in line. */
async function takeFirst(
  handle: StoreHandle,
  request: ClaimRequest,
  lanes: readonly Lane[],
): Promise<readonly ClaimedTask[]> {
  if (lanes.length === 0) return [];
  const first = leading(lanes, request.limit);
  const claimed = await takeOf(handle, request, first);
  if (claimed.length >= request.limit || first.length === lanes.length) return claimed;
  // What leads those lanes is not due yet, or others were taking it.
  const rest = { ...request, limit: request.limit - claimed.length };
  return [...claimed, ...(await takeOf(handle, rest, lanes))];
}

/** Claims one by its id, due or not. */
async function takeById(
  handle: StoreHandle,
  request: ClaimRequest,
  id: string,
): Promise<readonly ClaimedTask[]> {
  if (!isId(id)) return [];
  const { names } = handle;
  return handle.transaction(async (executor) => {
    const [row] = await executor.rows(readClaimable(names), [JSON.stringify([id])]);
    if (row === undefined || !isMine(request)(placeOf(row))) return [];
    const place = JSON.stringify([placeOf(row)]);
    const isOut =
      (await executor.change(takeOut(names, "due"), [place])) > 0 ||
      (await executor.change(takeOut(names, "later"), [place])) > 0;
    return isOut ? begin(executor, names, request, [row]) : [];
  });
}

/** The earliest time of what is in line early, of lanes that had something in line. */
async function earlyAt(handle: StoreHandle, now: number, lanes: readonly Lane[]): Promise<number> {
  let first = Number.POSITIVE_INFINITY;
  for (const some of chunksOf(lanes)) {
    const places = some.flatMap(({ queue, path }) => [queue, path]);
    const [row] = await handle.rows(readEarly(handle.names, some.length), [now, ...places]);
    first = Math.min(first, orLast(row?.[0] ?? null));
  }
  return first;
}

function withStorableQueues(request: ClaimRequest): ClaimRequest {
  const { queues } = request;
  if (queues === "all") return request;
  return { ...request, queues: [...new Set(queues.filter(isStorable))] };
}

/** Claims what is due; what is for later and has become due is put into the line before. */
export async function claim(handle: StoreHandle, asked: ClaimRequest): Promise<ClaimAnswer> {
  const request = withStorableQueues(asked);
  const { id, limit, now } = request;
  let lanes = await lanesOf(handle, request);
  const isDue = lanes.filter(({ next }) => next <= now);
  if (id === undefined && isDue.length > 0) {
    await promote(handle, request, isDue);
    lanes = await lanesOf(handle, request);
  }
  const inLine = lanes.filter(({ head }) => head < Number.POSITIVE_INFINITY);
  const take = () => (id === undefined ? takeFirst(handle, request, inLine) : takeById(handle, request, id));
  const claimed = limit <= 0 ? [] : await take();
  if (claimed.length > 0) handle.wakeups.found();
  if (claimed.length >= limit) return { claimed, nextDueAt: null };
  // What was taken is not lost because the store went away before it told the rest.
  const early = await earlyAt(handle, now, inLine).catch((error: unknown) => {
    if (claimed.length === 0) throw error;
    return Number.POSITIVE_INFINITY;
  });
  const times = lanes.map(({ next }) => next).filter((next) => next > now);
  const nextDueAt = Math.min(early, ...times);
  return { claimed, nextDueAt: nextDueAt === Number.POSITIVE_INFINITY ? null : nextDueAt };
}
