import type { TaskStatus } from "@taskwright/shared";
import type { NewTask, TaskRecord } from "./task-record.ts";

/** What became of one {@link NewTask}; a batch answers in its own order. */
export type EnqueueOutcome =
  | { readonly outcome: "stored" }
  /** The key's window still runs: nothing was stored, `id` is the first one's, which a purge may have deleted since. */
  | { readonly outcome: "deduplicated"; readonly id: string; readonly status: TaskStatus }
  | { readonly outcome: "failed"; readonly error: unknown };

export interface EnqueueRequest {
  readonly tasks: readonly NewTask[];
  /** True: all or nothing, where the store can. False: one that cannot be stored fails only itself. */
  readonly atomic: boolean;
  readonly now: number;
}

export type CancelOutcome = "cancelled" | "requested" | "finished" | "not-found";
export type RequeueOutcome = "requeued" | "not-retryable" | "not-found";
export type DeleteOutcome = "deleted" | "running" | "not-found";

/** The facet every backend has: keeping task results. */
export interface TaskStore {
  /**
   * The id that a task with a deduplication key must have instead of the given one, in a store where ids say on which
   * server something is kept: all with one key are in one place. Absent where that makes no difference.
   *
   * Asked once the store is open; what is enqueued with another id is deduplicated in the place of that id only.
   */
  placeId?(request: { readonly id: string; readonly deduplicationKey: string }): string;

  /**
   * Stores task results durably, in the given order.
   *
   * - An id that exists already answers `stored` and changes nothing, so that an enqueue whose answer was lost can be
   *   repeated.
   * - A deduplication key is free when its window is over, when its task result ended FAILED or CANCELLED, or was
   *   deleted by {@link delete}; two tasks of one batch with the same key are one.
   * - A purge frees no key within its window: the answer then has the status SUCCESSFUL, although the record is gone.
   */
  enqueue(request: EnqueueRequest): Promise<readonly EnqueueOutcome[]>;

  /** Reads task results; null for each id that is not there. */
  get(request: { readonly ids: readonly string[] }): Promise<readonly (TaskRecord | null)[]>;

  /** READY becomes CANCELLED at once; RUNNING gets its flag set; a finished one stays as it is. */
  cancel(request: { readonly id: string; readonly now: number }): Promise<CancelOutcome>;

  /**
   * Makes a FAILED or CANCELLED task result READY again, with its retries unused, its lost attempts forgotten, its
   * expiry removed and its errors and attempt count kept.
   */
  requeue(request: {
    readonly id: string;
    readonly runAfter: number;
    readonly rank: number;
    readonly now: number;
  }): Promise<RequeueOutcome>;

  /** Removes task results and frees their deduplication keys; a RUNNING one is left alone. */
  delete(request: { readonly ids: readonly string[] }): Promise<readonly DeleteOutcome[]>;
}
