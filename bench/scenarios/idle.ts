import type { Scenario } from "../harness/scenario.ts";

const MB = 1_000_000;
const MINUTE_MS = 60_000;

/** What a worker costs that has nothing to do. */
export const idle: Scenario = {
  name: "idle",
  measures: [
    { id: "idle.cpu", label: "idle worker: CPU", unit: "% of a core" },
    { id: "idle.rss", label: "idle worker: RSS", unit: "MB" },
    { id: "idle.statements", label: "idle worker: statements", unit: "a minute", isOptional: true },
  ],
  needsSharedStore: false,
  mostRounds: 1,
  run: async (stage, sizes) => {
    const worker = await stage.process();
    await worker.call("fill", { count: 100 });
    await worker.call("startWorker", {});
    const { ms, cpuMs, rss, statements } = await worker.call("observe", sizes.idle);
    return {
      "idle.cpu": (cpuMs / ms) * 100,
      "idle.rss": rss / MB,
      ...(statements === null ? {} : { "idle.statements": (statements / ms) * MINUTE_MS }),
    };
  },
};
