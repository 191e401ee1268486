import { AsyncLocalStorage } from "node:async_hooks";
import { hash } from "node:crypto";
import { hostname } from "node:os";
import { v7 as uuidv7 } from "uuid";
import type { Host } from "./core/host.ts";
import { pooledRandom } from "./random-pool.ts";

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Calls a function outside of what is going on, such as a request that is traced and has set a timer off. */
const outside = AsyncLocalStorage.snapshot();

/** The machine this process runs on. */
export const systemHost: Host = {
  wallTime: () => Date.now(),
  monotonicTime: () => performance.now(),
  setTimer: (ms, callback, options) => {
    const keepAlive = options?.keepAlive === true;
    // A timer of Node's that is longer fires at once.
    if (ms > LONGEST_TIMER_MS) {
      let stop = systemHost.setTimer(
        LONGEST_TIMER_MS,
        () => {
          stop = systemHost.setTimer(ms - LONGEST_TIMER_MS, callback, { keepAlive });
        },
        { keepAlive },
      );
      return () => stop();
    }
    const timer = setTimeout(() => outside(callback), Math.max(ms, 0));
    if (!keepAlive) timer.unref();
    return () => clearTimeout(timer);
  },
  defer: (callback) => {
    setImmediate(callback);
  },
  outside,
  newId: () => uuidv7({ rng: pooledRandom }),
  sha256: (text) => hash("sha256", text),
  processName: `${hostname().slice(0, 40)}-${process.pid}`,
};
