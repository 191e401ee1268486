import type {
  Maintenance,
  PurgeRequest,
  SweepAnswer,
  SweepError,
  SweepRequest,
} from "../../backend/index.ts";
import type { SqlRow } from "../sql/executor.ts";
import { maintainInputIndex } from "../sql/input-index.ts";
import { toRecord } from "../sql/row-mapping.ts";
import { STATE } from "../sql/task-state.ts";
import { mysqlInputIndex } from "./input-index.ts";
import { finish, type MoveItem, putBack, takeAway } from "./move.ts";
import type { StoreHandle } from "./opened-store.ts";
import { countLosses } from "./statements/attempts.ts";
import { takeOut } from "./statements/claim.ts";
import type { Line } from "./statements/fragments.ts";
import {
  countOldest,
  insertExpired,
  lockExpired,
  lockLost,
  lockOldest,
  purgeKeys,
  readLost,
  readOverdue,
} from "./statements/maintenance.ts";
import { freeKeys, readBySeq, removeBySeq, removeLeaves } from "./statements/task-store.ts";

const MOST_KEYS = 1_000;
/** How many processes may sweep at once and still each find something that no other one has taken. */
const MOST_SWEEPERS = 8;

function entryOf(
  error: SweepError,
  facts: { readonly attempt: number; readonly workerId: string | null; readonly now: number },
): string {
  const { attempt, workerId, now } = facts;
  const { type, message } = error;
  const at = new Date(now).toISOString();
  return JSON.stringify({ type, exceptionClass: type, message, stack: null, attempt, workerId, at });
}

/** What becomes of a row whose lease is over, and whether that counts as a lost attempt. */
function judge(row: SqlRow, request: SweepRequest): MoveItem {
  const [seq, leaseNumber, uncounted, cancelRequested, worker, attemptedAt, earlier, lostAttempts] = row;
  const { maxLostAttempts, lost, poisoned, now } = request;
  const isCounted = Number(uncounted) !== 1;
  const isPoisoned = isCounted && Number(lostAttempts) + 1 >= maxLostAttempts;
  const v = Number(cancelRequested) === 1 ? STATE.CANCELLED : isPoisoned ? STATE.FAILED : 0;
  const attempt = Number(earlier) + (attemptedAt === null ? 0 : 1);
  const workerId = attempt > 0 ? (worker as string) : null;
  const error = v === STATE.FAILED ? poisoned : lost;
  return {
    s: Number(seq),
    k: Number(leaseNumber),
    v,
    l: isCounted ? 1 : 0,
    e: isCounted ? entryOf(error, { attempt, workerId, now }) : undefined,
  };
}

/** Returns or ends what was lost with its worker; gives row and new state of each. */
async function sweepLost(handle: StoreHandle, request: SweepRequest): Promise<readonly MoveItem[]> {
  const { now, limit } = request;
  const { names } = handle;
  const found = await handle.rows(readLost(names), [now, limit * MOST_SWEEPERS]);
  if (found.length === 0) return [];
  // In the order of the ends of their leases; others pass over what one has locked, so nobody waits.
  const seqs = found.map(([seq]) => Number(seq));
  return handle.transaction(async (executor) => {
    const rows = await executor.rows(lockLost(names), [JSON.stringify(seqs), now, limit]);
    const items = rows.map((row) => judge(row, request));
    const ended = items.filter(({ v }) => v > 0);
    await finish(executor, names, ended, now);
    const losses = ended.filter(({ l }) => l === 1).map(({ s }) => ({ s }));
    if (losses.length > 0) await executor.change(countLosses(names), [JSON.stringify(losses)]);
    await putBack(
      executor,
      names,
      items.filter(({ v }) => v === 0),
      now,
    );
    await takeAway(executor, names, items);
    return items;
  }, true);
}

/** Ends what was not started in time; gives rows. */
async function sweepExpired(
  handle: StoreHandle,
  line: Line,
  request: SweepRequest,
): Promise<readonly number[]> {
  const { now, limit, expired } = request;
  const { names } = handle;
  const e = entryOf(expired, { attempt: 0, workerId: null, now });
  return handle.transaction(async (executor) => {
    const rows = await executor.rows(lockExpired(names, line), [now, limit]);
    if (rows.length === 0) return [];
    const places = rows.map(([queue, path, rank, seq, runAfter]) => ({
      queue,
      path,
      rank: Number(rank),
      seq: Number(seq),
      run_after: Number(runAfter),
    }));
    const ends = places.map(({ seq, queue }) => ({ s: seq, q: queue, e }));
    await executor.change(insertExpired(names), [now, JSON.stringify(ends)]);
    await executor.change(takeOut(names, line), [JSON.stringify(places)]);
    return places.map(({ seq }) => seq);
  }, true);
}

async function sweep(handle: StoreHandle, request: SweepRequest): Promise<SweepAnswer> {
  const { now } = request;
  // Most sweeps find nothing, and then neither lock nor write.
  const [overdue = []] = await handle.rows(readOverdue(handle.names), [now, now, now]);
  const lost = overdue[0] === null ? [] : await sweepLost(handle, request);
  const ended: number[] = [];
  for (const [index, line] of (["due", "later"] as const).entries()) {
    const left = request.limit - lost.length - ended.length;
    if (left > 0 && overdue[index + 1] !== null)
      ended.push(...(await sweepExpired(handle, line, { ...request, limit: left })));
  }
  const seqs = [...lost.filter(({ v }) => v > 0).map(({ s }) => s), ...ended];
  if (lost.length > 0) {
    handle.wakeups.ready();
  }
  const records = seqs.length === 0 ? [] : await handle.rows(readBySeq(handle.names), [JSON.stringify(seqs)]);
  const finished = records.map(toRecord);
  handle.wakeups.results(finished.map(({ id }) => id));
  return {
    returned: lost.length + ended.length - seqs.length,
    finished,
    more: lost.length + ended.length >= request.limit,
  };
}

async function purge(handle: StoreHandle, request: PurgeRequest): Promise<number> {
  const { statuses, finishedBefore, limit, dryRun } = request;
  const { names } = handle;
  const states = [...new Set(statuses.map((status) => STATE[status]))];
  const facts = [...states.flatMap((state) => [state, finishedBefore, limit]), limit];
  if (dryRun) {
    const [row] = await handle.rows(countOldest(names, states.length), facts);
    return Number(row?.[0]);
  }
  return handle.transaction(async (executor) => {
    const rows = await executor.rows(lockOldest(names, states.length), facts);
    if (rows.length === 0) return 0;
    const seqs = JSON.stringify(rows.map(([seq]) => Number(seq)).sort((left, right) => left - right));
    const freed = rows
      .filter(([, , key, state]) => key !== null && Number(state) !== STATE.SUCCESSFUL)
      .map(([, id, key]) => ({ id: id as string, key: key as string }))
      .sort((left, right) => (left.key < right.key ? -1 : 1));
    if (freed.length > 0) await executor.change(freeKeys(names), [JSON.stringify(freed)]);
    await executor.change(removeBySeq(names, "finished"), [seqs]);
    await executor.change(removeBySeq(names, "task"), [seqs]);
    await executor.change(removeLeaves(names), [seqs]);
    return rows.length;
  }, true);
}

/** The maintenance facet on MariaDB and MySQL. */
export function mysqlMaintenance(
  handle: StoreHandle,
): Maintenance & Required<Pick<Maintenance, "indexInputs">> {
  const inputIndex = mysqlInputIndex(handle);
  return {
    sweep: (request) => sweep(handle, request),
    indexInputs: (request) => maintainInputIndex(inputIndex, request),

    purge: async (request) => {
      const { statuses, limit, dryRun, now } = request;
      if (statuses.length === 0) return { purged: 0, more: false };
      const purged = await purge(handle, request);
      if (dryRun) return { purged, more: purged >= limit };
      const keys = await handle.transaction((executor) =>
        executor.change(purgeKeys(handle.names), [now, MOST_KEYS]),
      );
      return { purged, more: purged >= limit || (purged === 0 && keys >= MOST_KEYS) };
    },
  };
}
