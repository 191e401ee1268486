import { ERROR_CODES, isTaskError, TaskError, type TaskErrorJson } from "@taskwright/shared";
import { TRPCError } from "@trpc/server";
import type { Logger } from "../core/logger.ts";

const TRPC_CODES: Readonly<Record<number, TRPCError["code"]>> = {
  400: "BAD_REQUEST",
  401: "UNAUTHORIZED",
  403: "FORBIDDEN",
  404: "NOT_FOUND",
  409: "CONFLICT",
  422: "UNPROCESSABLE_CONTENT",
  499: "CLIENT_CLOSED_REQUEST",
  501: "NOT_IMPLEMENTED",
  503: "SERVICE_UNAVAILABLE",
  504: "GATEWAY_TIMEOUT",
};

/** What of each error thrown here may be shown to whoever called. */
const shown = new WeakMap<object, TaskErrorJson>();

/** The account of an error that this edge threw; undefined for all others. */
export function shownError(error: object): TaskErrorJson | undefined {
  return shown.get(error);
}

/** Says which of many were stored, without the store's own errors. */
function outcomesOf(data: unknown): { readonly outcomes: readonly object[] } {
  const { outcomes } = data as { readonly outcomes: readonly { stored: boolean; id?: string }[] };
  return { outcomes: outcomes.map(({ stored, id }) => (stored ? { stored, id } : { stored })) };
}

/** The account of an error for somebody who is not to learn how the server is built. */
function accountOf(error: TaskError): TaskErrorJson {
  const { code } = error;
  if (error.code === "ENQUEUE_INCOMPLETE") {
    const message = "Some of the tasks were not stored; data.outcomes tells which.";
    return { name: "TaskError", code, message, data: outcomesOf(error.data) };
  }
  if (error.httpStatus < 500 || code === "NOT_SUPPORTED" || code === "RESULT_TIMEOUT") return error.toJSON();
  if (error.retryable) return { name: "TaskError", code, message: "It cannot be done now; try again later." };
  return {
    name: "TaskError",
    code: "INTERNAL_ERROR",
    message: "It went wrong; the server's log says why.",
  };
}

/** Makes tRPC's error of what was thrown; that is its cause, and logged where the account hides it. */
export function toTrpcError(thrown: unknown, logger: Logger): TRPCError {
  if (thrown instanceof TRPCError) return thrown;
  const error = isTaskError(thrown)
    ? thrown
    : new TaskError({ code: "INTERNAL_ERROR", message: "It went wrong.", cause: thrown });
  const account = accountOf(error);
  if (account.message !== error.message) logger.error({ err: thrown }, "A call by tRPC went wrong.");
  const status = ERROR_CODES[account.code].httpStatus;
  const made = new TRPCError({
    code: TRPC_CODES[status] ?? "INTERNAL_SERVER_ERROR",
    message: account.message,
    cause: thrown,
  });
  shown.set(made, account);
  return made;
}
