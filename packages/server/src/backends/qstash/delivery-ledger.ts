import type { AttemptError, FinishedStatus } from "@taskwright/shared";
import type {
  ClaimedTask,
  Lease,
  LeaseSource,
  NewTask,
  SettleOutcome,
  TaskRecord,
} from "../../backend/index.ts";

/** How many deliveries are remembered. */
const MOST_REMEMBERED = 10_000;

interface Entry {
  readonly task: NewTask;
  /** How often it was delivered before. */
  readonly before: number;
  runAfter: number;
  /** Null while nobody runs it. */
  lease: { readonly token: string; endsAt: number } | null;
  /** How and when it ended; null until it has. */
  ended: { readonly status: FinishedStatus; readonly at: number } | null;
  /** What went wrong at this delivery. */
  errors: readonly AttemptError[];
}

/**
 * What this process knows of deliveries when no store keeps task results: enough that two of one message at once run
 * once, and that a repetition of an ended one runs nothing. Another process knows nothing of it.
 */
export class DeliveryLedger {
  readonly #entries = new Map<string, Entry>();
  #tokens = 0;

  /** Notes a delivery; the number of those before it counts as attempts that used a retry. */
  receive(task: NewTask, before: number): void {
    const known = this.#entries.get(task.id);
    if (known !== undefined && (known.ended !== null || known.lease !== null)) return;
    this.#entries.delete(task.id);
    this.#entries.set(task.id, {
      task,
      before,
      runAfter: task.runAfter,
      lease: null,
      ended: null,
      errors: [],
    });
    for (const [id, entry] of this.#entries) {
      if (this.#entries.size <= MOST_REMEMBERED) break;
      if (entry.lease === null) this.#entries.delete(id);
    }
  }

  /** What has become of a delivery; null when nothing is known of it. */
  stateOf(id: string): TaskRecord | null {
    const entry = this.#entries.get(id);
    return entry === undefined ? null : recordOf(entry);
  }

  readonly leases: LeaseSource = {
    claim: async ({ id, tasks, now }) => {
      const entry = id === undefined ? undefined : this.#entries.get(id);
      const wanted = tasks.find(({ path }) => path === entry?.task.path);
      if (entry === undefined || wanted === undefined || entry.ended !== null)
        return { claimed: [], nextDueAt: null };
      if (entry.lease !== null && entry.lease.endsAt > now) return { claimed: [], nextDueAt: null };
      const token = `delivery-${++this.#tokens}`;
      entry.lease = { token, endsAt: now + wanted.lease };
      return { claimed: [claimedTask(entry, token)], nextDueAt: null };
    },

    begin: async ({ items }) => items.map((lease) => (this.#held(lease) === null ? "lease-lost" : "applied")),

    renew: async ({ items, now }) =>
      items.map(({ lease, duration }) => {
        const held = this.#held(lease);
        if (held === null) return { outcome: "lease-lost" };
        held.endsAt = now + duration;
        return { outcome: "renewed", cancelRequested: false };
      }),

    settle: async ({ items, now }) =>
      items.map(({ lease, settlement }): SettleOutcome => {
        const entry = this.#entries.get(lease.id);
        if (entry === undefined || entry.lease?.token !== lease.token) return { outcome: "lease-lost" };
        entry.lease = null;
        if (settlement.status === "READY") entry.runAfter = settlement.runAfter;
        else entry.ended = { status: settlement.status, at: now };
        if ("error" in settlement && settlement.error !== null) entry.errors = [settlement.error];
        return { outcome: "applied", status: settlement.status };
      }),

    release: async ({ items }) =>
      items.map(({ lease }) => {
        const entry = this.#entries.get(lease.id);
        if (entry === undefined || entry.lease?.token !== lease.token) return "lease-lost";
        entry.lease = null;
        return "applied";
      }),

    // There is nobody who could read it.
    progress: async ({ items }) =>
      items.map(({ lease }) => (this.#held(lease) === null ? "lease-lost" : "applied")),
  };

  #held({ id, token }: Lease): { endsAt: number } | null {
    const lease = this.#entries.get(id)?.lease ?? null;
    return lease?.token === token ? lease : null;
  }
}

function claimedTask({ task, before }: Entry, token: string): ClaimedTask {
  const { rank: _, deduplication: __, ...facts } = task;
  return {
    ...facts,
    token,
    attempts: before + 1,
    retriesUsed: Math.min(before, task.maxRetries),
    lostAttempts: 0,
  };
}

/** As much of a record as one delivery tells. */
function recordOf({ task, before, runAfter, lease, ended, errors }: Entry): TaskRecord {
  const { rank: _, deduplication: __, ...facts } = task;
  return {
    ...facts,
    status: ended?.status ?? (lease === null ? "READY" : "RUNNING"),
    output: null,
    progress: null,
    errors,
    attempts: before + 1,
    retriesUsed: Math.min(before, task.maxRetries),
    lostAttempts: 0,
    runAfter,
    startedAt: null,
    lastAttemptedAt: null,
    finishedAt: ended?.at ?? null,
    workerIds: [],
    cancelRequested: false,
  };
}
