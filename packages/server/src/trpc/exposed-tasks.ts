import { didYouMean, TaskError } from "@taskwright/shared";
import type { Engine, EngineTask } from "../core/engine.ts";

/** What of a record of tasks is exposed: all of it, or the tasks and routers that paths name. */
export type ExposedTasks<TRecord, TPath extends string, TParent extends string = ""> = [TPath] extends [never]
  ? TRecord
  : {
      readonly [K in keyof TRecord & string as `${TParent}${K}` extends TPath
        ? K
        : Extract<TPath, `${TParent}${K}.${string}`> extends never
          ? never
          : K]: `${TParent}${K}` extends TPath
        ? TRecord[K]
        : TRecord[K] extends { readonly "~router": infer TInner }
          ? { readonly "~router": ExposedTasks<TInner, TPath, `${TParent}${K}.`> }
          : never;
    };

function invalid(message: string): TaskError {
  return new TaskError({ code: "INVALID_OPTION", message, data: { option: "expose" } });
}

/** The tasks that a router offers, by path; throws INVALID_OPTION for a path that names nothing. */
export function exposedTasks(
  engine: Engine,
  paths: Iterable<string>,
  expose: readonly string[] | undefined,
): ReadonlyMap<string, EngineTask> {
  const all = new Map([...paths].map((path) => [path, engine.task(path)]));
  if (expose === undefined) return all;
  if (!Array.isArray(expose)) throw invalid('expose must be an array of paths, such as ["sendEmail"].');
  const routers = [...all.keys()].flatMap((path) =>
    path.split(".").map((_, depth, names) => names.slice(0, depth + 1).join(".")),
  );
  for (const path of expose) {
    if (routers.includes(path)) continue;
    const named = String(path).slice(0, 200);
    throw invalid(`expose names "${named}", which is no task and no router.${didYouMean(named, routers)}`);
  }
  const isExposed = (path: string) => expose.some((name) => path === name || path.startsWith(`${name}.`));
  return new Map([...all].filter(([path]) => isExposed(path)));
}
