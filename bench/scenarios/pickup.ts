import { pause } from "../harness/clock.ts";
import type { Scenario } from "../harness/scenario.ts";
import { percentile } from "../harness/statistics.ts";

const LOOK_EVERY_MS = 10;
const LONGEST_WAIT_MS = 5_000;

/**
 * From the call of `delay()` in one process to the start of the handler in another, whose worker was idle.
 *
 * The commit of the task is part of it.
 */
export const pickup: Scenario = {
  name: "pickup",
  measures: [
    { id: "pickup.p50", label: "pickup by another process, p50", unit: "ms" },
    { id: "pickup.p99", label: "pickup by another process, p99", unit: "ms" },
  ],
  needsSharedStore: true,
  run: async (stage, { pickup: { warmUp, samples, pauseMs } }) => {
    const [producer, worker] = await Promise.all([stage.process(), stage.process()]);
    await worker.call("startWorker", {});
    const send = async (count: number): Promise<readonly number[]> => {
      const before = await worker.call("ran", {});
      await producer.call("sendSamples", { count, pauseMs });
      const giveUpAt = performance.now() + LONGEST_WAIT_MS;
      while ((await worker.call("ran", {})) < before + count) {
        if (performance.now() > giveUpAt) throw new Error("Some tasks were not picked up.");
        await pause(LOOK_EVERY_MS);
      }
      return worker.call("takeLatencies", {});
    };
    await send(warmUp);
    const latencies = await send(samples);
    return { "pickup.p50": percentile(latencies, 0.5), "pickup.p99": percentile(latencies, 0.99) };
  },
};
