import type { Duration } from "./duration.ts";

/** How the wait before a retry grows; the wait is drawn between 0 and `initial × factor^n` when `jitter` is true. */
export interface BackoffOptions {
  /** The wait before the first retry. @default "1s" */
  readonly initial?: Duration;
  /** What each further wait is multiplied by, 1 to 10. @default 2 */
  readonly factor?: number;
  /** The longest wait. @default "1h" */
  readonly max?: Duration;
  /** Draw each wait at random between 0 and its full length, so that retries spread. @default true */
  readonly jitter?: boolean;
}

/** Options of a task that a single call may override. */
export interface SharedOptions<TQueue extends string = string> {
  /** The queue it waits in. @default "default" */
  readonly queue?: TQueue;
  /** The server's backend that stores it. @default "default" */
  readonly backend?: string;
  /** -100 to 100, higher first; a point is 30 seconds of head start. @default 0 */
  readonly priority?: number;
  /** Attempts after the first, 0 to 1000. @default 3 */
  readonly maxRetries?: number;
  /** A fixed wait before each retry, instead of `backoff`; a number counts seconds. */
  readonly retryDelay?: Duration | number;
  /** How the wait before a retry grows. @default 1s, doubled each time, at most 1h, full jitter */
  readonly backoff?: BackoffOptions;
  /** How long one attempt may run before its signal aborts; false for no limit. @default "15m" */
  readonly timeout?: Duration | false;
  /** Fail as EXPIRED unless started this long after it is due. @default never */
  readonly expires?: Duration;
  /** Enqueue an equal input only once within `deduplicationWindow`. @default false */
  readonly deduplicated?: boolean;
  /** Enqueue only once under this id within `deduplicationWindow`; 1 to 200 characters. */
  readonly deduplicationId?: string;
  /** How long a first enqueue holds off further ones. @default "10m" */
  readonly deduplicationWindow?: Duration;
  /** Words to find it by, at most 10 of at most 64 characters. @default [] */
  readonly tags?: readonly string[];
}

/** What `t.task.options()` takes. */
export interface TaskOptions<TQueue extends string = string, TTransaction extends boolean = boolean>
  extends SharedOptions<TQueue> {
  /** The name people see. @default the task's path */
  readonly label?: string;
  /** How long a claim holds a task without a sign of life from its worker, 1s to 1h; renewed each third. @default "60s" */
  readonly lease?: Duration;
  /**
   * Run the handler in a database transaction, its `tx`, that also stores its completion: both happen or neither does.
   * On PostgreSQL, MySQL and MariaDB.
   * @default false
   */
  readonly transaction?: TTransaction;
}

/** What `initTasks.create({ defaults })` takes. */
export interface RouterDefaults<TQueue extends string = string>
  extends Omit<SharedOptions<TQueue>, "deduplicationId">,
    Pick<TaskOptions, "lease"> {}

/** A message, not a value: it is what the compiler shows where a call says twice when it is due. */
type OtherTime = "give at most one of countdown, eta and runAfter";

/** {@link CallOptions} that may say how long from now the call is due. */
export interface CallOptionsWithCountdown<TQueue extends string = string> extends SharedOptions<TQueue> {
  /** How long from now until it is due; a number counts seconds, as in Celery. */
  readonly countdown?: Duration | number;
  readonly eta?: OtherTime;
  readonly runAfter?: OtherTime;
}

/** {@link CallOptions} that may say by Celery's name when the call is due. */
export interface CallOptionsWithEta<TQueue extends string = string> extends SharedOptions<TQueue> {
  readonly countdown?: OtherTime;
  /** When it is due, as a `Date` or an ISO 8601 string with an offset (Celery's name). */
  readonly eta?: Date | string;
  readonly runAfter?: OtherTime;
}

/** {@link CallOptions} that may say by Django's name when the call is due. */
export interface CallOptionsWithRunAfter<TQueue extends string = string> extends SharedOptions<TQueue> {
  readonly countdown?: OtherTime;
  readonly eta?: OtherTime;
  /** When it is due, as a `Date` or an ISO 8601 string with an offset (Django's name). */
  readonly runAfter?: Date | string;
}

/** What `applyAsync`, `enqueue` and `using` take; at most one of `countdown`, `eta` and `runAfter`. */
export type CallOptions<TQueue extends string = string> =
  | CallOptionsWithCountdown<TQueue>
  | CallOptionsWithEta<TQueue>
  | CallOptionsWithRunAfter<TQueue>;

/** What `enqueueMany` takes: the options of each of its tasks, none of which can be what tells them apart. */
export type EnqueueManyOptions<TQueue extends string = string> = CallOptions<TQueue> & {
  readonly deduplicationId?: "give each input its own deduplicationId with enqueue(), or use deduplicated: true";
};
