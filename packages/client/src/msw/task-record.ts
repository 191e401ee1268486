import {
  type AttemptError,
  checkOptionNames,
  durationToMs,
  isFinishedStatus,
  type ProgressUpdate,
  TaskError,
  type TaskResultOnWire,
  type TaskStatus,
} from "@taskwright/shared";
import { carriedProgress } from "./carried-progress.ts";
import type { EnqueueMethod, MockedError, MockedOptions, MockedRetry, MockedTask } from "./mocked-task.ts";

/** What a task result is made of. */
export interface TaskRecordInit {
  readonly id: string;
  readonly path: string;
  readonly label: string;
  readonly input: unknown;
  readonly options: MockedOptions;
  readonly method: EnqueueMethod;
  readonly enqueuedAt: Date;
  readonly runAfter: Date;
  readonly queue: string;
  readonly priority: number;
  /** Infinity where nobody knows. */
  readonly maxRetries: number;
  readonly tags: readonly string[];
}

/** What everybody is told of a task whose retries nobody knows: those of a task that sets none. */
const USUAL_RETRIES = 3;
const BY_MOCK = "The test let this attempt go wrong.";
const ERROR_NAMES = ["type", "exceptionClass", "message"];

/** One task result of the mock: a state that the test moves and the frontend reads. */
export class TaskRecord implements MockedTask {
  readonly id: string;
  readonly path: string;
  readonly input: unknown;
  readonly options: MockedOptions;
  readonly method: EnqueueMethod;
  readonly enqueuedAt: Date;
  runAfter: Date;
  status: TaskStatus = "READY";
  attempts = 0;
  errors: readonly AttemptError[] = [];
  isCancelRequested = false;
  readonly #init: TaskRecordInit;
  readonly #carried: (output: unknown) => unknown;
  readonly #listeners = new Set<() => void>();
  #output: unknown;
  #progress: unknown = null;
  #startedAt: Date | null = null;
  #lastAttemptedAt: Date | null = null;
  #finishedAt: Date | null = null;
  #revision = 1;

  /** @param carried what the frontend gets of an output; throws PAYLOAD_ERROR for one that does not fit */
  constructor(init: TaskRecordInit, carried: (output: unknown) => unknown) {
    this.id = init.id;
    this.path = init.path;
    this.input = init.input;
    this.options = init.options;
    this.method = init.method;
    this.enqueuedAt = init.enqueuedAt;
    this.runAfter = init.runAfter;
    this.#init = init;
    this.#carried = carried;
  }

  start(): void {
    if (this.status !== "READY") throw this.#notExecutable("start", `is ${this.status} already`);
    this.#start();
    this.#tell();
  }

  progress(value: unknown): void {
    this.#checkOpen("progress");
    const progress = carriedProgress(this.path, value);
    this.#start();
    this.#progress = progress;
    this.#tell();
  }

  succeed(output?: unknown): void {
    this.#checkOpen("succeed");
    const carried = this.#carried(output);
    this.#start();
    this.#output = carried;
    this.#end("SUCCESSFUL");
  }

  fail(error: Error | MockedError = {}): void {
    this.#checkOpen("fail");
    this.#addError(error, "fail");
    this.#end(this.isCancelRequested ? "CANCELLED" : "FAILED");
  }

  retry(options: MockedRetry = {}): void {
    this.#checkOpen("retry");
    checkOptionNames(options, "retry()", ["in", ...ERROR_NAMES]);
    const { in: wait = "0s", ...error } = options;
    const waitMs = durationToMs(wait, "in");
    const { maxRetries } = this.#init;
    // A task that is READY is started first, so this attempt counts.
    const attempts = this.attempts + (this.status === "READY" ? 1 : 0);
    if (attempts > maxRetries)
      throw this.#notExecutable("retry", `has no retry left of ${maxRetries}; a server would fail it`);
    this.#addError(error, "retry");
    if (this.isCancelRequested) {
      this.#end("CANCELLED");
      return;
    }
    this.runAfter = new Date(Date.now() + waitMs);
    this.status = "READY";
    this.#tell();
  }

  cancel(): void {
    this.#checkOpen("cancel");
    this.#end("CANCELLED");
  }

  /** What the frontend's cancel does. */
  requestCancel(): "cancelled" | "requested" | "finished" {
    if (isFinishedStatus(this.status)) return "finished";
    if (this.status === "READY") {
      this.#end("CANCELLED");
      return "cancelled";
    }
    this.isCancelRequested = true;
    return "requested";
  }

  get isFinished(): boolean {
    return this.#finishedAt !== null;
  }

  /** Wakes whoever waits; there is no such task result any more. */
  forget(): void {
    this.#wake();
  }

  /** Calls back at each change; what it returns stops that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Where it stands, under an id that is another after each change. */
  update(): { readonly eventId: string; readonly update: ProgressUpdate } {
    return {
      eventId: `${this.id}.${this.#revision}`,
      update: { status: this.status, progress: this.#progress },
    };
  }

  /** What the frontend is shown. */
  toWire(): TaskResultOnWire {
    const { label, queue, priority, maxRetries, tags } = this.#init;
    return {
      id: this.id,
      path: this.path,
      label,
      status: this.status,
      input: this.input,
      output: this.#output,
      errors: this.errors,
      attempts: this.attempts,
      maxRetries: Number.isFinite(maxRetries) ? maxRetries : USUAL_RETRIES,
      queue,
      priority,
      runAfter: this.runAfter,
      enqueuedAt: this.enqueuedAt,
      startedAt: this.#startedAt,
      lastAttemptedAt: this.#lastAttemptedAt,
      finishedAt: this.#finishedAt,
      parentId: null,
      scheduleId: null,
      tags,
      progress: this.#progress,
    };
  }

  /** Begins an attempt unless one runs. */
  #start(): void {
    if (this.status !== "READY") return;
    const now = Date.now();
    this.status = "RUNNING";
    this.attempts += 1;
    // Two objects, as a transformer sends one that is there twice in another form.
    this.#startedAt ??= new Date(now);
    this.#lastAttemptedAt = new Date(now);
  }

  #end(status: TaskStatus): void {
    this.status = status;
    this.#finishedAt = new Date();
    this.#tell();
  }

  #addError(error: Error | MockedError, method: string): void {
    // One of another realm, such as a test's DOM, is no instance of this one's.
    const isError = error instanceof Error || "stack" in error;
    if (!isError)
      checkOptionNames(error, `${method}()`, method === "retry" ? ["in", ...ERROR_NAMES] : ERROR_NAMES);
    const given: MockedError = isError ? { exceptionClass: error.name, message: error.message } : error;
    const { type = "EXECUTION_ERROR", exceptionClass = "Error", message = BY_MOCK } = given;
    this.#start();
    const at = new Date().toISOString();
    const entry = { type, exceptionClass, message, attempt: this.attempts, at, stack: null, workerId: null };
    this.errors = [...this.errors, entry];
  }

  #tell(): void {
    this.#revision += 1;
    this.#wake();
  }

  #wake(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  #checkOpen(method: string): void {
    if (this.isFinished) throw this.#notExecutable(method, `has ended ${this.status}`);
  }

  #notExecutable(method: string, state: string): TaskError {
    return new TaskError({
      code: "NOT_EXECUTABLE",
      message: `${method}() cannot be done: ${this.path} ${this.id} ${state}.`,
      data: { id: this.id, path: this.path },
    });
  }
}
