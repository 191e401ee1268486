import type { SettleOutcome, SettleRequest } from "./lease-source.ts";
import type { EnqueueOutcome, EnqueueRequest } from "./task-store.ts";

/** What a caller's transaction is given to be run with: of the caller's library, and passed on as it is. */
export interface TransactionRequest<T> {
  /** The client that begins it. */
  readonly client: unknown;
  readonly work: (transaction: unknown) => Promise<T>;
  readonly options: unknown;
}

/** The work of an attempt in a transaction, whose client it gets. */
export type AttemptWork<T, TTransaction = unknown> = (
  transaction: TTransaction,
  settle: SettleInside,
) => Promise<T>;

/** Stores the end of an attempt in the transaction of its handler. */
export type SettleInside = (request: SettleRequest) => Promise<readonly SettleOutcome[]>;

/**
 * The facet of backends that keep task results where the caller keeps data, so that both change in one transaction.
 *
 * A transaction is whatever the caller's library hands out for one. What is none, or leads elsewhere, is refused with
 * INVALID_OPTION before anything is sent.
 *
 * `TTransaction` is the client of the transactions that the backend runs itself.
 */
export interface Transactions<TTransaction = unknown> {
  /** Throws INVALID_OPTION unless it is the client of a transaction that this backend can use. */
  check(transaction: unknown): void;

  /**
   * Stores task results in a transaction that the caller runs: workers see them after its commit, and never when it is
   * rolled back. Workers of other processes are woken by the commit where the store can do that.
   *
   * Nothing is tried again, as the caller's transaction may be undone by then. Rejects with TRANSACTION_ENDED when it has
   * ended.
   */
  enqueue(request: EnqueueRequest & { readonly transaction: unknown }): Promise<readonly EnqueueOutcome[]>;

  /**
   * Runs work in a transaction of the caller's database client; commits when it resolves, and rolls back when it rejects,
   * with the same error. Rejects with INVALID_OPTION for what is no such client.
   */
  run<T>(request: TransactionRequest<T>): Promise<T>;

  /** Says that a transaction with task results has been committed: workers of this process look at once. */
  committed(): void;

  /**
   * Runs a handler in a transaction of the backend's own client; `settle` inside it ends the attempt, as its last
   * statement. Rolls back when the work rejects, with the same error. Absent where the store has one writer at a time.
   *
   * @param timeoutMs how long the transaction may take; null for as long as it likes
   */
  readonly runAttempt?: <T>(request: {
    readonly timeoutMs: number | null;
    readonly work: AttemptWork<T, TTransaction>;
  }) => Promise<T>;
}
