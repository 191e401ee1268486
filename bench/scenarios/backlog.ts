import { pause } from "../harness/clock.ts";
import type { RemoteActor } from "../harness/remote-actor.ts";
import type { Scenario } from "../harness/scenario.ts";
import { cpuMeasures, rateMeasure, rateOf } from "./rates.ts";

const TELL_EVERY_MS = 20;

/** Tells the producer how much has been run, until `done`. */
async function relay(worker: RemoteActor, producer: RemoteActor, done: Promise<unknown>): Promise<void> {
  let isDone = false;
  const note = () => {
    isDone = true;
  };
  done.then(note, note);
  while (!isDone) {
    await producer.call("noteRan", { ran: await worker.call("ran", {}) });
    await pause(TELL_EVERY_MS);
  }
}

/** The rate of one worker while another process keeps so many tasks waiting. */
function backlogOf(waiting: number, name: string): Scenario {
  const label = `run with ${waiting.toLocaleString("en")} waiting`;
  return {
    name,
    measures: [
      rateMeasure(name, label),
      ...cpuMeasures(name, label),
      { id: `${name}.fewest`, label: `${label}: fewest`, unit: "tasks" },
    ],
    needsSharedStore: true,
    run: async (stage, { backlog }) => {
      const [producer, worker] = await Promise.all([stage.process(), stage.process()]);
      await producer.call("fill", { count: waiting });
      await producer.call("holdBacklog", { target: waiting, waiting });
      await worker.call("startWorker", {});
      const observed = worker.call("observe", backlog);
      await relay(worker, producer, observed);
      const work = await observed;
      const { fewestWaiting } = await producer.call("endBacklog", {});
      return { ...rateOf(name, work), [`${name}.fewest`]: fewestWaiting };
    },
  };
}

export const backlog20k: Scenario = backlogOf(20_000, "backlog-20k");
export const backlog500k: Scenario = backlogOf(500_000, "backlog-500k");
