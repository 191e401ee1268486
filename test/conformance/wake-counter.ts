import { setTimeout } from "node:timers/promises";
import type { StopWatching } from "@taskwright/server/backend";

const PATIENCE_MS = 10_000;

/** Counts wakes, and waits for them: with a limit, never by sleeping. */
export interface WakeCounter {
  readonly count: number;
  readonly stop: StopWatching;
  /** Resolves at the next wake, or at once after one that was not awaited. */
  next(): Promise<void>;
  /** Looks after every wake until what it sees is true, as a worker does; without a wake it sees nothing. */
  until(look: () => Promise<boolean>): Promise<void>;
}

/** Starts a watch and counts its wakes. */
export function countWakes(watch: (wake: () => void) => StopWatching): WakeCounter {
  let count = 0;
  let seen = 0;
  let resolve = () => {};
  const stop = watch(() => {
    count++;
    resolve();
  });

  const next = async (): Promise<void> => {
    if (count === seen) {
      const woken = new Promise<"woken">((done) => {
        resolve = () => done("woken");
      });
      const gaveUp = new AbortController();
      const patience = setTimeout(PATIENCE_MS, "late" as const, { signal: gaveUp.signal }).catch(
        () => "late" as const,
      );
      const outcome = await Promise.race([woken, patience]);
      gaveUp.abort();
      if (outcome === "late") throw new Error(`There was no wake within ${PATIENCE_MS} ms.`);
    }
    seen = count;
  };

  return {
    get count() {
      return count;
    },
    stop,
    next,
    until: async (look) => {
      do await next();
      while (!(await look()));
    },
  };
}
