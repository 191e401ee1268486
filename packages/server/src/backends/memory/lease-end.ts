import type { AttemptError, FinishedStatus } from "@taskwright/shared";
import type { TaskRecord } from "../../backend/index.ts";
import type { MemoryState } from "./memory-state.ts";
import type { TaskEntry } from "./task-entry.ts";

/** What an ending attempt changes beside the state. */
export interface AttemptEnd {
  readonly error?: AttemptError | null;
  readonly change?: Partial<TaskRecord>;
  /** Takes back the attempt number: the handler was never called. */
  readonly takeBack?: boolean;
}

function changesOf(
  { record, lease }: TaskEntry,
  { error, change, takeBack }: AttemptEnd,
): Partial<TaskRecord> {
  return {
    ...(error == null ? {} : { errors: [...record.errors, error] }),
    ...(takeBack !== true
      ? {}
      : { attempts: record.attempts - 1, workerIds: record.workerIds.slice(0, -1), ...lease?.before }),
    ...change,
    cancelRequested: false,
  };
}

/** Ends an attempt and with it the task result. */
export function finishAttempt(
  { table, board }: MemoryState,
  entry: TaskEntry,
  end: AttemptEnd & { readonly status: FinishedStatus; readonly now: number },
): void {
  const place = { lease: null, endedBy: entry.lease?.token ?? null };
  table.update(entry, { ...changesOf(entry, end), status: end.status, finishedAt: end.now }, place);
  board.announce(entry.record);
}

/** Where a retry puts a task result. */
export interface NextAttempt {
  readonly runAfter: number;
  readonly rank: number;
}

/** Ends an attempt and puts the task result back in line, unless someone asked to cancel it. */
export function returnToLine(
  open: MemoryState,
  entry: TaskEntry,
  end: AttemptEnd & { readonly retry?: NextAttempt; readonly now: number },
): void {
  if (entry.record.cancelRequested) {
    finishAttempt(open, entry, { ...end, status: "CANCELLED" });
    return;
  }
  const { retry } = end;
  const next = retry && { runAfter: retry.runAfter, retriesUsed: entry.record.retriesUsed + 1 };
  const place = { lease: null, rank: retry?.rank ?? entry.rank };
  open.table.update(entry, { ...changesOf(entry, end), ...next, status: "READY" }, place);
  open.board.announce(entry.record);
}
