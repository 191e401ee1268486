import type { Engine } from "./engine.ts";

/** What this process has handlers for, as a claim names it. */
export function runnableTasks(engine: Engine): readonly { readonly path: string; readonly lease: number }[] {
  return [...engine.tasks.values()]
    .filter((task) => task.handler !== undefined)
    .map((task) => ({ path: task.path, lease: task.options.leaseMs }));
}
