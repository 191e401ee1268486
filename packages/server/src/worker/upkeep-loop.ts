import { endsWithin } from "../core/bounded-answer.ts";
import type { Engine } from "../core/engine.ts";
import type { CancelTimer } from "../core/host.ts";
import { indexInputs } from "../core/index-inputs.ts";
import type { OpenedBackend } from "../core/opened-backend.ts";
import { purgeByRetention, type Retention, sweep } from "../core/upkeep.ts";

const PURGE_EVERY_MS = 3_600_000;
/** Pauses vary by a tenth, and none is to be longer than a second. */
const RELAY_EVERY_MS = 900;
/** How often an index of inputs is looked at that nobody uses (at the most), that somebody uses, and that is behind. */
const INDEX_EVERY_MS = 60_000;
const INDEX_IN_USE_EVERY_MS = 15_000;
const INDEX_BEHIND_EVERY_MS = 1_000;
/** A sweep's answer has numbers and no names. */
const SWEPT = "Task results that had lost their worker go on, or were ended.";

/** Relays, sweeps, purges and indexes now and then, while its worker runs. */
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

  /** Starts the rounds, the first at once. */
  start(): void {
    const { relay } = this.#opened;
    if (relay !== null) this.#repeat("relay", RELAY_EVERY_MS, () => relay.poll(this.#stopped.signal));
    if (this.#opened.backend.maintenance === undefined) return;
    const { signal } = this.#stopped;
    const { logger } = this.#engine;
    this.#repeat("sweep", this.#sweepEveryMs, async () => {
      const changed = await sweep(this.#engine, this.#opened, signal);
      if (changed > 0) logger.warn({ changed, backend: this.#opened.name }, SWEPT);
      return undefined;
    });
    this.#repeat("purge", PURGE_EVERY_MS, async () => {
      const purged = await purgeByRetention(this.#opened, this.#retention, signal);
      if (purged > 0) logger.info({ purged, backend: this.#opened.name }, "Old task results were purged.");
      return undefined;
    });
    if (this.#opened.maintenance.indexInputs === undefined) return;
    const everyMs = Math.max(INDEX_EVERY_MS, this.#sweepEveryMs);
    this.#repeat("round of the index of inputs", everyMs, async () => {
      const answer = await indexInputs(this.#opened);
      if (answer?.more === true) return INDEX_BEHIND_EVERY_MS;
      return answer?.isWanted === true ? INDEX_IN_USE_EVERY_MS : undefined;
    });
  }

  /** Ends the rounds and waits, for at most `patienceMs`, for the batch that is under way. */
  async stop(patienceMs: number): Promise<void> {
    this.#stopped.abort();
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    await endsWithin(this.#engine.host, patienceMs, Promise.allSettled(this.#running));
  }

  /** @param round may say after how many milliseconds it is to be repeated, instead of `everyMs` */
  #repeat(name: string, everyMs: number, round: () => Promise<number | undefined>): void {
    let pauseMs = everyMs;
    const running = (async () => {
      try {
        pauseMs = (await round()) ?? everyMs;
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
      const cancel = this.#engine.host.setTimer(pauseMs * (0.9 + 0.2 * Math.random()), () => {
        this.#timers.delete(cancel);
        this.#repeat(name, everyMs, round);
      });
      this.#timers.add(cancel);
    });
  }
}
