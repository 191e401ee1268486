import type { Work } from "../harness/actor-operations.ts";
import type { Measure } from "../harness/scenario.ts";

/** Tasks a second. */
export function rateMeasure(id: string, label: string): Measure {
  return { id, label, unit: "tasks/s" };
}

/** Processor time of one process for each task: far steadier than a rate on a machine that has other work too. */
export function cpuMeasure(id: string, label: string): Measure {
  return { id: `${id}.cpu`, label: `${label}: CPU`, unit: "µs/task" };
}

/** The numbers of {@link rateMeasure} and {@link cpuMeasure}. */
export function rateOf(id: string, { tasks, ms, cpuMs }: Work): Readonly<Record<string, number>> {
  return { [id]: (tasks / ms) * 1_000, [`${id}.cpu`]: (cpuMs / tasks) * 1_000 };
}
