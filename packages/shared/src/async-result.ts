import { type Duration, durationToMs } from "./duration.ts";
import { TaskError } from "./errors/task-error.ts";
import { checkOptionNames } from "./option-names.ts";
import type { TaskResult } from "./task-result.ts";
import type { TaskStatus } from "./task-status.ts";
import type {
  AbortSignalLike,
  CancelAnswer,
  ProgressUpdate,
  ResultAddress,
  TaskTransport,
} from "./task-transport.ts";
import { kindOf } from "./value-kind.ts";

/** How long `get()` waits. */
export interface GetOptions {
  /** Reject with RESULT_TIMEOUT after this long, or 2 s later when the store does not answer; the task goes on. @default no limit */
  readonly timeout?: Duration;
  /** Reject with ABORTED when it aborts; the task goes on. */
  readonly signal?: AbortSignalLike;
}

/** What `onProgress()` takes beside its listener. */
export interface ProgressOptions {
  /** Called once when nothing more can be told, such as with RESULT_NOT_FOUND. @default nobody is told */
  readonly onError?: (error: unknown) => void;
}

/** A caller's handle on a task result. */
export interface AsyncResult<TOutput, TInput = unknown> {
  readonly id: string;
  /** The same as `id` (django-qstash's name). */
  readonly taskId: string;
  /** True when this enqueue was one too many and `id` is an earlier one's. */
  readonly deduplicated: boolean;
  /**
   * Waits for the end and gives the output.
   *
   * Rejects with TASK_FAILED (`data.errors` has the attempts), TASK_CANCELLED, RESULT_TIMEOUT, RESULT_NOT_FOUND,
   * RESULT_MISMATCH or ABORTED.
   */
  get(options?: GetOptions): Promise<TOutput>;
  /** Reads where it stands. */
  status(): Promise<TaskStatus>;
  /** Reads the whole record. */
  refresh(): Promise<TaskResult<TOutput, TInput>>;
  /** Ends it when it waits, asks its handler to stop when it runs. */
  cancel(): Promise<CancelAnswer>;
  /**
   * Calls back with where it stands, at first and at each change, until it has ended; what it returns stops that.
   *
   * The last call has the status it ended with. Changes that follow one another quickly may be told as one.
   */
  onProgress(listener: (update: ProgressUpdate) => void, options?: ProgressOptions): () => void;
}

function outputOf<TOutput>(result: TaskResult): TOutput {
  const { id, path, status, errors, attempts } = result;
  if (status === "SUCCESSFUL") return result.output as TOutput;
  const data = { id, path, errors };
  if (status === "CANCELLED") {
    throw new TaskError({ code: "TASK_CANCELLED", message: `${path} ${id} was cancelled.`, data });
  }
  if (status !== "FAILED") {
    throw new TaskError({
      code: "INTERNAL_ERROR",
      message: `The wait for ${path} ${id} ended while it was ${status}.`,
      data,
    });
  }
  const last = errors.at(-1);
  const reason = last === undefined ? "no reason was stored" : `${last.type}: ${last.message}`;
  throw new TaskError({
    code: "TASK_FAILED",
    message: `${path} ${id} failed after ${attempts} attempt${attempts === 1 ? "" : "s"}: ${reason}`,
    data,
  });
}

function waitOf(options: GetOptions): { timeoutMs: number | null; signal: AbortSignalLike | null } {
  checkOptionNames(options, "get()", ["timeout", "signal"]);
  const { timeout, signal } = options;
  if (signal !== undefined && typeof signal?.addEventListener !== "function") {
    throw new TaskError({
      code: "INVALID_OPTION",
      message: `signal must be an AbortSignal, such as new AbortController().signal; got ${kindOf(signal)}.`,
      data: { option: "signal" },
    });
  }
  return {
    timeoutMs: timeout === undefined ? null : durationToMs(timeout, "timeout"),
    signal: signal ?? null,
  };
}

function checkListener(value: unknown, name: string): void {
  if (typeof value === "function") return;
  throw new TaskError({
    code: "INVALID_OPTION",
    message: `${name} must be a function; got ${kindOf(value)}.`,
    data: { option: name },
  });
}

/** Makes the handle of a task result. */
export function asyncResult<TOutput, TInput>(
  transport: TaskTransport,
  address: ResultAddress,
  deduplicated: boolean,
): AsyncResult<TOutput, TInput> {
  return {
    id: address.id,
    taskId: address.id,
    deduplicated,
    get: async (options = {}) => outputOf<TOutput>(await transport.waitForResult(address, waitOf(options))),
    status: async () => (await transport.getResult(address)).status,
    refresh: async () => (await transport.getResult(address)) as TaskResult<TOutput, TInput>,
    cancel: async () => transport.cancel(address),
    onProgress: (listener, options = {}) => {
      checkListener(listener, "The listener of onProgress()");
      checkOptionNames(options, "onProgress()", ["onError"]);
      const { onError = () => {} } = options;
      checkListener(onError, "onError");
      return transport.watchProgress(address, { onUpdate: listener, onError });
    },
  };
}
