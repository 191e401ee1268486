import type { AttemptErrorType } from "./attempt-error.ts";
import type { TaskStatus } from "./task-status.ts";

/** django-qstash's words for where a task result is (its `TaskStatus`). */
export type DjangoQstashStatus =
  | "PENDING"
  | "SUCCESS"
  | "EXECUTION_ERROR"
  | "INTERNAL_ERROR"
  | "OTHER_ERROR"
  | "UNKNOWN";

/**
 * Gives django-qstash's word for a task result; `lastError` is the type of the last of its `errors`.
 *
 * READY and RUNNING are PENDING, SUCCESSFUL is SUCCESS, CANCELLED is OTHER_ERROR. FAILED follows the last error:
 * EXECUTION_ERROR when the handler threw, INTERNAL_ERROR for a fault around it, OTHER_ERROR for the rest. A state that
 * is none of ours is UNKNOWN.
 */
export function toDjangoQstashStatus(
  status: TaskStatus,
  lastError?: AttemptErrorType | null,
): DjangoQstashStatus {
  switch (status) {
    case "READY":
    case "RUNNING":
      return "PENDING";
    case "SUCCESSFUL":
      return "SUCCESS";
    case "FAILED":
      return lastError === "EXECUTION_ERROR" || lastError === "INTERNAL_ERROR" ? lastError : "OTHER_ERROR";
    case "CANCELLED":
      return "OTHER_ERROR";
    default:
      return "UNKNOWN";
  }
}
