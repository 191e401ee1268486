import type { Finding } from "./backend.ts";
import type { OutboxSource } from "./outbox-source.ts";
import type { Schema } from "./schema.ts";
import type { NewTask } from "./task-record.ts";
import type { TransactionRequest } from "./transactions.ts";

/**
 * A table in the caller's database from which tasks are relayed into a backend that keeps them elsewhere.
 *
 * Backends take it as an option and never import one.
 */
export interface Outbox {
  /** Throws INVALID_OPTION unless it is the client of a transaction in which rows can be written. */
  check(transaction: unknown): void;
  /** Runs work in a transaction of the caller's database client, as the facet of transactions does. */
  run<T>(request: TransactionRequest<T>): Promise<T>;
  /**
   * Writes a row for each task in a transaction that the caller runs, all or none of them; tries nothing again.
   *
   * Rejects with TRANSACTION_ENDED when it has ended.
   */
  add(request: {
    readonly transaction: unknown;
    /** Which backend they are for. */
    readonly destination: string;
    readonly tasks: readonly NewTask[];
  }): Promise<void>;
  /** The rows for one backend. */
  source(destination: string): OutboxSource;
  readonly schema: Schema;
  /** Examines the rows for one backend; says what waits there, and what was refused. */
  diagnose(destination: string): Promise<readonly Finding[]>;
  /** Checks that its table is that of this version; called any number of times. */
  open(): Promise<void>;
}
