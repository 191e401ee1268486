import { checkOptionNames } from "./option-names.ts";
import { tasksByPath } from "./router-record.ts";
import type { AnyRouter } from "./task-types.ts";

/** One task of a router, as {@link discoverTasks} lists it. */
export interface DiscoveredTask {
  /** The last name of its path. */
  readonly name: string;
  /** Its label; the path when it has none. */
  readonly fieldLabel: string;
  /** Its path. */
  readonly location: string;
}

/** What {@link discoverTasks} takes. */
export interface DiscoverOptions {
  /** Give paths only. @default false */
  readonly locationsOnly?: boolean;
  /** Another name of `locationsOnly`. @default false */
  readonly pathsOnly?: boolean;
}

/** Lists a router's tasks in the order they were declared. */
export function discoverTasks(
  router: AnyRouter,
  options: { readonly locationsOnly: true } | { readonly pathsOnly: true },
): string[];
export function discoverTasks(router: AnyRouter, options?: DiscoverOptions): DiscoveredTask[];
export function discoverTasks(router: AnyRouter, options: DiscoverOptions = {}): string[] | DiscoveredTask[] {
  checkOptionNames(options, "discoverTasks()", ["locationsOnly", "pathsOnly"]);
  const tasks = [...tasksByPath(router)];
  if (options.locationsOnly === true || options.pathsOnly === true) return tasks.map(([path]) => path);
  return tasks.map(([path, task]) => ({
    name: path.slice(path.lastIndexOf(".") + 1),
    fieldLabel: task["~task"].options.label ?? path,
    location: path,
  }));
}
