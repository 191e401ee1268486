import type { Work } from "../harness/actor-operations.ts";
import type { Measure } from "../harness/scenario.ts";

/** Tasks a second. */
export function rateMeasure(id: string, label: string): Measure {
  return { id, label, unit: "tasks/s" };
}

/**
 * Processor time for each task, of one process and of the store's server: far steadier than a rate on a machine that has
 * other work too.
 */
export function cpuMeasures(id: string, label: string): readonly Measure[] {
  return [
    { id: `${id}.cpu`, label: `${label}: CPU`, unit: "µs/task" },
    { id: `${id}.server-cpu`, label: `${label}: server's CPU`, unit: "µs/task", isOptional: true },
  ];
}

/** The numbers of {@link rateMeasure} and {@link cpuMeasures}. */
export function rateOf(
  id: string,
  { tasks, ms, cpuMs, serverCpuMs }: Work,
): Readonly<Record<string, number>> {
  return {
    [id]: (tasks / ms) * 1_000,
    [`${id}.cpu`]: (cpuMs / tasks) * 1_000,
    ...(serverCpuMs === null ? {} : { [`${id}.server-cpu`]: (serverCpuMs / tasks) * 1_000 }),
  };
}
