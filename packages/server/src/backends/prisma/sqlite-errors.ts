import { isTaskError, TaskError } from "@taskwright/shared";

/** What Prisma's SQLite adapters call the causes that are told apart here. */
const LOCKED: ReadonlySet<unknown> = new Set(["SocketTimeout"]);
const REFUSED: ReadonlySet<unknown> = new Set([
  "NullConstraintViolation",
  "UniqueConstraintViolation",
  "ForeignKeyConstraintViolation",
]);
/** Too large, a constraint, a wrong type, a wrong parameter: primary result codes of SQLite. */
const REFUSED_CODES: ReadonlySet<number> = new Set([18, 19, 20, 25]);
const BUSY = 5;

interface DriverCause {
  readonly kind?: unknown;
  readonly originalCode?: unknown;
  readonly originalMessage?: unknown;
}

function causeOf(error: unknown): DriverCause {
  const { meta, cause } = (error ?? {}) as {
    readonly meta?: { readonly driverAdapterError?: { readonly cause?: DriverCause } };
    readonly cause?: DriverCause;
  };
  return meta?.driverAdapterError?.cause ?? cause ?? {};
}

function primaryCode(error: unknown): number {
  return Number(causeOf(error).originalCode) & 0xff;
}

/** Whether the lock was another's, so that waiting may help. */
export function isLocked(error: unknown): boolean {
  const { kind, originalCode } = causeOf(error);
  // One adapter says the number of SQLite's code, another its name.
  return LOCKED.has(kind) || primaryCode(error) === BUSY || /^SQLITE_BUSY/.test(String(originalCode));
}

/** Whether the store is well and only refuses this one row. */
export function isRefusal(error: unknown): boolean {
  return REFUSED.has(causeOf(error).kind) || REFUSED_CODES.has(primaryCode(error));
}

/** Turns what a Prisma client threw for a statement of ours into a TaskError. */
export function toTaskError(error: unknown): TaskError {
  if (isTaskError(error)) return error;
  const code = (error as { readonly code?: unknown } | null)?.code;
  if (code === "P2028") {
    return new TaskError({
      code: "TRANSACTION_ENDED",
      message:
        "The transaction had ended, or taken longer than its timeout, before the task was stored; nothing was stored. Await each call inside it.",
      cause: error,
    });
  }
  if (isLocked(error)) {
    return new TaskError({
      code: "BACKEND_UNAVAILABLE",
      message:
        "The database was locked by another writer; nothing was stored. Give Prisma's adapter a timeout, and let transactions that write begin with a write.",
      cause: error,
    });
  }
  if (/no such table/.test(String(causeOf(error).originalMessage))) {
    return new TaskError({
      code: "BACKEND_INCOMPATIBLE",
      message: "The database has no tables of Taskwright yet. Run `taskwright migrate`.",
      cause: error,
    });
  }
  return new TaskError({
    code: isRefusal(error) ? "BACKEND_INCOMPATIBLE" : "BACKEND_UNAVAILABLE",
    message: isRefusal(error)
      ? "The database refused a task: a value does not fit, or the table has a constraint or trigger that is not Taskwright's."
      : "The database refused a statement in the caller's transaction; nothing was stored.",
    cause: error,
  });
}
