import type { ClaimAnswer, ClaimRequest } from "../../backend/index.ts";
import type { Connection } from "./connection.ts";
import { dueLanes, LaneFilter, type LaneHead, laterLanes } from "./lanes.ts";
import { newLeaseNumber, tokenOf } from "./lease-token.ts";
import { firstInLine, type InLine } from "./line.ts";
import type { StoreHandle } from "./opened-store.ts";
import { CLAIMED_COLUMNS, type ClaimedRow, STATE, toClaimed } from "./row-mapping.ts";
import { ADD_WORKER_ID } from "./settle.ts";

/** The most task results whose time has come that one claim puts into the line, unless it takes more itself. */
const SMALLEST_PROMOTION = 1_000;

const PROMOTE = `UPDATE taskwright_task SET state = ${STATE.due} WHERE seq IN (
  SELECT seq FROM taskwright_task INDEXED BY taskwright_task_later
  WHERE state = ${STATE.later} AND queue = ? AND path = ? AND run_after <= ? ORDER BY run_after LIMIT ?)`;

const THESE = "WHERE seq IN (SELECT value FROM json_each(?))";
const TAKE = `UPDATE taskwright_task SET
    state = ${STATE.running}, attempts = attempts + 1, lease_token = ?, lease_expires_at = ?, lease_uncounted = (lost_attempts > 0),
    started_at = coalesce(started_at, ?), previous_attempted_at = last_attempted_at, last_attempted_at = ?, ${ADD_WORKER_ID} ${THESE}`;
const READ_TAKEN = `SELECT ${CLAIMED_COLUMNS} FROM taskwright_task ${THESE} ORDER BY rank, seq`;

const EARLIEST_IN_LINE = `SELECT min(run_after) AS first FROM taskwright_task INDEXED BY taskwright_task_due
  WHERE state = ${STATE.due} AND queue = ? AND path = ? AND run_after > ?`;

const READY_BY_ID = `SELECT seq, queue, path FROM taskwright_task WHERE id = ? AND state <= ${STATE.due}`;

/** The READY one that a claim by id names, when this worker may run it. */
function byId(connection: Connection, filter: LaneFilter, id: string): readonly InLine[] {
  const row = connection.prepare(READY_BY_ID).get(id) as (InLine & { queue: string }) | undefined;
  return row !== undefined && filter.has(row) ? [row] : [];
}

function earliest(lanes: readonly LaneHead[], now: number): number | null {
  const times = lanes.map((lane) => lane.first).filter((time) => time > now);
  return times.length === 0 ? null : Math.min(...times);
}

/** What is in line although its time has not come: a process whose clock is ahead has brought it there. */
function inLineEarly(connection: Connection, lanes: readonly LaneHead[], now: number): readonly LaneHead[] {
  return lanes.flatMap((lane) => {
    const { first } = connection.prepare(EARLIEST_IN_LINE).get(lane.queue, lane.path, now) as {
      first: number | null;
    };
    return first === null ? [] : [{ ...lane, first }];
  });
}

/** The answer of a claim that finds nothing, told without the write lock; null when it may find something. */
function idleAnswer(connection: Connection, request: ClaimRequest, filter: LaneFilter): ClaimAnswer | null {
  const { id, now } = request;
  const later = laterLanes(connection, filter);
  if (id !== undefined) {
    return byId(connection, filter, id).length > 0 ? null : { claimed: [], nextDueAt: earliest(later, now) };
  }
  if (later.some((lane) => lane.first <= now)) return null;
  const due = dueLanes(connection, filter);
  if (firstInLine(connection, due, { limit: 1, now }).length > 0) return null;
  return { claimed: [], nextDueAt: earliest([...later, ...inLineEarly(connection, due, now)], now) };
}

/** Puts what has become due into the line, a bounded number of each lane. */
function promote(connection: Connection, request: ClaimRequest, filter: LaneFilter): void {
  const { now, limit } = request;
  for (const { queue, path, first } of laterLanes(connection, filter)) {
    if (first <= now)
      connection.prepare(PROMOTE).run(queue, path, now, Math.max(SMALLEST_PROMOTION, 2 * limit));
  }
}

/** Task results by the length of lease that their task asks for. */
function byLease(
  found: readonly InLine[],
  tasks: ClaimRequest["tasks"],
): ReadonlyMap<number, readonly number[]> {
  const leases = new Map(tasks.map((task) => [task.path, task.lease]));
  const groups = new Map<number, number[]>();
  for (const { seq, path } of found) {
    const lease = leases.get(path) ?? 0;
    const group = groups.get(lease);
    if (group === undefined) groups.set(lease, [seq]);
    else group.push(seq);
  }
  return groups;
}

function take(connection: Connection, request: ClaimRequest, filter: LaneFilter): ClaimAnswer {
  const { workerId, now, limit, id } = request;
  if (id === undefined) promote(connection, request, filter);
  const found =
    id === undefined
      ? firstInLine(connection, dueLanes(connection, filter), { limit, now })
      : byId(connection, filter, id);
  const leaseNumber = newLeaseNumber();
  const worker = JSON.stringify(workerId);
  for (const [lease, seqs] of byLease(found, request.tasks)) {
    connection.prepare(TAKE).run(leaseNumber, now + lease, now, now, worker, worker, JSON.stringify(seqs));
  }
  // Read apart: dearer by a third with RETURNING, which keeps copies of all rows until the statement's end.
  const taken = JSON.stringify(found.map(({ seq }) => seq));
  const rows = connection.prepare(READ_TAKEN).all(taken) as unknown as readonly ClaimedRow[];
  const claimed = rows.map((row) => toClaimed(row, tokenOf(leaseNumber, row.seq)));
  // With fewer than asked for, all whose time has come are claimed: lanes that are left hold early ones only.
  const early =
    id === undefined && found.length < limit
      ? inLineEarly(connection, dueLanes(connection, filter), now)
      : [];
  return { claimed, nextDueAt: earliest([...laterLanes(connection, filter), ...early], now) };
}

/** Claims what is due; an idle look reads only, and leaves the write lock to others. */
export async function claim(handle: StoreHandle, request: ClaimRequest): Promise<ClaimAnswer> {
  const filter = new LaneFilter(request);
  // Not awaited: a claim that follows a settle in the same turn shares its transaction.
  const idle = handle.readNow((connection) => idleAnswer(connection, request, filter));
  if (idle !== null) return idle;
  if (request.limit <= 0) return { claimed: [], nextDueAt: null };
  return handle.write((connection) => take(connection, request, filter));
}
