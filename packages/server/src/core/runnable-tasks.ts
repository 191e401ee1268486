import type { Engine, EngineTask } from "./engine.ts";
import type { OpenedBackend } from "./opened-backend.ts";

const BUILT_IN_LEASE_MS = 60_000;

/** How long a claim on a backend leases a task, in milliseconds. */
export function leaseMsOf({ options }: EngineTask, { backend }: OpenedBackend): number {
  return options.leaseMs ?? backend.defaultLeaseMs ?? BUILT_IN_LEASE_MS;
}

/** What this process has handlers for, as a claim on a backend names it. */
export function runnableTasks(
  engine: Engine,
  opened: OpenedBackend,
): readonly { readonly path: string; readonly lease: number }[] {
  return [...engine.tasks.values()]
    .filter((task) => task.handler !== undefined)
    .map((task) => ({ path: task.path, lease: leaseMsOf(task, opened) }));
}
