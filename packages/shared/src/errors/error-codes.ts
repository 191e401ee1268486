/**
 * Every code a `TaskError` can carry, with what an edge makes of it: the HTTP status it answers with, and whether the
 * same call may succeed later without a change.
 */
export const ERROR_CODES = {
  /** An input or output does not fit its schema, the wire or the size limit. */
  PAYLOAD_ERROR: { httpStatus: 400, retryable: false },
  /** An option of a call, task, server, worker or backend is unknown or out of range. */
  INVALID_OPTION: { httpStatus: 400, retryable: false },
  /** A task, router or handler is declared in a way that cannot work. */
  INVALID_CONTRACT: { httpStatus: 500, retryable: false },
  /** No task has this path. */
  UNKNOWN_TASK: { httpStatus: 404, retryable: false },
  /** The contract declares no queue of this name. */
  UNKNOWN_QUEUE: { httpStatus: 400, retryable: false },
  /** The server has no backend of this name. */
  UNKNOWN_BACKEND: { httpStatus: 400, retryable: false },
  /** This process has no handler for the task. */
  HANDLER_MISSING: { httpStatus: 501, retryable: false },
  /** The backend cannot do this; its `capabilities` say what it can. */
  NOT_SUPPORTED: { httpStatus: 501, retryable: false },
  /** Some tasks of one `enqueueMany` were stored and others were not; `data.outcomes` has one entry per input. */
  ENQUEUE_INCOMPLETE: { httpStatus: 503, retryable: true },
  /** The task result ended FAILED. */
  TASK_FAILED: { httpStatus: 422, retryable: false },
  /** The task result ended CANCELLED. */
  TASK_CANCELLED: { httpStatus: 409, retryable: false },
  /** A task result has no execution to make in its present state. */
  NOT_EXECUTABLE: { httpStatus: 409, retryable: false },
  /** The task result did not end in the time the caller would wait. */
  RESULT_TIMEOUT: { httpStatus: 504, retryable: true },
  /** The store has no task result with this id: never enqueued there, or purged. */
  RESULT_NOT_FOUND: { httpStatus: 404, retryable: false },
  /** The id is that of another task's result. */
  RESULT_MISMATCH: { httpStatus: 409, retryable: false },
  /** No backend has a schedule with this id. */
  SCHEDULE_NOT_FOUND: { httpStatus: 404, retryable: false },
  /** The attempt no longer holds the task result; another attempt may be running. */
  LEASE_LOST: { httpStatus: 409, retryable: false },
  /** The caller's transaction was committed, rolled back or timed out before the call reached it; nothing was stored. */
  TRANSACTION_ENDED: { httpStatus: 409, retryable: false },
  /** The caller's `signal` ended the wait. */
  ABORTED: { httpStatus: 499, retryable: true },
  /** The store did not answer, is locked, full or read-only; what was acknowledged is safe. */
  BACKEND_UNAVAILABLE: { httpStatus: 503, retryable: true },
  /** The store's schema is older or newer than this version of the library, or its data is damaged. */
  BACKEND_INCOMPATIBLE: { httpStatus: 500, retryable: false },
  /** The server, worker or client was stopped. */
  CLOSED: { httpStatus: 503, retryable: true },
  /** A webhook call could not be accepted, as it holds no message of Taskwright's. */
  WEBHOOK_ERROR: { httpStatus: 400, retryable: false },
  /** A message was written by a newer version than this process runs; one that has been updated can read it. */
  UPDATE_REQUIRED: { httpStatus: 503, retryable: true },
  /** A webhook's signature is missing, malformed or wrong. */
  SIGNATURE_ERROR: { httpStatus: 401, retryable: false },
  /** The edge that was called does not know who calls. */
  UNAUTHORIZED: { httpStatus: 401, retryable: false },
  /** The caller may not do this, or may not set this option. */
  FORBIDDEN: { httpStatus: 403, retryable: false },
  /** The edge that was called refused for a reason of its own, which is the error's cause. */
  REFUSED: { httpStatus: 400, retryable: false },
  /** The key of a request was used before, and not for this. */
  REQUEST_CONFLICT: { httpStatus: 409, retryable: false },
  /** No answer came from the edge that was called; whether it has done what it was asked to is not known. */
  SERVER_UNREACHABLE: { httpStatus: 503, retryable: true },
  /** A fault in Taskwright itself. */
  INTERNAL_ERROR: { httpStatus: 500, retryable: false },
} as const;

/** The machine-readable reason of a {@link TaskError}. */
export type TaskErrorCode = keyof typeof ERROR_CODES;
