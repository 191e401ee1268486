import type { AttemptErrorType, FinishedStatus } from "@taskwright/shared";
import type { TaskRecord } from "./task-record.ts";

/** The words of an error that a sweep files; the backend adds attempt, worker and time. */
export interface SweepError {
  readonly type: AttemptErrorType;
  readonly message: string;
}

export interface SweepRequest {
  /** Lost attempts after which a task result is given up. */
  readonly maxLostAttempts: number;
  readonly lost: SweepError;
  /** The error of the one that is given up. */
  readonly poisoned: SweepError;
  readonly expired: SweepError;
  /** How many task results to change at the most. */
  readonly limit: number;
  readonly now: number;
}

export interface SweepAnswer {
  /** How many went back to READY, those included whose lease's expiry counts as nothing. */
  readonly returned: number;
  /** Those that ended here: given up, expired, or cancelled while their worker was lost. */
  readonly finished: readonly TaskRecord[];
  /** Whether `limit` left some for the next sweep. */
  readonly more: boolean;
}

export interface PurgeRequest {
  readonly statuses: readonly FinishedStatus[];
  /** Only what finished at or before this time. */
  readonly finishedBefore: number;
  readonly limit: number;
  /** True counts, up to `limit`, and deletes nothing. */
  readonly dryRun: boolean;
  readonly now: number;
}

export interface IndexRequest {
  /** How many task results to take in, or to drop, at the most. */
  readonly limit: number;
  /** How long to keep the index after its last use, in milliseconds. */
  readonly keepFor: number;
  readonly now: number;
}

export interface IndexAnswer {
  /** Whether lists have asked for the index within `keepFor`. */
  readonly isWanted: boolean;
  /** How many task results were taken in. */
  readonly indexed: number;
  /** Whether `limit` left some for the next call. */
  readonly more: boolean;
}

/** The facet that keeps a store healthy; every operation is safe to run by any number of processes at once. */
export interface Maintenance {
  /** How often a worker is to sweep where nobody says it, in milliseconds; each 30 seconds where that is not said. */
  readonly sweepEveryMs?: number | undefined;

  /**
   * Returns task results with an expired lease to READY, in their old place in line: one more lost attempt with an
   * error entry, unless the lease was released `on-expiry`, which counts as nothing and takes no entry. Gives up those
   * with `maxLostAttempts`, and ends READY ones that no attempt was made at and whose `expiresAt` has come.
   */
  sweep(request: SweepRequest): Promise<SweepAnswer>;

  /**
   * Deletes finished task results, oldest first, and deduplication keys whose window is over.
   *
   * The key of a SUCCESSFUL one stays until its window is over; that of a FAILED or CANCELLED one goes with it.
   */
  purge(request: PurgeRequest): Promise<{ readonly purged: number; readonly more: boolean }>;

  /**
   * Brings the index of inputs that lists with an equality use up to what is stored, oldest first; drops it when it has
   * not been used for long.
   *
   * Nothing is to be done before the first such list. Lists answer the same however far it got. Absent where there is no
   * such index.
   */
  readonly indexInputs?: (request: IndexRequest) => Promise<IndexAnswer>;
}
