import { TaskError } from "./errors/task-error.ts";
import type { ResultAddress } from "./task-transport.ts";

/** Shorter than what proxies and browsers put up with. */
const LONGEST_WAIT_MS = 25_000;

/** Reads which task result a remote caller means; throws INVALID_OPTION, and FORBIDDEN for a backend that is not allowed. */
export function readResultAddress(
  { id, path = null, backend = null }: Readonly<Record<string, unknown>>,
  allowed: readonly string[],
): ResultAddress {
  if (typeof id !== "string" || id === "") {
    throw new TaskError({
      code: "INVALID_OPTION",
      message: "The id of a task result must be a non-empty string.",
      data: { option: "id" },
    });
  }
  if (backend !== null && !allowed.includes("backend")) {
    throw new TaskError({
      code: "FORBIDDEN",
      message: 'The option "backend" may not be set from here.',
      data: { option: "backend" },
    });
  }
  return { id, path: path as string | null, backend: backend as string | null };
}

/** Reads how long a remote caller may wait, in milliseconds: 25 s at most, and by default; throws INVALID_OPTION. */
export function readWaitTimeout(timeoutMs: unknown): number {
  if (timeoutMs === undefined) return LONGEST_WAIT_MS;
  if (typeof timeoutMs === "number" && timeoutMs >= 0) return Math.min(timeoutMs, LONGEST_WAIT_MS);
  throw new TaskError({
    code: "INVALID_OPTION",
    message: "timeoutMs must be a number of milliseconds, 0 or more.",
    data: { option: "timeoutMs" },
  });
}

/** The error for a task result that is not there, or not for this caller; which of them, it does not tell. */
export function noReadableResult(id: string): TaskError {
  const shown = id.slice(0, 100);
  return new TaskError({
    code: "RESULT_NOT_FOUND",
    message: `There is no task result ${shown} that this caller may read.`,
    data: { id: shown },
  });
}

/** Throws RESULT_MISMATCH when a task result is not of the task that its caller takes it for; null is any. */
export function checkResultPath(
  result: { readonly id: string; readonly path: string },
  path: string | null,
): void {
  if (path === null || path === result.path) return;
  throw new TaskError({
    code: "RESULT_MISMATCH",
    message: `${result.id} is a result of ${result.path}, not of ${String(path).slice(0, 200)}.`,
    data: { id: result.id, path: result.path },
  });
}
