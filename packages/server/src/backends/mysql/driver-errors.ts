import { isTaskError, TaskError, type TaskErrorCode } from "@taskwright/shared";

interface Meaning {
  readonly code: TaskErrorCode;
  readonly text: string;
}

const unavailable = (text: string): Meaning => ({ code: "BACKEND_UNAVAILABLE", text });
const incompatible = (text: string): Meaning => ({ code: "BACKEND_INCOMPATIBLE", text });

const NOT_MIGRATED = incompatible(
  "the tables are missing or not as this version makes them; run `taskwright migrate`",
);
const MAY_NOT = incompatible(
  "the user may not do this; grant it SELECT, INSERT, UPDATE and DELETE on the tables, and for `taskwright migrate` CREATE and INDEX on the database",
);
const REFUSED_USER = unavailable("the user or its password was refused; check the connection's settings");
const FULL = unavailable("its disk or its table space is full; nothing was stored; free some space");
const TOO_MANY = unavailable("it has too many connections; lower the sizes of the pools");
const READ_ONLY = unavailable("it is read-only; connect to the primary");
const ENDED = unavailable(
  "it ended the statement, which took longer than max_statement_time or max_execution_time allows, or was killed",
);
const TOO_LARGE = incompatible(
  "a row is larger than max_allowed_packet lets through, and was not stored; raise it on the server and in the driver's settings, or store the data elsewhere and pass its address",
);

/** Conditions by number: https://mariadb.com/kb/en/mariadb-error-codes, and the driver's own from 45001. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  "1146": NOT_MIGRATED,
  "1054": NOT_MIGRATED,
  "1046": incompatible(
    "the connection has chosen no database; name one in the adapter's settings, or as schema",
  ),
  "1049": unavailable("there is no such database; create it first, CREATE DATABASE …"),
  "1044": MAY_NOT,
  "1142": MAY_NOT,
  "1143": MAY_NOT,
  "1227": MAY_NOT,
  "1370": MAY_NOT,
  "1045": REFUSED_USER,
  "1130": REFUSED_USER,
  "1698": REFUSED_USER,
  "1862": REFUSED_USER,
  "1021": FULL,
  "1114": FULL,
  "1040": TOO_MANY,
  "1203": TOO_MANY,
  "1226": TOO_MANY,
  "1290": READ_ONLY,
  "1792": READ_ONLY,
  "1836": READ_ONLY,
  "1317": ENDED,
  "1969": ENDED,
  "3024": ENDED,
  "1053": unavailable("it is shutting down or starting"),
  "1213": unavailable("it kept undoing the statement for conflicts with others"),
  "1205": unavailable("a lock was held for too long"),
  "1665": incompatible(
    "its binary log takes statements only, which READ COMMITTED transactions cannot be; set binlog_format to ROW or MIXED",
  ),
  "1153": TOO_LARGE,
  "1301": TOO_LARGE,
  "45046": TOO_LARGE,
  P2028: unavailable("Prisma ended the transaction, which took too long or had ended before"),
};

/** What the driver says of a connection that is not there (any more), in numbers or Node's names. */
const LOST_CODES: ReadonlySet<string> = new Set([
  "1927",
  "2006",
  "2013",
  "4031",
  "45001",
  "45004",
  "45009",
  "45013",
  "45019",
  "45026",
  "P1017",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
]);
const AWAY_CODES: ReadonlySet<string> = new Set([
  "1040",
  "1053",
  "1203",
  "45012",
  "45028",
  "45061",
  "P1001",
  "P1002",
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOENT",
]);
const POOL_TIMEOUT = "45028";
const POOL_ENDED: ReadonlySet<string> = new Set(["45027", "45037"]);

/** Text, sizes and values that a row holds, and constraints and triggers that refuse it. */
const REFUSALS: ReadonlySet<string> = new Set([
  ...["1048", "1062", "1216", "1217", "1264", "1265", "1292", "1364", "1366", "1406", "1451", "1452"],
  ...["1644", "3140", "3141", "3819", "3903", "4025", "4038"],
]);

/** What Prisma's errors say of the database's own; see https://www.prisma.io/docs/orm/reference/error-reference. */
interface PrismaError {
  readonly meta?: { readonly driverAdapterError?: DriverAdapterError };
}

interface DriverAdapterError {
  readonly cause?: { readonly originalCode?: unknown; readonly cause?: unknown };
}

/** The number of the condition, Prisma's code, or Node's name of what befell the connection; undefined where there is none. */
function codeOf(error: unknown): string | undefined {
  const ofAdapter =
    (error as PrismaError | null)?.meta?.driverAdapterError ?? (error as DriverAdapterError | null);
  const { originalCode, cause } = ofAdapter?.cause ?? {};
  if (originalCode === POOL_TIMEOUT && typeof cause === "string") {
    // Why no connection could be made in that time is told in words only.
    return /\bno: (\d+)/.exec(cause)?.[1] ?? /\bE[A-Z_]{4,}\b/.exec(cause)?.[0] ?? originalCode;
  }
  if (typeof originalCode === "string") return originalCode;
  const { code, errno } = (error as { code?: unknown; errno?: unknown } | null) ?? {};
  if (typeof errno === "number" && errno > 0) return String(errno);
  return typeof code === "string" ? code : undefined;
}

/** Whether the transaction was undone, or has to be, for a conflict with others, so that it can be run again. */
export function isTransient(error: unknown): boolean {
  const code = codeOf(error);
  return code === "1213" || code === "1205" || code === "P2034";
}

/** Whether a row with the same unique key is there already. */
export function isDuplicate(error: unknown): boolean {
  return codeOf(error) === "1062";
}

/** Whether there is no such table. */
export function isMissingTable(error: unknown): boolean {
  return codeOf(error) === "1146";
}

/** Whether the connection ended before the answer came, so that nobody knows whether the statement was carried out. */
export function isLost(error: unknown): boolean {
  return LOST_CODES.has(codeOf(error) ?? "");
}

/** Whether there is no connection, for now. */
export function isAway(error: unknown): boolean {
  return isLost(error) || AWAY_CODES.has(codeOf(error) ?? "");
}

/** Whether the store is well and only refuses what one row holds: its text, its size, or by a constraint or trigger. */
export function isRefusal(error: unknown): boolean {
  const code = codeOf(error) ?? "";
  return REFUSALS.has(code) || MEANINGS[code] === TOO_LARGE || error instanceof RowRefusal;
}

/** A row that the tables cannot hold; told before anything is sent. */
export class RowRefusal extends Error {}

function describe(error: unknown): Meaning {
  const code = codeOf(error);
  const meaning = code === undefined ? undefined : MEANINGS[code];
  if (code !== undefined && meaning !== undefined) return { ...meaning, text: `${meaning.text} (${code})` };
  if (error instanceof RowRefusal) return incompatible(`one row was refused: ${error.message}`);
  if (code !== undefined && isRefusal(error)) {
    return incompatible(
      `it refused an operation on one row (${code}), for its text, its sizes, or a constraint or trigger of yours; nothing of it was stored`,
    );
  }
  if (code === POOL_TIMEOUT) {
    return unavailable(
      "every connection of the pool was in use for too long; give the adapter more (connectionLimit)",
    );
  }
  if (code !== undefined && POOL_ENDED.has(code)) {
    return unavailable("its pool has been ended; disconnect the client after closing the backend");
  }
  if (code === undefined || isAway(error)) {
    const which = code === undefined ? "" : ` (${code})`;
    return unavailable(
      `it cannot be reached${which}; is it running, and are the connection's settings right?`,
    );
  }
  return unavailable(`it refused an operation (${code})`);
}

/** Turns whatever the driver threw into a TaskError that says what happened and how to mend it. */
export function toTaskError(error: unknown): TaskError {
  if (isTaskError(error)) return error;
  const { code, text } = describe(error);
  return new TaskError({
    code,
    message: `MariaDB or MySQL: ${text}${text.endsWith("?") ? "" : "."}`,
    cause: error,
  });
}
