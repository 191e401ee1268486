import { ERROR_CODES, type TaskErrorCode } from "./error-codes.ts";

/** What a {@link TaskError} is made of. */
export interface TaskErrorInit<TData = unknown> {
  readonly code: TaskErrorCode;
  readonly message: string;
  /** Facts for programs, such as zod issues; never secrets or whole inputs. */
  readonly data?: TData;
  readonly cause?: unknown;
}

/** The same symbol in every copy of this package, and not one that another library's errors have. */
const MARK = Symbol.for("@taskwright/TaskError");

/**
 * The one error class of Taskwright: a code for programs, a sentence for people.
 *
 * Recognise it with {@link isTaskError}, not with `instanceof`: two copies of this package may be loaded at once.
 */
export class TaskError<TData = unknown> extends Error {
  override readonly name: string = "TaskError";
  readonly code: TaskErrorCode;
  readonly data: TData | undefined;

  static {
    Object.defineProperty(TaskError.prototype, MARK, { value: true });
  }

  constructor(init: TaskErrorInit<TData>) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause });
    this.code = init.code;
    this.data = init.data;
  }

  /** The HTTP status an edge answers with. */
  get httpStatus(): number {
    return ERROR_CODES[this.code].httpStatus;
  }

  /** Whether the same call may succeed later without a change. */
  get retryable(): boolean {
    return ERROR_CODES[this.code].retryable;
  }

  /** The form that crosses a wire: no stack and no cause. */
  toJSON(): TaskErrorJson<TData> {
    return {
      name: this.name,
      code: this.code,
      message: this.message,
      ...(this.data === undefined ? {} : { data: this.data }),
    };
  }
}

/** A {@link TaskError} as it crosses a wire. */
export interface TaskErrorJson<TData = unknown> {
  readonly name: string;
  readonly code: TaskErrorCode;
  readonly message: string;
  readonly data?: TData;
}

/** One way in which a payload does not fit: where, and what was expected. */
export interface PayloadIssue {
  /** Keys and indices from the payload's root; empty for the root itself. */
  readonly path: readonly (string | number)[];
  readonly message: string;
  /** zod's issue code, or `not_json_safe`, `too_large`, `ambiguous_union`, `unknown_codec`, `unreadable`. */
  readonly code: string;
}

/** Facts of a {@link PayloadError}. */
export interface PayloadErrorData {
  /** The task's path. */
  readonly task: string;
  readonly side: "input" | "output";
  readonly issues: readonly PayloadIssue[];
  /** The position in `enqueueMany`'s list, when there was one. */
  readonly index?: number;
}

/** An input or output that does not fit its schema, the wire or the size limit. */
export class PayloadError extends TaskError<PayloadErrorData> {
  override readonly name = "PayloadError";

  constructor(init: Omit<TaskErrorInit<PayloadErrorData>, "code">) {
    super({ ...init, code: "PAYLOAD_ERROR" });
  }
}

/** Tells whether a value is a {@link TaskError}, from any copy of this package; with a code, whether it has that code. */
export function isTaskError(value: unknown, code: "PAYLOAD_ERROR"): value is TaskError<PayloadErrorData>;
export function isTaskError(value: unknown, code?: TaskErrorCode): value is TaskError;
export function isTaskError(value: unknown, code?: TaskErrorCode): value is TaskError {
  if (typeof value !== "object" || value === null) return false;
  try {
    if (!(MARK in value)) return false;
    return code === undefined || (value as { readonly code?: unknown }).code === code;
  } catch {
    // A proxy that refuses to be looked at is none of ours.
    return false;
  }
}
