import { setTimeout } from "node:timers/promises";
import type { StopWatching } from "@taskwright/server/backend";

/** How long a wake may take, whoever has caused it. */
const PATIENCE_MS = 2_000;
/** After how long without a wake those of one cause are taken to be over. */
const QUIET_MS = 150;
/** How often something is caused until the watch is there, and how long each time is waited for a wake. */
const CAUSES = 10;
const CAUSE_AGAIN_MS = 500;
const MOST_WAKES = 1_000;

/** Counts wakes, and waits for them: with a limit, never by sleeping. */
export interface WakeCounter {
  readonly count: number;
  readonly stop: StopWatching;
  /**
   * Proves that the watch is there: causes something, again if need be, until it wakes, and waits until it is quiet.
   *
   * A store may begin its watch late, and wake without cause once it has: only a wake after this has its own cause.
   */
  establish(cause: () => Promise<unknown>): Promise<void>;
  /** Waits until no more wakes come. */
  quiet(): Promise<void>;
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

  /** Whether there is a wake that was not awaited, or one comes in time. */
  const isWoken = async (patienceMs: number): Promise<boolean> => {
    if (count === seen) {
      const woken = new Promise<true>((done) => {
        resolve = () => done(true);
      });
      const gaveUp = new AbortController();
      const late = setTimeout(patienceMs, false, { signal: gaveUp.signal }).catch(() => false);
      const outcome = await Promise.race([woken, late]);
      gaveUp.abort();
      if (!outcome) return false;
    }
    seen = count;
    return true;
  };

  const next = async (): Promise<void> => {
    if (!(await isWoken(PATIENCE_MS))) throw new Error(`There was no wake within ${PATIENCE_MS} ms.`);
  };

  const quiet = async (): Promise<void> => {
    const limit = count + MOST_WAKES;
    while (await isWoken(QUIET_MS)) {
      if (count > limit) throw new Error(`The watch woke ${MOST_WAKES} times and does not end.`);
    }
  };

  return {
    get count() {
      return count;
    },
    stop,
    establish: async (cause) => {
      for (let causes = 0; causes < CAUSES; causes++) {
        await cause();
        if (await isWoken(CAUSE_AGAIN_MS)) return quiet();
      }
      throw new Error(`There was no wake, whatever was done ${CAUSES} times.`);
    },
    quiet,
    next,
    until: async (look) => {
      do await next();
      while (!(await look()));
    },
  };
}
