import type { AttemptError } from "./attempt-error.ts";
import { jsonView } from "./json-view.ts";
import type { TaskStatus } from "./task-status.ts";

/** What every task result has, whatever its state. */
export interface TaskResultFields<TInput> {
  readonly id: string;
  readonly path: string;
  /** The task's name for people. */
  readonly label: string;
  /** The input as it was enqueued. */
  readonly input: TInput;
  /** One entry per attempt that went wrong, oldest first. */
  readonly errors: readonly AttemptError[];
  /** How many attempts have begun. */
  readonly attempts: number;
  readonly maxRetries: number;
  readonly queue: string;
  /** The name of the server's backend that keeps it. */
  readonly backend: string;
  readonly priority: number;
  /** The earliest time of the next attempt, or of the last one made. */
  readonly runAfter: Date;
  readonly enqueuedAt: Date;
  readonly startedAt: Date | null;
  readonly lastAttemptedAt: Date | null;
  readonly finishedAt: Date | null;
  /** One entry per attempt, oldest first. */
  readonly workerIds: readonly string[];
  readonly isFinished: boolean;
  /** The task result whose handler enqueued this one. */
  readonly parentId: string | null;
  readonly scheduleId: string | null;
  readonly tags: readonly string[];
  /** What `attempt.progress()` said last. */
  readonly progress: unknown;
  /** A plain object for JSON, with ISO 8601 times; what JSON has no word for, such as a bigint, as its nearest. */
  toJSON(): Record<string, unknown>;
}

/** A task result that ended well. */
export interface SuccessfulTaskResult<TOutput, TInput = unknown> extends TaskResultFields<TInput> {
  readonly status: "SUCCESSFUL";
  readonly output: TOutput;
}

/** A task result that has not ended, or has not ended well. */
export interface UnsuccessfulTaskResult<TInput = unknown> extends TaskResultFields<TInput> {
  readonly status: Exclude<TaskStatus, "SUCCESSFUL">;
  readonly output: undefined;
}

/** The record of one enqueued call; `status` tells whether it has an output. */
export type TaskResult<TOutput = unknown, TInput = unknown> =
  | SuccessfulTaskResult<TOutput, TInput>
  | UnsuccessfulTaskResult<TInput>;

/** Everything of a task result but what follows from it. */
export type TaskResultInit = Omit<TaskResultFields<unknown>, "isFinished" | "toJSON"> & {
  readonly status: TaskStatus;
  readonly output: unknown;
};

const TIMES = ["runAfter", "enqueuedAt", "startedAt", "lastAttemptedAt", "finishedAt"] as const;

/** Completes a task result. */
export function taskResult(init: TaskResultInit): TaskResult {
  const isFinished = init.finishedAt !== null;
  const result = {
    ...init,
    isFinished,
    toJSON: () => ({
      ...init,
      isFinished,
      input: jsonView(init.input),
      output: jsonView(init.output),
      progress: jsonView(init.progress),
      ...Object.fromEntries(TIMES.map((name) => [name, init[name]?.toISOString() ?? null])),
    }),
  };
  // Functions do not belong in a record that people print and compare.
  Object.defineProperty(result, "toJSON", { enumerable: false });
  return result as TaskResult;
}
