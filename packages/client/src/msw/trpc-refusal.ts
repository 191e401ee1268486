import {
  ERROR_CODES,
  errorAccount,
  type TaskErrorJson,
  TRPC_CODES,
  unknownTaskAccount,
} from "@taskwright/shared";
import { TRPCError } from "@trpc/server";

/** What tRPC says of a path where there is no procedure, or one of another type. */
const NO_PROCEDURE = /^No \S*procedure /;

/** What of each error made here the frontend is told. */
const told = new WeakMap<object, TaskErrorJson>();

/** Makes tRPC's error of what was thrown, as the router of a server does. */
export function toTrpcError(thrown: unknown): TRPCError {
  if (thrown instanceof TRPCError) return thrown;
  const account = errorAccount(thrown);
  const made = new TRPCError({
    code: TRPC_CODES[ERROR_CODES[account.code].httpStatus],
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
  return unknownTaskAccount(task, paths);
}
