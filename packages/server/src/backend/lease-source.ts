import type { AttemptError, TaskStatus } from "@taskwright/shared";
import type { TaskRecord } from "./task-record.ts";

/** Proof that this worker holds a task result; `token` is the backend's own and new at every claim. */
export interface Lease {
  readonly id: string;
  readonly token: string;
}

export interface ClaimRequest {
  readonly workerId: string;
  /** What this worker has handlers for, and how long each is leased, in milliseconds; nothing else is claimed. */
  readonly tasks: readonly { readonly path: string; readonly lease: number }[];
  readonly queues: readonly string[] | "all";
  readonly limit: number;
  /** Claim just this READY one, due or not. */
  readonly id?: string;
  readonly now: number;
}

/** A task result that has just become RUNNING, with what an attempt needs of it. */
export interface ClaimedTask
  extends Lease,
    Pick<
      TaskRecord,
      | "path"
      | "queue"
      | "priority"
      | "codec"
      | "input"
      | "attempts"
      | "retriesUsed"
      | "lostAttempts"
      | "maxRetries"
      | "policy"
      | "enqueuedAt"
      | "runAfter"
      | "expiresAt"
      | "parentId"
      | "scheduleId"
      | "tags"
    > {}

export interface ClaimAnswer {
  /** Lowest rank first, ties in enqueue order. */
  readonly claimed: readonly ClaimedTask[];
  /**
   * When to look again at the latest: the earliest `runAfter` after now of what this worker could run; null for none.
   *
   * It may also be null when the claim was full, since who got all that was asked for looks again anyway.
   */
  readonly nextDueAt: number | null;
}

/** How an attempt ends; core has decided, the backend stores it. */
export type Settlement =
  | { readonly status: "SUCCESSFUL"; readonly output: string | null }
  /** A retry: uses one. */
  | {
      readonly status: "READY";
      readonly runAfter: number;
      readonly rank: number;
      readonly error: AttemptError;
    }
  /** `started: false` takes back the attempt number: the handler was never called. */
  | { readonly status: "FAILED"; readonly error: AttemptError; readonly started: boolean }
  | { readonly status: "CANCELLED"; readonly error: AttemptError | null };

export interface SettleRequest {
  readonly items: readonly { readonly lease: Lease; readonly settlement: Settlement }[];
  readonly now: number;
}

/** `status` is what the task result now has: CANCELLED where a retry met a cancel request. */
export type SettleOutcome =
  | { readonly outcome: "applied"; readonly status: TaskStatus }
  | { readonly outcome: "lease-lost" };

export type RenewOutcome =
  | { readonly outcome: "renewed"; readonly cancelRequested: boolean }
  | { readonly outcome: "lease-lost" };

export interface ReleaseRequest {
  readonly items: readonly (
    | {
        readonly lease: Lease;
        readonly when: "now";
        /** False takes back the attempt number: the handler was never called. */
        readonly started: boolean;
      }
    /** Keeps the lease for a handler that still runs, and makes its expiry count as nothing. */
    | { readonly lease: Lease; readonly when: "on-expiry"; readonly started: true }
  )[];
  readonly now: number;
}

export type BeginOutcome = "applied" | "lease-lost";
export type ReleaseOutcome = "applied" | "lease-lost";
export type ProgressOutcome = "applied" | "lease-lost";

/**
 * The facet of backends that workers pull from.
 *
 * Every operation on a held task result applies only with its current token and answers `lease-lost` otherwise; it
 * never throws for a lost race. A RUNNING task result with a cancel request that would become READY becomes CANCELLED.
 */
export interface LeaseSource {
  /**
   * Claims what is due: each becomes RUNNING with one more attempt, a new token and a lease that ends at now + lease.
   *
   * The expiry of a lease on one that has lost attempts counts as nothing until {@link begin}: what merely waited beside
   * a task that kills its worker must not be taken for the cause.
   */
  claim(request: ClaimRequest): Promise<ClaimAnswer>;

  /** Says that handlers are about to be called, so that the expiry of these leases counts as a lost attempt. */
  begin(request: {
    readonly items: readonly Lease[];
    readonly now: number;
  }): Promise<readonly BeginOutcome[]>;

  /** Moves leases' ends to now + lease; an expired lease that nobody has swept can still be renewed. */
  renew(request: {
    readonly items: readonly { readonly lease: Lease; readonly duration: number }[];
    readonly now: number;
  }): Promise<readonly RenewOutcome[]>;

  /**
   * Ends attempts. A repetition, after an answer that was lost, of the settlement that ended a task result answers as the
   * first one did.
   */
  settle(request: SettleRequest): Promise<readonly SettleOutcome[]>;

  /** Gives task results back to their old place in line without using a retry. */
  release(request: ReleaseRequest): Promise<readonly ReleaseOutcome[]>;

  /** Stores the progress of running attempts, as JSON text. */
  progress(request: {
    readonly items: readonly { readonly lease: Lease; readonly progress: string }[];
    readonly now: number;
  }): Promise<readonly ProgressOutcome[]>;
}
