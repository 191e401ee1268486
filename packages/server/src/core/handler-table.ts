import { didYouMean, TaskError, tasksByPath } from "@taskwright/shared";
import type { BuiltHandler } from "./handler-types.ts";

function invalid(message: string): TaskError {
  return new TaskError({ code: "INVALID_CONTRACT", message });
}

function asHandler(value: unknown, path: string): BuiltHandler {
  if (typeof value === "function")
    return { path: null, handle: value as BuiltHandler["handle"], middleware: [] };
  const built = (value as { "~handler"?: BuiltHandler } | null)?.["~handler"];
  if (built === undefined) {
    throw invalid(
      `handlers.${path} must be a function or what h.${path}.handler() made; got ${typeof value}.`,
    );
  }
  if (built.path !== null && built.path !== path) {
    throw invalid(`handlers.${path} has the handler that was built for ${built.path}.`);
  }
  return built;
}

/** The paths of tasks, and of the routers that they stand in. */
function withRouters(paths: Iterable<string>): ReadonlySet<string> {
  const all = new Set<string>();
  for (const path of paths) {
    const names = path.split(".");
    for (let length = 1; length <= names.length; length++) all.add(names.slice(0, length).join("."));
  }
  return all;
}

function collect(
  value: unknown,
  path: string,
  into: { readonly paths: ReadonlySet<string>; readonly found: Map<string, BuiltHandler> },
): void {
  if (into.paths.has(path)) {
    into.found.set(path, asHandler(value, path));
    return;
  }
  const isRouter = [...into.paths].some((known) => known.startsWith(`${path}.`));
  if (!isRouter)
    throw invalid(
      `handlers.${path} is for no task of the router.${didYouMean(path, withRouters(into.paths))}`,
    );
  if (typeof value !== "object" || value === null)
    throw invalid(`handlers.${path} must be an object of handlers.`);
  for (const [name, inner] of Object.entries(value)) collect(inner, `${path}.${name}`, into);
}

function isWanted(path: string, only: readonly string[] | undefined): boolean {
  return only === undefined || only.some((wanted) => path === wanted || path.startsWith(`${wanted}.`));
}

/**
 * Finds the handler of each task that this server runs; throws INVALID_CONTRACT or HANDLER_MISSING.
 *
 * @param only paths of tasks and routers; undefined for all
 */
export function handlerTable(
  router: { readonly "~router": unknown },
  handlers: object,
  only: readonly string[] | undefined,
): Map<string, BuiltHandler> {
  const paths = new Set(tasksByPath(router).keys());
  if (only !== undefined && !Array.isArray(only))
    throw invalid(`only must be an array of paths, such as ["billing"]; got ${typeof only}.`);
  for (const wanted of only ?? []) {
    if ([...paths].some((path) => isWanted(path, [wanted]))) continue;
    const shown = String(wanted).slice(0, 200);
    throw invalid(
      `only names "${shown}", which is no task or router.${didYouMean(shown, withRouters(paths))}`,
    );
  }
  const found = new Map<string, BuiltHandler>();
  for (const [name, value] of Object.entries(handlers)) {
    if (value !== undefined) collect(value, name, { paths, found });
  }
  const missing = [...paths].filter((path) => isWanted(path, only) && !found.has(path));
  if (missing.length > 0) {
    throw new TaskError({
      code: "HANDLER_MISSING",
      message: `No handler for ${missing.slice(0, 10).join(", ")}${missing.length > 10 ? ` and ${missing.length - 10} more` : ""}. Add them to handlers, or name what this server runs in only.`,
      data: { missing },
    });
  }
  return new Map([...found].filter(([path]) => isWanted(path, only)));
}
