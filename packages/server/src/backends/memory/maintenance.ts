import type { AttemptError } from "@taskwright/shared";
import type { Maintenance, SweepError, SweepRequest, TaskRecord } from "../../backend/index.ts";
import { finishAttempt, returnToLine } from "./lease-end.ts";
import type { MemoryState, OpenState } from "./memory-state.ts";
import type { TaskEntry } from "./task-entry.ts";

/** The most keys that one purge removes. */
const MOST_KEYS = 1_000;

function attemptError({ record }: TaskEntry, { type, message }: SweepError, now: number): AttemptError {
  return {
    type,
    exceptionClass: type,
    message,
    stack: null,
    attempt: record.attempts,
    workerId: record.workerIds.at(-1) ?? null,
    at: new Date(now).toISOString(),
  };
}

function endLease(
  open: MemoryState,
  entry: TaskEntry,
  { lost, poisoned, maxLostAttempts, now }: SweepRequest,
): void {
  if (entry.lease?.expiryCounts === false) {
    returnToLine(open, entry, { now });
    return;
  }
  const change = { lostAttempts: entry.record.lostAttempts + 1 };
  if (!entry.record.cancelRequested && change.lostAttempts >= maxLostAttempts) {
    finishAttempt(open, entry, { status: "FAILED", error: attemptError(entry, poisoned, now), change, now });
  } else returnToLine(open, entry, { error: attemptError(entry, lost, now), change, now });
}

function expire(open: MemoryState, entry: TaskEntry, { expired, now }: SweepRequest): void {
  finishAttempt(open, entry, { status: "FAILED", error: attemptError(entry, expired, now), now });
}

/** The finished entry that ended first among these, walking one timeline per status. */
function* oldestFinished(
  { table }: MemoryState,
  statuses: Iterable<keyof MemoryState["table"]["finished"]>,
): Iterable<TaskEntry> {
  const walks = [...new Set(statuses)].map((status) =>
    table.finished[status].oldestFirst()[Symbol.iterator](),
  );
  const heads = walks.map((walk) => ({ walk, next: walk.next() }));
  for (;;) {
    let oldest: (typeof heads)[number] | undefined;
    for (const head of heads) {
      if (head.next.done === true) continue;
      if (oldest === undefined || finishedAt(head.next.value) < finishedAt(oldest.next.value)) oldest = head;
    }
    if (oldest === undefined) return;
    yield oldest.next.value;
    oldest.next = oldest.walk.next();
  }
}

function finishedAt({ record }: TaskEntry): number {
  return record.finishedAt ?? 0;
}

/** Sweeps by deadline and purges by the time of the end. */
export function createMaintenance(state: OpenState): Maintenance {
  return {
    sweep: async (request) => {
      const open = state();
      const { table } = open;
      const { limit, now } = request;
      const finished: TaskRecord[] = [];
      let changed = 0;
      let returned = 0;

      const nextLost = (): TaskEntry | undefined => {
        const entry = table.leased.peek();
        return entry?.lease != null && entry.lease.endsAt <= now ? entry : undefined;
      };
      const nextExpired = (): TaskEntry | undefined => {
        const entry = table.expiring.peek();
        return entry !== undefined && (entry.record.expiresAt ?? now) <= now ? entry : undefined;
      };

      for (let entry = nextLost(); entry !== undefined && changed < limit; entry = nextLost(), changed++) {
        endLease(open, entry, request);
        if (entry.record.status === "READY") returned++;
        else finished.push(entry.record);
      }
      for (
        let entry = nextExpired();
        entry !== undefined && changed < limit;
        entry = nextExpired(), changed++
      ) {
        expire(open, entry, request);
        finished.push(entry.record);
      }
      return { returned, finished, more: nextLost() !== undefined || nextExpired() !== undefined };
    },

    purge: async ({ statuses, finishedBefore, limit, dryRun, now }) => {
      const open = state();
      const old: TaskEntry[] = [];
      let more = false;
      for (const entry of oldestFinished(open, statuses)) {
        if (finishedAt(entry) > finishedBefore) break;
        more = old.length >= limit;
        if (more) break;
        old.push(entry);
      }
      if (dryRun) return { purged: old.length, more };
      for (const entry of old) {
        if (entry.record.status !== "SUCCESSFUL") open.keys.free(entry);
        open.table.remove(entry);
      }
      const isMoreOver = open.keys.removeOver(now, MOST_KEYS) >= MOST_KEYS;
      return { purged: old.length, more: more || (old.length === 0 && isMoreOver) };
    },
  };
}
