import { didYouMean, TaskError } from "@taskwright/shared";
import type { Engine } from "./engine.ts";

/** Refuses a queue that no task of the contract may use: whoever works on it would wait for ever. */
export function checkKnownQueues(engine: Engine, queues: readonly string[]): void {
  const allowed = [...engine.tasks.values()].map((task) => task.queues);
  if (allowed.includes("any")) return;
  const known = new Set(allowed.flatMap((names) => [...names]));
  for (const queue of queues) {
    if (known.has(queue)) continue;
    const shown = String(queue).slice(0, 100);
    throw new TaskError({
      code: "UNKNOWN_QUEUE",
      message: `The contract has no queue "${shown}".${didYouMean(shown, known)} It has: ${[...known].join(", ")}.`,
      data: { queue: shown },
    });
  }
}
