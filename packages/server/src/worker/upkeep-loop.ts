import { endsWithin } from "../core/bounded-answer.ts";
import type { Engine } from "../core/engine.ts";
import type { CancelTimer } from "../core/host.ts";
import type { OpenedBackend } from "../core/opened-backend.ts";
import { purgeByRetention, type Retention, sweep } from "../core/upkeep.ts";

const PURGE_EVERY_MS = 3_600_000;
/** A sweep's answer has numbers and no names. */
const SWEPT = "Task results that had lost their worker go on, or were ended.";

/** Sweeps and purges now and then, while its worker runs. */
export class UpkeepLoop {
  readonly #engine: Engine;
  readonly #opened: OpenedBackend;
  readonly #sweepEveryMs: number;
  readonly #retention: Retention;
  readonly #stopped = new AbortController();
  readonly #timers = new Set<CancelTimer>();
  readonly #running = new Set<Promise<void>>();

  constructor(
    engine: Engine,
    opened: OpenedBackend,
    options: { sweepEveryMs: number; retention: Retention },
  ) {
    this.#engine = engine;
    this.#opened = opened;
    this.#sweepEveryMs = options.sweepEveryMs;
    this.#retention = options.retention;
  }

  /** Starts both rounds, the first at once. */
  start(): void {
    if (this.#opened.backend.maintenance === undefined) return;
    const { signal } = this.#stopped;
    const { logger } = this.#engine;
    this.#repeat("sweep", this.#sweepEveryMs, async () => {
      const changed = await sweep(this.#engine, this.#opened, signal);
      if (changed > 0) logger.warn({ changed, backend: this.#opened.name }, SWEPT);
    });
    this.#repeat("purge", PURGE_EVERY_MS, async () => {
      const purged = await purgeByRetention(this.#opened, this.#retention, signal);
      if (purged > 0) logger.info({ purged, backend: this.#opened.name }, "Old task results were purged.");
    });
  }

  /** Ends both rounds and waits, for at most `patienceMs`, for the batch that is under way. */
  async stop(patienceMs: number): Promise<void> {
    this.#stopped.abort();
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    await endsWithin(this.#engine.host, patienceMs, Promise.allSettled(this.#running));
  }

  #repeat(name: string, everyMs: number, round: () => Promise<void>): void {
    const running = (async () => {
      try {
        await round();
      } catch (error) {
        this.#engine.logger.warn(
          { err: error, backend: this.#opened.name },
          `A ${name} failed; it is tried again.`,
        );
      }
    })();
    this.#running.add(running);
    void running.then(() => {
      this.#running.delete(running);
      if (this.#stopped.signal.aborted) return;
      // Workers that started together should not sweep together for ever.
      const cancel = this.#engine.host.setTimer(everyMs * (0.9 + 0.2 * Math.random()), () => {
        this.#timers.delete(cancel);
        this.#repeat(name, everyMs, round);
      });
      this.#timers.add(cancel);
    });
  }
}
