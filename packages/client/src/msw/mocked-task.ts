import type { AttemptError, AttemptErrorType, Duration, SharedOptions, TaskStatus } from "@taskwright/shared";

/** The procedure by which a task was enqueued; the client of this package calls `enqueue` and `enqueueMany` only. */
export type EnqueueMethod = "delay" | "applyAsync" | "enqueue" | "enqueueMany";

/** The options of a call, as they came: a `Date` is an ISO string where there is no transformer. */
export interface MockedOptions extends SharedOptions {
  readonly countdown?: Duration | number;
  readonly eta?: Date | string;
  readonly runAfter?: Date | string;
}

/** The options of a call that `allowOptions` can name. */
export type MockedOptionName = keyof MockedOptions;

/** Why an attempt went wrong, as its entry in `errors` tells it. */
export interface MockedError {
  /** @default "EXECUTION_ERROR" */
  readonly type?: AttemptErrorType;
  /** @default "Error" */
  readonly exceptionClass?: string;
  /** @default a sentence that says that the mock did it */
  readonly message?: string;
}

/** What {@link MockedTask.retry} takes. */
export interface MockedRetry extends MockedError {
  /** How long until it is due; nothing starts it then but the test. @default "0s" */
  readonly in?: Duration;
}

/** What `succeed` takes: nothing for a task without an output. */
export type OutputArguments<TOutput> = [TOutput] extends [void]
  ? // any and never extend void too, and yet are outputs.
    0 extends 1 & TOutput
    ? [output: TOutput]
    : [TOutput] extends [never]
      ? [output: TOutput]
      : []
  : undefined extends TOutput
    ? [output?: TOutput]
    : [output: TOutput];

/**
 * A task that the frontend has enqueued, which the test drives.
 *
 * `progress`, `succeed`, `fail` and `retry` start a task that is READY first. Each method throws NOT_EXECUTABLE once it has ended.
 */
export interface MockedTask<TPath extends string = string, TInput = unknown, TOutput = unknown> {
  readonly id: string;
  readonly path: TPath;
  /** As the frontend has sent it. */
  readonly input: TInput;
  readonly options: MockedOptions;
  readonly method: EnqueueMethod;
  readonly enqueuedAt: Date;
  /** The earliest time of the next attempt, as `countdown`, `eta` or `retry` said; the test may start it sooner. */
  readonly runAfter: Date;
  readonly status: TaskStatus;
  readonly attempts: number;
  readonly errors: readonly AttemptError[];
  /** Whether the frontend has cancelled it while it was RUNNING; `cancel()` then ends it as a handler that stops. */
  readonly isCancelRequested: boolean;
  /** Begins an attempt: READY becomes RUNNING. */
  start(): void;
  /** Says what `attempt.progress()` would. Throws PAYLOAD_ERROR for more than 16 KB, and for what JSON cannot carry. */
  progress(value: unknown): void;
  /** Ends it SUCCESSFUL. Throws PAYLOAD_ERROR for an output that does not fit, or that cannot be carried. */
  succeed(...output: OutputArguments<TOutput>): void;
  /** Ends it FAILED, or CANCELLED where that was requested. */
  fail(error?: Error | MockedError): void;
  /** Ends the attempt and makes it READY again with one more of `errors`, or CANCELLED where that was requested. */
  retry(options?: MockedRetry): void;
  /** Ends it CANCELLED. */
  cancel(): void;
}
