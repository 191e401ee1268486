import type { ClaimAnswer, ClaimedTask, ClaimRequest } from "../../backend/index.ts";
import type { CountingExecutor, SqlRow } from "../sql/executor.ts";
import type { LaterLane } from "../sql/later-watch.ts";
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
import type { Line } from "./statements/fragments.ts";

/** The most task results of a lane whose time has come that one claim puts into the line, unless it takes more itself. */
const SMALLEST_PROMOTION = 1_000;
/** How many lanes one statement looks at. */
const MOST_LANES = 50;

interface Lane {
  readonly queue: string;
  readonly path: string;
  /** The least rank, or the earliest time. */
  readonly head: number;
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

function lanesIn(handle: StoreHandle, line: Line, { queues }: ClaimRequest): Promise<readonly SqlRow[]> {
  const statement = readLanes(handle.names, line, queues === "all" ? "all" : queues.length);
  return handle.rows(statement, queues === "all" ? [] : queues);
}

async function look(handle: StoreHandle, request: ClaimRequest): Promise<readonly LaterLane[]> {
  return handle.later.of(request.queues).read(await lanesIn(handle, "later", request), request.now);
}

/** Puts what has become due into the line, a bounded number of each lane; gives the lanes that are left. */
async function promote(handle: StoreHandle, request: ClaimRequest): Promise<readonly LaterLane[]> {
  const { now, limit } = request;
  const all = await look(handle, request);
  const due = all.filter(isMine(request)).filter(({ first }) => first <= now);
  if (due.length === 0) return all;
  const most = Math.max(SMALLEST_PROMOTION, 2 * limit);
  for (let from = 0; from < due.length; from += MOST_LANES) {
    const lanes = due.slice(from, from + MOST_LANES);
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
  return look(handle, request);
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

/** The earliest time of what could be claimed later; `lanes` are those that had something in line. */
async function nextDueAt(
  handle: StoreHandle,
  request: ClaimRequest,
  lanes: readonly Lane[],
  looked: readonly LaterLane[] | null,
): Promise<number | null> {
  const { now } = request;
  const later = looked ?? (await look(handle, request));
  const times = later
    .filter(isMine(request))
    .map(({ first }) => first)
    .filter((first) => first > now);
  for (let from = 0; from < lanes.length; from += MOST_LANES) {
    const some = lanes.slice(from, from + MOST_LANES);
    const places = some.flatMap(({ queue, path }) => [queue, path]);
    const [row] = await handle.rows(readEarly(handle.names, some.length), [now, ...places]);
    if (row?.[0] !== null && row !== undefined) times.push(Number(row[0]));
  }
  return times.length === 0 ? null : Math.min(...times);
}

function withStorableQueues(request: ClaimRequest): ClaimRequest {
  const { queues } = request;
  if (queues === "all") return request;
  return { ...request, queues: [...new Set(queues.filter(isStorable))] };
}

/** Claims what is due; what is for later is looked at first when some of it may have become due. */
export async function claim(handle: StoreHandle, asked: ClaimRequest): Promise<ClaimAnswer> {
  const request = withStorableQueues(asked);
  const { id, limit, now } = request;
  const mustLook = id === undefined && handle.later.of(request.queues).mustLook(now);
  const looked = mustLook ? await promote(handle, request) : null;
  const lanes: readonly Lane[] = (await lanesIn(handle, "due", request))
    .flatMap(([queue, path, head]) =>
      head === null ? [] : [{ queue: queue as string, path: path as string, head: Number(head) }],
    )
    .filter(isMine(request));
  const claimed =
    limit <= 0
      ? []
      : id === undefined
        ? await takeFirst(handle, request, lanes)
        : await takeById(handle, request, id);
  if (claimed.length > 0) handle.wakeups.found();
  if (claimed.length >= limit) return { claimed, nextDueAt: null };
  // What was taken is not lost because the store went away before it told the rest.
  const dueAt = await nextDueAt(handle, request, lanes, looked).catch((error: unknown) => {
    if (claimed.length === 0) throw error;
    return null;
  });
  return { claimed, nextDueAt: dueAt };
}
