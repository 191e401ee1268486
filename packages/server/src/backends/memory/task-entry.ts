import type { ClaimedTask, NewTask, TaskRecord } from "../../backend/index.ts";

/** Who holds a RUNNING task result, and until when. */
export interface HeldLease {
  readonly token: string;
  readonly workerId: string;
  endsAt: number;
  /** False once it was released `on-expiry`, and of one with lost attempts until it begins. */
  expiryCounts: boolean;
  /** What a taken-back attempt puts back. */
  readonly before: { readonly startedAt: number | null; readonly lastAttemptedAt: number | null };
}

/** A stored task result with what a record does not show; arrays are replaced, never changed. */
export interface TaskEntry {
  record: TaskRecord;
  /** Which enqueue it was, from 1. */
  readonly sequence: number;
  rank: number;
  lease: HeldLease | null;
  /** The token of the attempt that ended it, or null. */
  endedBy: string | null;
  readonly deduplicationKey: string | null;
  /** Its index in a lane's heap. */
  linePlace: number;
  /** Its index in the heap of leases' ends or of expiries. */
  deadlinePlace: number;
}

/** Makes the entry of a newly stored task. */
export function createTaskEntry(task: NewTask, sequence: number): TaskEntry {
  const { rank, deduplication, tags, ...fields } = task;
  return {
    record: {
      ...fields,
      tags: [...tags],
      status: "READY",
      output: null,
      progress: null,
      errors: [],
      attempts: 0,
      retriesUsed: 0,
      lostAttempts: 0,
      startedAt: null,
      lastAttemptedAt: null,
      finishedAt: null,
      workerIds: [],
      cancelRequested: false,
    },
    sequence,
    rank,
    lease: null,
    endedBy: null,
    deduplicationKey: deduplication?.key ?? null,
    linePlace: -1,
    deadlinePlace: -1,
  };
}

/** What an attempt needs of an entry that has just been claimed. */
export function claimedTask(entry: TaskEntry, token: string): ClaimedTask {
  const { record } = entry;
  return {
    id: record.id,
    token,
    path: record.path,
    queue: record.queue,
    priority: record.priority,
    codec: record.codec,
    input: record.input,
    attempts: record.attempts,
    retriesUsed: record.retriesUsed,
    lostAttempts: record.lostAttempts,
    maxRetries: record.maxRetries,
    policy: record.policy,
    enqueuedAt: record.enqueuedAt,
    runAfter: record.runAfter,
    expiresAt: record.expiresAt,
    parentId: record.parentId,
    scheduleId: record.scheduleId,
    tags: record.tags,
  };
}
