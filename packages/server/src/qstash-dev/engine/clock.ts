/** What the engine knows of time; injected, so that tests can hold it. */
export interface QstashClock {
  /** Epoch milliseconds. */
  now(): number;
  /** Calls back once after `ms`; gives what prevents it. */
  setTimer(ms: number, callback: () => void): () => void;
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The machine's clock. Its timers keep no process alive. */
export const systemClock: QstashClock = {
  now: () => Date.now(),
  setTimer: (ms, callback) => {
    // A timer of Node's that is longer fires at once.
    if (ms > LONGEST_TIMER_MS) {
      let cancel = systemClock.setTimer(LONGEST_TIMER_MS, () => {
        cancel = systemClock.setTimer(ms - LONGEST_TIMER_MS, callback);
      });
      return () => cancel();
    }
    const timer = setTimeout(callback, Math.max(ms, 0));
    timer.unref();
    return () => clearTimeout(timer);
  },
};
