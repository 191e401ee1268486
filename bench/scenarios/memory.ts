import type { MemoryUse } from "../harness/actor-operations.ts";
import { pause } from "../harness/clock.ts";
import type { RemoteActor } from "../harness/remote-actor.ts";
import type { Scenario } from "../harness/scenario.ts";
import { median } from "../harness/statistics.ts";

const MB = 1_000_000;
const LOOK_EVERY_MS = 5;
/** A fifth by single calls, the rest in bulk. */
const SINGLE_SHARE = 0.2;

async function untilRan(worker: RemoteActor, count: number): Promise<void> {
  while ((await worker.call("ran", {})) < count) await pause(LOOK_EVERY_MS);
}

/** The middle of some points, in MB. */
function level(points: readonly MemoryUse[], of: (point: MemoryUse) => number): number {
  return median(points.map(of)) / MB;
}

/** Memory of one process that enqueues and runs a million tasks, each reading after a garbage collection. */
export const memory: Scenario = {
  name: "memory",
  measures: [
    { id: "memory.heap-first", label: "heap in the first fifth of a million tasks", unit: "MB" },
    { id: "memory.heap-last", label: "heap in the last fifth", unit: "MB" },
    { id: "memory.rss-first", label: "RSS in the first fifth of a million tasks", unit: "MB" },
    { id: "memory.rss-last", label: "RSS in the last fifth", unit: "MB" },
  ],
  // A store in memory grows with what it keeps.
  needsSharedStore: true,
  isOursOnly: true,
  mostRounds: 1,
  run: async (stage, sizes) => {
    const { chunks, perChunk } = sizes.memory;
    const both = await stage.process();
    await both.call("startWorker", {});
    const points: MemoryUse[] = [];
    for (let chunk = 1; chunk <= chunks; chunk++) {
      await both.call("fillSingly", { count: perChunk * SINGLE_SHARE });
      await both.call("fill", { count: perChunk * (1 - SINGLE_SHARE) });
      await untilRan(both, chunk * perChunk);
      points.push(await both.call("memoryUse", {}));
    }
    const fifth = chunks / 5;
    const first = points.slice(0, fifth);
    const last = points.slice(-fifth);
    return {
      "memory.heap-first": level(first, ({ heap }) => heap),
      "memory.heap-last": level(last, ({ heap }) => heap),
      "memory.rss-first": level(first, ({ rss }) => rss),
      "memory.rss-last": level(last, ({ rss }) => rss),
    };
  },
};
