import { didYouMean } from "../nearest-name.ts";
import { isTaskError, type TaskError, type TaskErrorJson } from "./task-error.ts";

/** The code that tRPC has for each HTTP status of an error. */
export const TRPC_CODES = {
  400: "BAD_REQUEST",
  401: "UNAUTHORIZED",
  403: "FORBIDDEN",
  404: "NOT_FOUND",
  409: "CONFLICT",
  422: "UNPROCESSABLE_CONTENT",
  499: "CLIENT_CLOSED_REQUEST",
  500: "INTERNAL_SERVER_ERROR",
  501: "NOT_IMPLEMENTED",
  503: "SERVICE_UNAVAILABLE",
  504: "GATEWAY_TIMEOUT",
} as const;

/** Says which of many were stored, without the store's own errors. */
function outcomesOf({ data }: TaskError): { readonly outcomes: readonly object[] } {
  const { outcomes } = data as { readonly outcomes: readonly { stored: boolean; id?: string }[] };
  return { outcomes: outcomes.map(({ stored, id }) => (stored ? { stored, id } : { stored })) };
}

/** What somebody is told of whatever was thrown who is not to learn how the server is built. */
export function errorAccount(thrown: unknown): TaskErrorJson {
  if (isTaskError(thrown)) {
    const { code, httpStatus } = thrown;
    if (code === "ENQUEUE_INCOMPLETE") {
      const message = "Some of the tasks were not stored; data.outcomes tells which.";
      return { name: "TaskError", code, message, data: outcomesOf(thrown) };
    }
    if (httpStatus < 500 || code === "NOT_SUPPORTED" || code === "RESULT_TIMEOUT") return thrown.toJSON();
    if (thrown.retryable)
      return { name: "TaskError", code, message: "It cannot be done now; try again later." };
  }
  return {
    name: "TaskError",
    code: "INTERNAL_ERROR",
    message: "It went wrong; the server's log says why.",
  };
}

/** What somebody is told who names a task that is not there. */
export function unknownTaskAccount(path: string, paths: Iterable<string>): TaskErrorJson {
  const named = path.slice(0, 200);
  const message = `There is no task "${named}" here.${didYouMean(named, paths)}`;
  return { name: "TaskError", code: "UNKNOWN_TASK", message, data: { path: named } };
}
