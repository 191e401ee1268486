import { ERROR_CODES, isTaskError, PayloadError, TaskError, type TaskErrorCode } from "@taskwright/shared";
import { ForeignAnswer } from "./checked-fetch.ts";

/** The parts of tRPC's errors that are read here. */
interface TrpcFailure {
  readonly message?: string;
  /** What the server said; absent when it said nothing. */
  readonly shape?: unknown;
  readonly data?: {
    readonly code?: string;
    readonly httpStatus?: number;
    readonly taskError?: { readonly code: string; readonly message: string; readonly data?: unknown };
  } | null;
  readonly meta?: { readonly response?: { readonly status?: number } };
  readonly cause?: { readonly name?: string };
}

const CODES: Readonly<Record<number, TaskErrorCode>> = { 401: "UNAUTHORIZED", 403: "FORBIDDEN" };
/** What tRPC says of a path where there is no procedure, or one of another type. */
const NO_PROCEDURE = /^No \S*procedure /;
const OK = 200;
const INTERNAL_ERROR = 500;
const LONGEST_REASON = 200;

function refusal(cause: unknown, httpStatus: number, message: string, trpcCode?: string): TaskError {
  const data = { httpStatus, ...(trpcCode === undefined ? {} : { trpcCode }) };
  return new TaskError({ code: CODES[httpStatus] ?? "REFUSED", message, data, cause });
}

/** The error of this library that something which a tRPC client threw stands for, with that as its cause. */
export function toTaskError(thrown: unknown): TaskError {
  if (isTaskError(thrown)) return thrown;
  const failure = (typeof thrown === "object" && thrown !== null ? thrown : {}) as TrpcFailure;
  const { shape, data, message = "" } = failure;
  const told = data?.taskError;
  if (told !== undefined) {
    const init = {
      message: told.message,
      ...(told.data === undefined ? {} : { data: told.data }),
      cause: thrown,
    };
    if (told.code === "PAYLOAD_ERROR")
      return new PayloadError(init as ConstructorParameters<typeof PayloadError>[0]);
    // A newer server may have codes that are not known here.
    const code = Object.hasOwn(ERROR_CODES, told.code) ? (told.code as TaskErrorCode) : "REFUSED";
    return new TaskError({ ...init, code });
  }
  const status = data?.httpStatus;
  if (shape !== undefined && status !== undefined) {
    if (status === 404 && NO_PROCEDURE.test(message))
      return refusal(
        thrown,
        status,
        `${message}: does path, or the part of a tRPC client that trpc is, say where the router of tasks hangs?`,
        data?.code,
      );
    // Its own procedures have thrown; 502 to 504 say that they were not even asked.
    if (status <= INTERNAL_ERROR) return refusal(thrown, status, message, data?.code);
  }
  const foreign = foreignStatus(thrown, failure);
  if (foreign !== undefined && foreign < INTERNAL_ERROR) {
    return foreign in CODES
      ? refusal(thrown, foreign, `What stands before the tRPC server refused the call with HTTP ${foreign}.`)
      : unreadable(thrown, foreign);
  }
  return new TaskError({
    code: "SERVER_UNREACHABLE",
    message: `No answer came from the server${message === "" ? "" : ` (${message.slice(0, LONGEST_REASON)})`}; whether it has done what it was asked is not known.`,
    cause: thrown,
  });
}

/** The HTTP status of an answer that is none of tRPC's, or not by the transformer that it is read with. */
function foreignStatus(thrown: unknown, { cause, message = "", meta }: TrpcFailure): number | undefined {
  for (const error of [thrown, cause]) if (error instanceof ForeignAnswer) return error.status;
  const isUnreadable = cause?.name === "TransformResultError" || message.startsWith("Unable to transform");
  return isUnreadable ? (meta?.response?.status ?? OK) : undefined;
}

/** The error for an answer that makes no sense. */
export function unreadable(cause: unknown, status: number = OK): TaskError {
  const answer = status === OK ? "The server's answer" : `The server's answer, HTTP ${status},`;
  return new TaskError({
    code: "REFUSED",
    message: `${answer} cannot be read: url must be that of a tRPC server, and transformer the one of its initTRPC.create({ transformer }), or none where that has none.`,
    data: { httpStatus: status },
    cause,
  });
}
