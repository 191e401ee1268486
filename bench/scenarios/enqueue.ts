import type { Scenario } from "../harness/scenario.ts";
import { cpuMeasures, rateMeasure, rateOf } from "./rates.ts";

/** Single calls: each waits for its own task to be durable. */
function singleCalls(name: string, label: string, inFlight: number): Scenario {
  return {
    name,
    measures: [rateMeasure(name, label), ...cpuMeasures(name, label)],
    needsSharedStore: false,
    run: async (stage, { enqueue }) => {
      const producer = await stage.process();
      return rateOf(name, await producer.call("enqueueFor", { ...enqueue, inFlight }));
    },
  };
}

export const enqueueOne: Scenario = singleCalls("enqueue-one", "enqueue, one awaited at a time", 1);

export const enqueue100: Scenario = singleCalls("enqueue-100", "enqueue, 100 plain calls in flight", 100);

const many = "enqueue-many";

export const enqueueMany: Scenario = {
  name: many,
  measures: [rateMeasure(many, "enqueue, 1,000 per call"), ...cpuMeasures(many, "enqueue, 1,000 per call")],
  needsSharedStore: false,
  run: async (stage, { enqueue }) => {
    const producer = await stage.process();
    return rateOf(many, await producer.call("enqueueManyFor", { ...enqueue, perCall: 1_000 }));
  },
};
