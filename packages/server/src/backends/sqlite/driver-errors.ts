import { isTaskError, TaskError, type TaskErrorCode } from "@taskwright/shared";

const BUSY = 5;
const LOCKED = 6;
/** Two processes were in each other's way while they took a read mark. */
const PROTOCOL = 15;
/** Too large, a constraint, a wrong type, a wrong parameter. */
const ROW_REFUSED: ReadonlySet<number> = new Set([18, 19, 20, 25]);

interface Meaning {
  readonly code: TaskErrorCode;
  readonly text: string;
}

function unavailable(text: string): Meaning {
  return { code: "BACKEND_UNAVAILABLE", text };
}

const LOCK_HELD = unavailable(
  "another process kept it locked for too long; end the program that keeps a transaction open",
);
const NO_SHARED_MEMORY = unavailable(
  "the file -shm beside it cannot be used; it must be on a local disk with free space, not on a network disk",
);
const DAMAGED: Meaning = {
  code: "BACKEND_INCOMPATIBLE",
  text: "the file is damaged; stop its processes, then restore a backup, or save what can be read with `sqlite3 FILE .recover`",
};

/** SQLite's result codes, as https://sqlite.org/rescode.html lists them, in our words; extended ones before primary ones. */
const MEANINGS: ReadonlyMap<number, Meaning> = new Map([
  [
    1,
    {
      code: "BACKEND_INCOMPATIBLE",
      text: "its tables are not as this version of Taskwright makes them; something else has changed them; restore a backup",
    },
  ],
  [3, unavailable("access is not permitted; check the rights on the file and its folder")],
  [BUSY, LOCK_HELD],
  [LOCKED, LOCK_HELD],
  [8, unavailable("it is read-only; give this process the right to write the file and its folder")],
  [1032, unavailable("it was moved or deleted while it was open; put it back, or restart this process")],
  [10, unavailable("its disk reported an error; is the disk still mounted, and sound?")],
  [4618, NO_SHARED_MEMORY],
  [4874, NO_SHARED_MEMORY],
  [5130, NO_SHARED_MEMORY],
  [5386, NO_SHARED_MEMORY],
  [11, DAMAGED],
  [13, unavailable("its disk is full; nothing was stored; free some space")],
  [14, unavailable("it cannot be opened; does its folder exist, and may this process write there?")],
  [PROTOCOL, LOCK_HELD],
  [
    26,
    {
      code: "BACKEND_INCOMPATIBLE",
      text: "the file must be a SQLite database, and holds something else; nothing was changed; choose another path",
    },
  ],
]);

function extendedCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  return typeof code === "number" ? code : undefined;
}

function primaryCode(error: unknown): number | undefined {
  const code = extendedCode(error);
  return code === undefined ? undefined : code & 0xff;
}

/** Whether a lock was taken, so that waiting may help. */
export function isBusy(error: unknown): boolean {
  const code = primaryCode(error);
  return code === BUSY || code === LOCKED || code === PROTOCOL;
}

/** Whether the store is well and only refuses this one row, as for a value that a column cannot hold. */
export function isRefusal(error: unknown): boolean {
  const code = primaryCode(error);
  return error instanceof TypeError || (code !== undefined && ROW_REFUSED.has(code));
}

/** Turns whatever the driver threw into a TaskError that says what happened and how to mend it. */
export function toTaskError(error: unknown, file: string): TaskError {
  if (isTaskError(error)) return error;
  const code = primaryCode(error);
  if (code !== undefined && ROW_REFUSED.has(code)) {
    return new TaskError({
      code: "BACKEND_INCOMPATIBLE",
      message: `The database ${file} refused an operation on one row (SQLite result code ${code}): a value does not fit, or the table has a constraint or trigger that is not Taskwright's.`,
      cause: error,
    });
  }
  const meaning =
    MEANINGS.get(extendedCode(error) ?? 0) ??
    MEANINGS.get(code ?? 0) ??
    // A column that holds JSON text of ours holds something else.
    (error instanceof SyntaxError ? DAMAGED : undefined);
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
