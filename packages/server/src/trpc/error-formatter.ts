import { type TaskErrorJson, unknownTaskAccount } from "@taskwright/shared";
import { shownError } from "./trpc-errors.ts";
import type { ErrorFormatterCall, TrpcConfig } from "./trpc-instance.ts";

/** What tRPC says of a path where there is no procedure, or one of another type. */
const NO_PROCEDURE = /^No \S*procedure /;
/** The last names of procedures of tasks. */
const OF_TASKS = /(?:^|\.)tasks\.(.+)\.(?:delay|applyAsync|enqueue|enqueueMany)$/;

/** The paths of the tasks that each instance offers. */
const offered = new WeakMap<TrpcConfig, Set<string>>();

/** What tRPC says of a procedure that is not there, where that would be one of a task. */
function unknownTask(
  { error, path }: ErrorFormatterCall,
  paths: ReadonlySet<string>,
): TaskErrorJson | undefined {
  if (error.code !== "NOT_FOUND" || !NO_PROCEDURE.test(error.message)) return undefined;
  const task = OF_TASKS.exec(path ?? "")?.[1]?.slice(0, 200);
  if (task === undefined || paths.has(task)) return undefined;
  return unknownTaskAccount(task, paths);
}

/**
 * Makes an instance tell clients the code, message and data of errors of this library, in `data.taskError`.
 *
 * What its own `errorFormatter` makes is kept; it is wrapped once, however many routers of tasks there are.
 */
export function extendErrorFormatter(config: TrpcConfig, paths: Iterable<string>): void {
  const known = offered.get(config);
  if (known !== undefined) {
    for (const path of paths) known.add(path);
    return;
  }
  const all = new Set(paths);
  offered.set(config, all);
  const own = config.errorFormatter;
  config.errorFormatter = (call) => {
    const shape = own(call) as { readonly data?: object };
    const taskError = shownError(call.error) ?? unknownTask(call, all);
    return taskError === undefined ? shape : { ...shape, data: { ...shape.data, taskError } };
  };
}
