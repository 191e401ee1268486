/**
 * Why an attempt, or a task result as a whole, went wrong.
 *
 * - `EXECUTION_ERROR`: the handler, or middleware around it, threw.
 * - `PAYLOAD_ERROR`: the input or output does not fit its schema, codec or size; never retried.
 * - `TIMEOUT`: the handler ran longer than its timeout.
 * - `LEASE_EXPIRED`: the worker was lost.
 * - `EXPIRED`: the task was not started in time.
 * - `INTERNAL_ERROR`: the context could not be made, or Taskwright itself failed.
 */
export type AttemptErrorType =
  | "EXECUTION_ERROR"
  | "PAYLOAD_ERROR"
  | "TIMEOUT"
  | "LEASE_EXPIRED"
  | "EXPIRED"
  | "INTERNAL_ERROR";

/** One entry of a task result's `errors`. */
export interface AttemptError {
  readonly type: AttemptErrorType;
  /** The thrown error's class name, such as `TypeError`; the `type` when nothing was thrown. */
  readonly exceptionClass: string;
  readonly message: string;
  /** The thrown error's stack, or null when there is none. */
  readonly stack: string | null;
  /** The attempt's number, from 1; 0 when no attempt was made. */
  readonly attempt: number;
  /** The worker that made the attempt, or null when none did. */
  readonly workerId: string | null;
  /** ISO 8601 time in UTC. */
  readonly at: string;
}
