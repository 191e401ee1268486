import { ERROR_CODES, errorAccount, isTaskError, type TaskErrorJson, TRPC_CODES } from "@taskwright/shared";
import { TRPCError } from "@trpc/server";
import type { Logger } from "../core/logger.ts";

/** What of each error thrown here may be shown to whoever called. */
const shown = new WeakMap<object, TaskErrorJson>();

/** The account of an error that this edge threw; undefined for all others. */
export function shownError(error: object): TaskErrorJson | undefined {
  return shown.get(error);
}

/** Makes tRPC's error of what was thrown; that is its cause, and logged where the account hides it. */
export function toTrpcError(thrown: unknown, logger: Logger): TRPCError {
  if (thrown instanceof TRPCError) return thrown;
  const account = errorAccount(thrown);
  if (!isTaskError(thrown) || account.message !== thrown.message)
    logger.error({ err: thrown }, "A call by tRPC went wrong.");
  const made = new TRPCError({
    code: TRPC_CODES[ERROR_CODES[account.code].httpStatus],
    message: account.message,
    cause: thrown,
  });
  shown.set(made, account);
  return made;
}
