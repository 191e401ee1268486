import type {
  ClaimedTask,
  ClaimRequest,
  Lease,
  LeaseSource,
  Settlement,
  SettleOutcome,
} from "../../backend/index.ts";
import { finishAttempt, returnToLine } from "./lease-end.ts";
import type { MemoryState, OpenState } from "./memory-state.ts";
import { claimedTask, type TaskEntry } from "./task-entry.ts";

function claimable(
  { table }: MemoryState,
  request: ClaimRequest,
  leases: ReadonlyMap<string, number>,
): readonly TaskEntry[] {
  const { id, queues, limit, now } = request;
  if (id === undefined) return table.line.take({ paths: leases.keys(), queues, limit, now });
  const entry = table.get(id);
  if (entry === undefined || entry.record.status !== "READY" || limit < 1) return [];
  const isWanted = leases.has(entry.record.path) && (queues === "all" || queues.includes(entry.record.queue));
  return isWanted ? [entry] : [];
}

function startAttempt(
  { table, nextToken }: MemoryState,
  entry: TaskEntry,
  request: ClaimRequest,
  duration: number,
): ClaimedTask {
  const { workerId, now } = request;
  const { attempts, workerIds, startedAt, lastAttemptedAt } = entry.record;
  const before = { startedAt, lastAttemptedAt };
  const expiryCounts = entry.record.lostAttempts === 0;
  const lease = { token: nextToken(), workerId, endsAt: now + duration, expiryCounts, before };
  const change = {
    status: "RUNNING",
    attempts: attempts + 1,
    workerIds: [...workerIds, workerId],
    startedAt: startedAt ?? now,
    lastAttemptedAt: now,
  } as const;
  table.update(entry, change, { lease });
  return claimedTask(entry, lease.token);
}

/** Whether a settlement repeats the one that ended this entry, whose answer was lost. */
function isRepeated({ record, endedBy }: TaskEntry, { token }: Lease, settlement: Settlement): boolean {
  if (endedBy !== token || settlement.status !== record.status) return false;
  return settlement.status !== "SUCCESSFUL" || settlement.output === record.output;
}

function settleOne(open: MemoryState, entry: TaskEntry, settlement: Settlement, now: number): SettleOutcome {
  switch (settlement.status) {
    case "SUCCESSFUL":
      finishAttempt(open, entry, { status: "SUCCESSFUL", change: { output: settlement.output }, now });
      break;
    case "READY":
      returnToLine(open, entry, { error: settlement.error, retry: settlement, now });
      break;
    case "FAILED":
      finishAttempt(open, entry, {
        status: "FAILED",
        error: settlement.error,
        takeBack: !settlement.started,
        now,
      });
      break;
    case "CANCELLED":
      finishAttempt(open, entry, { status: "CANCELLED", error: settlement.error, now });
  }
  return { outcome: "applied", status: entry.record.status };
}

/** Leases by comparing tokens; a RUNNING entry has a lease and no other has. */
export function createLeaseSource(state: OpenState): LeaseSource {
  const held = ({ table }: MemoryState, { id, token }: Lease): TaskEntry | undefined => {
    const entry = table.get(id);
    return entry?.lease?.token === token ? entry : undefined;
  };

  return {
    claim: async (request) => {
      const open = state();
      const leases = new Map(request.tasks.map(({ path, lease }) => [path, lease]));
      const claimed = claimable(open, request, leases).map((entry) =>
        startAttempt(open, entry, request, leases.get(entry.record.path) ?? 0),
      );
      const { queues, now } = request;
      return { claimed, nextDueAt: open.table.line.nextDueAt({ paths: leases.keys(), queues, now }) };
    },

    begin: async ({ items }) => {
      const open = state();
      return items.map((lease) => {
        const entry = held(open, lease);
        if (entry?.lease == null) return "lease-lost";
        open.table.update(entry, {}, { lease: { ...entry.lease, expiryCounts: true } });
        return "applied";
      });
    },

    renew: async ({ items, now }) => {
      const open = state();
      return items.map(({ lease, duration }) => {
        const entry = held(open, lease);
        if (entry?.lease == null) return { outcome: "lease-lost" };
        open.table.update(entry, {}, { lease: { ...entry.lease, endsAt: now + duration } });
        return { outcome: "renewed", cancelRequested: entry.record.cancelRequested };
      });
    },

    settle: async ({ items, now }) => {
      const open = state();
      return items.map(({ lease, settlement }) => {
        const entry = held(open, lease);
        if (entry !== undefined) return settleOne(open, entry, settlement, now);
        const ended = open.table.get(lease.id);
        return ended !== undefined && isRepeated(ended, lease, settlement)
          ? { outcome: "applied", status: ended.record.status }
          : { outcome: "lease-lost" };
      });
    },

    release: async ({ items, now }) => {
      const open = state();
      return items.map(({ lease, started, when }) => {
        const entry = held(open, lease);
        if (entry?.lease == null) return "lease-lost";
        if (when === "now") returnToLine(open, entry, { takeBack: !started, now });
        else open.table.update(entry, {}, { lease: { ...entry.lease, expiryCounts: false } });
        return "applied";
      });
    },

    progress: async ({ items }) => {
      const open = state();
      return items.map(({ lease, progress }) => {
        const entry = held(open, lease);
        if (entry === undefined) return "lease-lost";
        open.table.update(entry, { progress });
        open.board.announce(entry.record);
        return "applied";
      });
    },
  };
}
