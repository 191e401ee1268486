import type { ClaimAnswer, ClaimedTask, ClaimRequest } from "../../backend/index.ts";
import type { SqlRow } from "../sql/executor.ts";
import { newLeaseNumber } from "../sql/lease-token.ts";
import { toClaimed } from "../sql/row-mapping.ts";
import { isStorable } from "../sql/storable-text.ts";
import type { LaterLane } from "./later-watch.ts";
import type { StoreHandle } from "./opened-store.ts";

/** The most task results of a lane whose time has come that one claim puts into the line, unless it takes more itself. */
const SMALLEST_PROMOTION = 1_000;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

function isMine(request: ClaimRequest): (lane: LaterLane) => boolean {
  const paths = new Set(request.tasks.map(({ path }) => path));
  const queues = request.queues === "all" ? null : new Set(request.queues);
  return ({ queue, path }) => paths.has(path) && (queues === null || queues.has(queue));
}

async function look(handle: StoreHandle, { queues, now }: ClaimRequest): Promise<readonly LaterLane[]> {
  const { readLater, readLaterNamed } = handle.statements;
  const rows =
    queues === "all" ? handle.rows(readLater, []) : handle.rows(readLaterNamed, [JSON.stringify(queues)]);
  return handle.later.of(queues).read(await rows, now);
}

/** Puts what has become due into the line, a bounded number of each lane; gives the lanes that are left. */
async function promote(handle: StoreHandle, request: ClaimRequest): Promise<readonly LaterLane[]> {
  const { now, limit } = request;
  const all = await look(handle, request);
  const due = all.filter(isMine(request)).filter(({ first }) => first <= now);
  if (due.length === 0) return all;
  const lanes = JSON.stringify(due.map(({ queue, path }) => ({ queue, path })));
  await handle.rows(handle.statements.promote, [lanes, now, Math.max(SMALLEST_PROMOTION, 2 * limit)]);
  return look(handle, request);
}

function earliest(lanes: readonly LaterLane[], request: ClaimRequest): number | null {
  const times = lanes
    .filter(isMine(request))
    .map(({ first }) => first)
    .filter((first) => first > request.now);
  return times.length === 0 ? null : Math.min(...times);
}

/** The tasks of a request, as statements take them. */
function leasesOf({ tasks }: ClaimRequest): string {
  return JSON.stringify(tasks.map(({ path, lease }) => ({ path, ms: lease })));
}

function queuesOf({ queues }: ClaimRequest): string | null {
  return queues === "all" ? null : JSON.stringify(queues);
}

function readEarly(handle: StoreHandle, request: ClaimRequest): Promise<readonly SqlRow[]> {
  const { statements } = handle;
  const facts = [leasesOf(request), request.now];
  return request.queues === "all"
    ? handle.rows(statements.readEarly, facts)
    : handle.rows(statements.readEarlyNamed, [...facts, queuesOf(request)]);
}

/** @param looked the lanes as this claim has read them, or null when it has not looked */
async function nextDueAt(
  handle: StoreHandle,
  request: ClaimRequest,
  looked: readonly LaterLane[] | null,
): Promise<number | null> {
  const [later, early] = await Promise.all([looked ?? look(handle, request), readEarly(handle, request)]);
  const lanes = early.flatMap(([queue, path, first]) =>
    first === null ? [] : [{ queue: queue as string, path: path as string, first: Number(first) }],
  );
  return earliest([...later, ...lanes], request);
}

/** As {@link nextDueAt}; what was taken is not lost because the store went away before it told that too. */
function whenDue(...words: Parameters<typeof nextDueAt>): Promise<number | null> {
  return nextDueAt(...words).catch(() => null);
}

async function take(handle: StoreHandle, request: ClaimRequest): Promise<readonly ClaimedTask[]> {
  const { workerId, now, limit, id } = request;
  if (limit <= 0 || (id !== undefined && !UUID.test(id))) return [];
  const leaseNumber = newLeaseNumber();
  const facts = [leasesOf(request), queuesOf(request), leaseNumber, workerId, now];
  const { claimDue, claimDueNamed, claimById } = handle.statements;
  const rows =
    id === undefined
      ? await handle.rows(request.queues === "all" ? claimDue : claimDueNamed, [...facts, limit])
      : await handle.rows(claimById, [...facts, id]);
  const json = rows[0]?.[0] ?? null;
  if (json === null) return [];
  return (JSON.parse(json as string) as SqlRow[]).map((row) => toClaimed(row, leaseNumber));
}

function withStorableQueues(request: ClaimRequest): ClaimRequest {
  const { queues } = request;
  return queues === "all" || queues.every(isStorable)
    ? request
    : { ...request, queues: queues.filter(isStorable) };
}

/** Claims what is due; what is for later is looked at first when some of it may have become due. */
export async function claim(handle: StoreHandle, asked: ClaimRequest): Promise<ClaimAnswer> {
  const request = withStorableQueues(asked);
  const mustLook = request.id === undefined && handle.later.of(request.queues).mustLook(request.now);
  const looked = mustLook ? await promote(handle, request) : null;
  // An idle worker is answered no later for being told when to come back.
  const isLikelyShort = handle.wakeups.isIdle && request.limit > 0;
  const [taken, dueAt] = await Promise.all([
    take(handle, request),
    isLikelyShort ? whenDue(handle, request, looked) : undefined,
  ]);
  let claimed = taken;
  const isFull = claimed.length >= request.limit;
  // What was enqueued before others knew that this process is idle, nobody told.
  if ((await handle.wakeups.noteClaim(isFull, claimed.length === 0)) && claimed.length === 0)
    claimed = await take(handle, request);
  if (isFull) return { claimed, nextDueAt: null };
  return { claimed, nextDueAt: dueAt === undefined ? await whenDue(handle, request, looked) : dueAt };
}
