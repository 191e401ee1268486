import type { NewTask } from "./task-record.ts";
import type { EnqueueOutcome } from "./task-store.ts";

/** A task that a committed transaction left in an outbox, held by one relay for a while. */
export interface OutboxRow {
  /** The row's number, in the order in which rows were written. */
  readonly seq: number;
  /** The proof of holding the row; new at every {@link OutboxSource.take}. */
  readonly token: string;
  /** Null where somebody has changed the row, and it holds no task any more. */
  readonly task: NewTask | null;
  /** How often the backend has refused it. */
  readonly refusals: number;
  /** True for a task that the backend has, and has yet to deliver: by {@link OutboxSource.deliver}. */
  readonly isStored?: boolean;
}

export interface TakeRequest {
  /** Only the rows of these task results, at most `limit`; without it all that are due, oldest first. */
  readonly ids?: readonly string[];
  readonly limit: number;
  /** When the rows are there for other relays again, unless they are gone by then. */
  readonly until: number;
  readonly now: number;
}

export interface TakeAnswer {
  /** In the order in which they were written. */
  readonly rows: readonly OutboxRow[];
  /** Of `ids`, how many other relays hold; 0 where none were named. */
  readonly held: number;
}

/**
 * The facet of backends that keep no tasks in callers' databases and were given an outbox for that: where a relay takes
 * what committed transactions have left for this backend.
 *
 * Any number of relays may work at once. One that dies leaves its rows to others at their `until`; as the backend's
 * enqueue changes nothing for an id that it has, a row may be relayed again and again. Every operation on taken rows
 * applies only to those that are still held by their token.
 */
export interface OutboxSource {
  /** Is given what to call when something was left that a relay of this process should look for soon. */
  watchLeft?(look: () => void): void;
  /** Takes rows whose time has come, so that other relays leave them alone. */
  take(request: TakeRequest): Promise<TakeAnswer>;
  /**
   * Delivers the tasks of rows that are stored already; absent where there are no such rows. Answers `failed` for each that
   * could not be delivered, in the order of the rows.
   */
  deliver?(request: {
    readonly rows: readonly OutboxRow[];
    readonly now: number;
  }): Promise<readonly EnqueueOutcome[]>;
  /** Deletes rows whose tasks the backend has, or that stand for nothing. */
  remove(request: { readonly rows: readonly OutboxRow[] }): Promise<void>;
  /** Gives rows back to their old places, for a backend that is away. */
  giveBack(request: { readonly rows: readonly OutboxRow[] }): Promise<void>;
  /** Keeps a row that the backend refuses, with the reason, and away from relays until a time. */
  refuse(request: { readonly row: OutboxRow; readonly error: string; readonly until: number }): Promise<void>;
}
