import { isTaskError, TaskError, type TaskErrorCode } from "@taskwright/shared";

interface Meaning {
  readonly code: TaskErrorCode;
  readonly text: string;
}

const NOT_MIGRATED: Meaning = {
  code: "BACKEND_INCOMPATIBLE",
  text: "the tables are missing or not as this version makes them; run `taskwright migrate`",
};

/** Conditions by SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html), longest prefix first. */
const MEANINGS: readonly (readonly [string, Meaning])[] = [
  ["42P01", NOT_MIGRATED],
  [
    "3F000",
    { code: "BACKEND_INCOMPATIBLE", text: "there is no such schema; create it first, CREATE SCHEMA …" },
  ],
  ["42703", NOT_MIGRATED],
  [
    "42501",
    {
      code: "BACKEND_INCOMPATIBLE",
      text: "the user may not do this; grant it USAGE on the schema and SELECT, INSERT, UPDATE and DELETE on its tables, and for `taskwright migrate` CREATE on the schema",
    },
  ],
  [
    "28",
    { code: "BACKEND_UNAVAILABLE", text: "the user or its password was refused; check the connection's URL" },
  ],
  ["3D000", { code: "BACKEND_UNAVAILABLE", text: "there is no such database; check the connection's URL" }],
  ["53100", { code: "BACKEND_UNAVAILABLE", text: "its disk is full; nothing was stored; free some space" }],
  [
    "53300",
    { code: "BACKEND_UNAVAILABLE", text: "it has too many connections; lower the sizes of the pools" },
  ],
  ["25006", { code: "BACKEND_UNAVAILABLE", text: "it is read-only; connect to the primary" }],
  [
    "57014",
    {
      code: "BACKEND_UNAVAILABLE",
      text: "it ended the statement, which took longer than the user's statement_timeout or was cancelled",
    },
  ],
  ["57P", { code: "BACKEND_UNAVAILABLE", text: "it is shutting down or starting" }],
  ["40", { code: "BACKEND_UNAVAILABLE", text: "it kept undoing the statement for conflicts with others" }],
  ["55P03", { code: "BACKEND_UNAVAILABLE", text: "a lock was held for too long" }],
  ["25P02", { code: "BACKEND_UNAVAILABLE", text: "the transaction had already failed" }],
  ["08", { code: "BACKEND_UNAVAILABLE", text: "the connection was lost" }],
];

/** What `pg` says of its pool, without a code. */
const POOL_MEANINGS: ReadonlyMap<string, string> = new Map([
  [
    "timeout exceeded when trying to connect",
    "every connection of the pool was in use for too long; give the pool more connections (max), or release those that your code has taken",
  ],
  ["Cannot use a pool after calling end on the pool", "its pool has been ended; end it after the backend"],
]);

/** Node's names for connections that were not made, or ended. */
const CONNECTION_CODES: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOENT",
]);

/** What Prisma's errors say of the database's own; see https://www.prisma.io/docs/orm/reference/error-reference. */
interface PrismaError {
  readonly meta?: { readonly driverAdapterError?: DriverAdapterError };
}

interface DriverAdapterError {
  readonly cause?: { readonly originalCode?: unknown };
}

/** The SQLSTATE, or Node's name of what befell the connection; undefined where the error has neither. */
function codeOf(error: unknown): string | undefined {
  const ofAdapter =
    (error as PrismaError | null)?.meta?.driverAdapterError ?? (error as DriverAdapterError | null);
  const original = ofAdapter?.cause?.originalCode;
  if (typeof original === "string") return original;
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
}

/** Whether the statement was undone for a conflict with others, so that it can be run again. */
export function isTransient(error: unknown): boolean {
  const code = codeOf(error);
  return code === "40001" || code === "40P01";
}

/** What `pg` says, without a code, of a connection that ended under a statement. */
const LOST_MESSAGES: ReadonlySet<string> = new Set([
  "Connection terminated",
  "Connection terminated unexpectedly",
  "Query read timeout",
]);

function messageOf(error: unknown): string {
  const message = (error as { message?: unknown } | null)?.message;
  return typeof message === "string" ? message : "";
}

/** Whether the connection ended before the answer came, so that nobody knows whether the statement was carried out. */
export function isLost(error: unknown): boolean {
  const code = codeOf(error);
  return code === undefined
    ? LOST_MESSAGES.has(messageOf(error))
    : /^(08|57P0[124]|ECONNRESET|EPIPE|ETIMEDOUT)/.test(code);
}

/** Whether there is no connection, for now. */
export function isAway(error: unknown): boolean {
  return (
    isLost(error) || /^(57P|53300)/.test(codeOf(error) ?? "") || CONNECTION_CODES.has(codeOf(error) ?? "")
  );
}

/** Whether the store is well and only refuses what one row holds: its text, its size, or by a constraint or trigger. */
export function isRefusal(error: unknown): boolean {
  return /^(22|23|54|P0001)/.test(codeOf(error) ?? "");
}

/** Turns whatever the driver threw into a TaskError that says what happened and how to mend it. */
export function toTaskError(error: unknown): TaskError {
  if (isTaskError(error)) return error;
  const code = codeOf(error);
  const found = MEANINGS.find(([prefix]) => code?.startsWith(prefix));
  if (found !== undefined) {
    const [, meaning] = found;
    return new TaskError({
      code: meaning.code,
      message: `PostgreSQL: ${meaning.text} (${code}).`,
      cause: error,
    });
  }
  if (isRefusal(error)) {
    return new TaskError({
      code: "BACKEND_INCOMPATIBLE",
      message: `PostgreSQL refused an operation on one row (${code}): it holds text or sizes that PostgreSQL cannot store, or a constraint or trigger of yours refused it; nothing of it was stored.`,
      cause: error,
    });
  }
  const ofPool = code === undefined ? POOL_MEANINGS.get(messageOf(error)) : undefined;
  if (ofPool !== undefined) {
    return new TaskError({ code: "BACKEND_UNAVAILABLE", message: `PostgreSQL: ${ofPool}.`, cause: error });
  }
  if (code === undefined || CONNECTION_CODES.has(code)) {
    return new TaskError({
      code: "BACKEND_UNAVAILABLE",
      message: `PostgreSQL cannot be reached${code === undefined ? "" : ` (${code})`}; is it running, and is the connection's URL right?`,
      cause: error,
    });
  }
  return new TaskError({
    code: "BACKEND_UNAVAILABLE",
    message: `PostgreSQL refused an operation (SQLSTATE ${code}).`,
    cause: error,
  });
}

/** Runs something, and throws what it throws as {@link toTaskError} makes it. */
export async function asTaskError<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw toTaskError(error);
  }
}
