import type { DeadLetters } from "./dead-letters.ts";
import type { DeliverySource } from "./delivery-source.ts";
import type { LeaseSource } from "./lease-source.ts";
import type { Maintenance } from "./maintenance.ts";
import type { OutboxSource } from "./outbox-source.ts";
import type { ScheduleStore } from "./schedule-store.ts";
import type { Schema } from "./schema.ts";
import type { TaskInspector } from "./task-inspector.ts";
import type { TaskStore } from "./task-store.ts";
import type { Transactions } from "./transactions.ts";
import type { Wakeups } from "./wakeups.ts";

/** One line of a backend's self-examination. */
export interface Finding {
  readonly level: "ok" | "warning" | "error";
  readonly message: string;
}

/**
 * What stores and delivers task results: the seam between the engine and a datastore.
 *
 * A feature that a backend lacks is an absent property. Backends only store: every decision (retry time, state, rank,
 * retention) comes with the request, and so does the time. Failures of the store reject with a `TaskError` of code
 * BACKEND_UNAVAILABLE or BACKEND_INCOMPATIBLE and the driver's error as its cause.
 *
 * `TTransaction` is the client of its transactions, which handlers of tasks with `transaction: true` get.
 */
export interface Backend<TTransaction = unknown> {
  /** What it is, for people: `sqlite`, `memory`; never compared in code. */
  readonly kind: string;
  readonly store: TaskStore;
  readonly leases?: LeaseSource;
  /** There where the backend pushes, and no worker can claim from it. */
  readonly delivery?: DeliverySource;
  /** There where {@link delivery} ends in a place that can be looked into. */
  readonly deadLetters?: DeadLetters;
  readonly maintenance?: Maintenance;
  readonly inspector?: TaskInspector;
  readonly wakeups?: Wakeups;
  readonly transactions?: Transactions<TTransaction>;
  /** There when what {@link transactions} enqueues waits in an outbox, from which it has to be relayed. */
  readonly outbox?: OutboxSource;
  readonly schedules?: ScheduleStore;
  /** Absent where tables are made at open. */
  readonly schema?: Schema;
  /** The store's clock in epoch milliseconds; absent where the store uses this machine's clock. */
  readonly readTime?: () => Promise<number>;
  /**
   * How many batches of enqueues, and of ends of attempts, it is to be sent at once, which it carries out in the order in
   * which they were sent.
   *
   * @default 1
   */
  readonly batchesAtOnce?: number;
  /**
   * How long an operation may wait for its turn in the store, in milliseconds, where that can be more than half a minute:
   * an answer that takes a minute, or half a minute longer than this, counts as none.
   */
  readonly longestWaitMs?: number;
  /**
   * Whether a server runs what it enqueues here at once, in its own process and before the enqueue resolves, however late
   * it is due; what another process enqueues, and ticks of schedules, wait for a worker as elsewhere.
   *
   * @default false
   */
  readonly runsAtOnce?: boolean;
  /** The lease of tasks that set none of their own, in milliseconds. @default 60_000 */
  readonly defaultLeaseMs?: number;
  /** Checks connection, schema and settings for `taskwright doctor`; says what can be lost, and when. */
  diagnose(): Promise<readonly Finding[]>;
  /** Connects, and applies migrations where there is no {@link schema}; called before the first operation, any number of times. */
  open(): Promise<void>;
  /** Ends connections, watches and timers; operations after it reject with CLOSED. */
  close(): Promise<void>;
}
