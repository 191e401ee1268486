import type { Scenario } from "../harness/scenario.ts";
import { cpuMeasures, rateMeasure, rateOf } from "./rates.ts";

/**
 * No-op tasks that wait, run by some worker processes.
 *
 * Each worker has drained some before, so that its code is compiled; the clock runs until the last result is stored.
 */
function drainBy(workers: number): Scenario {
  const name = `drain-${workers}`;
  const label = `drain by ${workers} worker process${workers === 1 ? "" : "es"}`;
  return {
    name,
    measures: [rateMeasure(name, label), ...cpuMeasures(name, label)],
    needsSharedStore: workers > 1,
    run: async (stage, { drain }) => {
      const producer = await stage.process();
      const all = await Promise.all(Array.from({ length: workers }, () => stage.process()));
      for (const worker of all) {
        await producer.call("fill", { count: drain.warmUp });
        await worker.call("drain", {});
      }
      await producer.call("fill", { count: drain.tasks });
      const works = await Promise.all(all.map((worker) => worker.call("drain", {})));
      const { ready, successful } = await producer.call("counts", {});
      const expected = drain.warmUp * workers + drain.tasks;
      if (ready !== 0 || successful !== expected) {
        throw new Error(
          `After the drain ${ready} tasks wait and ${successful} of ${expected} have succeeded.`,
        );
      }
      return rateOf(name, {
        tasks: drain.tasks,
        ms: Math.max(...works.map(({ ms }) => ms)),
        cpuMs: works.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
        serverCpuMs: mostOf(works.map(({ serverCpuMs }) => serverCpuMs)),
      });
    },
  };
}

/** They all look at the same server, so the longest span has it all. */
function mostOf(spent: readonly (number | null)[]): number | null {
  return spent.some((ms) => ms === null) ? null : Math.max(...spent.map(Number));
}

export const drain1: Scenario = drainBy(1);
export const drain2: Scenario = drainBy(2);
