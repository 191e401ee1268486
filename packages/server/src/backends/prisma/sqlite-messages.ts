import { isTaskError, TaskError, type TaskErrorCode } from "@taskwright/shared";
import type { ResolvedSqliteOptions } from "../sqlite/options.ts";

/** One operation that the process of a SQLite file is asked for; `facet` is null for those of the backend itself. */
export interface SqliteCall {
  readonly about: number;
  readonly facet: "store" | "leases" | "maintenance" | "inspector" | "schedules" | "schema" | null;
  readonly operation: string;
  readonly request: unknown;
}

export type WatchName = "watchReady" | "watchResult" | "watchCancels";

/** What a program tells the process of its SQLite file. */
export type SqliteRequest =
  | { readonly kind: "file"; readonly options: ResolvedSqliteOptions }
  | { readonly kind: "calls"; readonly calls: readonly SqliteCall[] }
  | {
      readonly kind: "watch";
      readonly watch: number;
      readonly name: WatchName;
      readonly request: unknown;
    }
  | { readonly kind: "unwatch"; readonly watch: number };

/** The outcome of a {@link SqliteCall}. */
export type SqliteAnswer =
  | { readonly about: number; readonly answer: unknown }
  | { readonly about: number; readonly failure: SentError };

/** What the process of a SQLite file tells its program. */
export type SqliteNews =
  | { readonly kind: "answers"; readonly answers: readonly SqliteAnswer[] }
  | { readonly kind: "woken"; readonly watch: number };

/** An error in a form that crosses between processes. */
export interface SentError {
  readonly code: TaskErrorCode;
  readonly message: string;
  readonly data: unknown;
  readonly cause: { readonly name: string; readonly message: string; readonly code: unknown } | null;
}

/** Puts an error into a form that crosses. */
export function toSent(error: unknown): SentError {
  const { code, message, data, cause } = isTaskError(error)
    ? error
    : new TaskError({ code: "INTERNAL_ERROR", message: String(error), cause: error });
  if (!(cause instanceof Error)) return { code, message, data, cause: null };
  const { name, message: text, errcode } = cause as Error & { readonly errcode?: unknown };
  return { code, message, data, cause: { name, message: text, code: errcode } };
}

/** The error that was sent. */
export function fromSent({ code, message, data, cause }: SentError): TaskError {
  const error = cause === null ? null : Object.assign(new Error(cause.message), { errcode: cause.code });
  if (error !== null && cause !== null) error.name = cause.name;
  return new TaskError({
    code,
    message,
    ...(data === undefined ? {} : { data }),
    ...(error === null ? {} : { cause: error }),
  });
}

interface Failed {
  readonly outcome: "failed";
  readonly error: unknown;
}

function isFailed(outcome: unknown): outcome is Failed {
  return (outcome as { outcome?: unknown } | null)?.outcome === "failed";
}

/** The answer of an operation with the errors of single items in another form; other answers hold none. */
export function mapFailures(answer: unknown, map: (error: unknown) => unknown): unknown {
  if (!Array.isArray(answer)) return answer;
  return answer.map((outcome: unknown) =>
    isFailed(outcome) ? { ...outcome, error: map(outcome.error) } : outcome,
  );
}
