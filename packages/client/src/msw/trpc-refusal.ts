import { didYouMean, ERROR_CODES, isTaskError, TaskError, type TaskErrorJson } from "@taskwright/shared";
import { TRPCError } from "@trpc/server";

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
/** What tRPC says of a path where there is no procedure, or one of another type. */
const NO_PROCEDURE = /^No \S*procedure /;

/** What of each error made here the frontend is told. */
const told = new WeakMap<object, TaskErrorJson>();

/** What a server tells of an error to somebody who is not to learn how it is built. */
function accountOf(error: TaskError): TaskErrorJson {
  const { code } = error;
  if (code === "ENQUEUE_INCOMPLETE") {
    const { outcomes } = error.data as { readonly outcomes: readonly { stored: boolean; id?: string }[] };
    return {
      name: "TaskError",
      code,
      message: "Some of the tasks were not stored; data.outcomes tells which.",
      data: { outcomes: outcomes.map(({ stored, id }) => (stored ? { stored, id } : { stored })) },
    };
  }
  if (error.httpStatus < 500 || code === "NOT_SUPPORTED" || code === "RESULT_TIMEOUT") return error.toJSON();
  if (error.retryable) return { name: "TaskError", code, message: "It cannot be done now; try again later." };
  return {
    name: "TaskError",
    code: "INTERNAL_ERROR",
    message: "It went wrong; the server's log says why.",
  };
}

/** Makes tRPC's error of what was thrown, as the router of a server does. */
export function toTrpcError(thrown: unknown): TRPCError {
  if (thrown instanceof TRPCError) return thrown;
  const error = isTaskError(thrown)
    ? thrown
    : new TaskError({ code: "INTERNAL_ERROR", message: "It went wrong.", cause: thrown });
  const account = accountOf(error);
  const made = new TRPCError({
    code: TRPC_CODES[ERROR_CODES[account.code].httpStatus] ?? "INTERNAL_SERVER_ERROR",
    message: account.message,
    cause: thrown,
  });
  told.set(made, account);
  return made;
}

/** What an `errorFormatter` is given. */
export interface FormatterCall<TShape> {
  readonly error: TRPCError;
  readonly path?: string | undefined;
  readonly shape: TShape;
}

/** Adds `data.taskError` to what tRPC tells, as the router of a server does. */
export function withTaskError<TShape extends { readonly message: string; readonly data: object }>(
  { error, path = "", shape }: FormatterCall<TShape>,
  place: { readonly prefix: string; readonly paths: readonly string[] | null },
): TShape {
  const taskError = told.get(error) ?? unknownTask(error, path, place);
  if (taskError !== undefined) return { ...shape, data: { ...shape.data, taskError } };
  if (!NO_PROCEDURE.test(error.message) || isBelow(path, place.prefix)) return shape;
  const message = `${shape.message}: it came in one batch with calls of tasks, and mockTasks() answers those alone. Let tests send it apart, such as by httpLink().`;
  return { ...shape, message };
}

/** Whether a procedure is one of the router of tasks. */
export function isBelow(procedure: string, prefix: string): boolean {
  return ["tasks.", "results."].some((names) => procedure.startsWith(prefix + names));
}

function unknownTask(
  error: TRPCError,
  path: string,
  { prefix, paths }: { readonly prefix: string; readonly paths: readonly string[] | null },
): TaskErrorJson | undefined {
  if (paths === null || error.code !== "NOT_FOUND" || !NO_PROCEDURE.test(error.message)) return undefined;
  if (!path.startsWith(`${prefix}tasks.`)) return undefined;
  const task = /^(.+)\.(?:delay|applyAsync|enqueue|enqueueMany)$/.exec(path.slice(prefix.length + 6))?.[1];
  if (task === undefined || paths.includes(task)) return undefined;
  const named = task.slice(0, 200);
  const message = `There is no task "${named}" here.${didYouMean(named, paths)}`;
  return { name: "TaskError", code: "UNKNOWN_TASK", message, data: { path: named } };
}
