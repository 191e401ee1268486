import { answerWithin } from "../core/bounded-answer.ts";
import type { Engine } from "../core/engine.ts";
import type { Executor, QueueStats } from "../core/executor.ts";

/** No number of a queue is counted farther, so that a scrape costs the same however full the tables are. */
export const COUNT_UP_TO = 10_000;
/** Half of what Prometheus waits for a scrape. */
const LONGEST_COUNT_MS = 5_000;

/** What the backends have at one moment. */
export interface BackendNumbers {
  readonly stats: readonly QueueStats[];
  /** By name, whether each has answered in time. */
  readonly answered: ReadonlyMap<string, boolean>;
}

/** Makes a function that asks all backends at once; calls while it asks share its answer, and one that is away is told so. */
export function backendNumbers(engine: Engine, executor: Executor): () => Promise<BackendNumbers> {
  let asking: Promise<BackendNumbers> | null = null;

  async function countsOf(backend: string): Promise<readonly QueueStats[] | null> {
    try {
      return await answerWithin(engine.host, () => executor.getQueueStats({ backend, upTo: COUNT_UP_TO }), {
        ms: LONGEST_COUNT_MS,
        late: () => new Error("It did not answer in time."),
      });
    } catch (error) {
      engine.logger.warn({ err: error, backend }, "A backend could not be counted for metrics.");
      return null;
    }
  }

  async function ask(): Promise<BackendNumbers> {
    const names = [...engine.backends.values()]
      .filter(({ backend }) => backend.inspector !== undefined)
      .map(({ name }) => name);
    const counts = await Promise.all(names.map(async (name) => [name, await countsOf(name)] as const));
    return {
      stats: counts.flatMap(([, stats]) => stats ?? []),
      answered: new Map(counts.map(([name, stats]) => [name, stats !== null])),
    };
  }

  return () => {
    asking ??= ask().finally(() => {
      asking = null;
    });
    return asking;
  };
}
