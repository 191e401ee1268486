import { isTaskError, TaskError, type TaskErrorCode } from "@taskwright/shared";

const BUSY = 5;
const LOCKED = 6;
const FULL = 13;
/** Too large, a constraint, a wrong type, a wrong parameter. */
const ROW_REFUSED: ReadonlySet<number> = new Set([18, 19, 20, 25]);

/** SQLite's primary result codes, as https://sqlite.org/rescode.html lists them, in our words. */
const MEANINGS: Readonly<Record<number, { readonly code: TaskErrorCode; readonly text: string }>> = {
  3: {
    code: "BACKEND_UNAVAILABLE",
    text: "access is not permitted; check the rights on the file and its folder",
  },
  [BUSY]: { code: "BACKEND_UNAVAILABLE", text: "another process holds the write lock for too long" },
  [LOCKED]: { code: "BACKEND_UNAVAILABLE", text: "a table is locked" },
  8: {
    code: "BACKEND_UNAVAILABLE",
    text: "it is read-only; give this process the right to write the file and its folder",
  },
  10: {
    code: "BACKEND_UNAVAILABLE",
    text: "the disk reported an error; was the file moved, or its disk unmounted?",
  },
  11: {
    code: "BACKEND_INCOMPATIBLE",
    text: "the file is damaged; restore a backup, or save what can be read with `sqlite3 FILE .recover`",
  },
  [FULL]: { code: "BACKEND_UNAVAILABLE", text: "the disk is full; free some space" },
  14: {
    code: "BACKEND_UNAVAILABLE",
    text: "it cannot be opened; does its folder exist, and may this process write there?",
  },
  26: { code: "BACKEND_INCOMPATIBLE", text: "the file is no SQLite database" },
};

function resultCode(error: unknown): number | undefined {
  const extended = (error as { errcode?: unknown } | null)?.errcode;
  return typeof extended === "number" ? extended & 0xff : undefined;
}

/** Whether the write lock was taken, so that waiting may help. */
export function isBusy(error: unknown): boolean {
  const code = resultCode(error);
  return code === BUSY || code === LOCKED;
}

/** Whether the store is well and only refuses this one row, as for a value that a column cannot hold. */
export function isRefusal(error: unknown): boolean {
  const code = resultCode(error);
  return error instanceof TypeError || (code !== undefined && ROW_REFUSED.has(code));
}

/** Turns whatever the driver threw into a TaskError that says what happened and how to mend it. */
export function toTaskError(error: unknown, file: string): TaskError {
  if (isTaskError(error)) return error;
  const code = resultCode(error);
  const meaning = code === undefined ? undefined : MEANINGS[code];
  if (meaning !== undefined) {
    return new TaskError({
      code: meaning.code,
      message: `The database ${file}: ${meaning.text}.`,
      cause: error,
    });
  }
  const isDriver = code !== undefined || (error as { code?: unknown } | null)?.code === "ERR_SQLITE_ERROR";
  return new TaskError({
    code: isDriver ? "BACKEND_UNAVAILABLE" : "INTERNAL_ERROR",
    message: isDriver
      ? `The database ${file} refused an operation (SQLite result code ${code ?? "unknown"}).`
      : `An operation on the database ${file} failed inside Taskwright.`,
    cause: error,
  });
}
