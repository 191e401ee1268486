import { endsWithin } from "../core/bounded-answer.ts";
import type { Engine } from "../core/engine.ts";
import type { CancelTimer } from "../core/host.ts";
import type { OpenedBackend } from "../core/opened-backend.ts";
import { runSchedules } from "../core/run-schedules.ts";

/** How soon it hears of what other processes have changed. */
const LOOK_EVERY_MS = 60_000;
/** After a look that failed. */
const LOOK_AGAIN_MS = 10_000;
/** Workers that look together would all try the same tick. */
const SPREAD_MS = 100;

/** Enqueues what schedules have due, while its worker runs. */
export class ScheduleLoop {
  readonly #engine: Engine;
  readonly #opened: OpenedBackend;
  readonly #lookEveryMs: number;
  readonly #stopped = new AbortController();
  readonly #look = () => this.#lookAgain();
  #cancelTimer: CancelTimer = () => {};
  #running: Promise<void> | null = null;
  #isAsked = false;

  /** @param options `lookEveryMs` where a store is to be let sleep for longer than a minute */
  constructor(engine: Engine, opened: OpenedBackend, options: { readonly lookEveryMs: number | null }) {
    this.#engine = engine;
    this.#opened = opened;
    this.#lookEveryMs = Math.max(LOOK_EVERY_MS, options.lookEveryMs ?? 0);
  }

  /** Looks at once, and then at each tick and now and then. */
  start(): void {
    this.#opened.scheduleWatchers.add(this.#look);
    this.#lookAgain();
  }

  /** Ends it and waits, for at most `patienceMs`, for what is under way. */
  async stop(patienceMs: number): Promise<void> {
    this.#stopped.abort();
    this.#opened.scheduleWatchers.delete(this.#look);
    this.#cancelTimer();
    if (this.#running !== null) await endsWithin(this.#engine.host, patienceMs, this.#running);
  }

  #lookAgain(): void {
    this.#isAsked = true;
    this.#cancelTimer();
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    let pauseMs = this.#lookEveryMs;
    while (this.#isAsked && !this.#stopped.signal.aborted) {
      this.#isAsked = false;
      pauseMs = await this.#round();
    }
    this.#running = null;
    if (this.#stopped.signal.aborted) return;
    this.#cancelTimer = this.#engine.host.setTimer(pauseMs, this.#look);
  }

  /** Resolves to how long nothing is to be done. */
  async #round(): Promise<number> {
    const { clock, name } = this.#opened;
    try {
      const { nextRunAt } = await runSchedules(this.#engine, this.#opened, this.#stopped.signal);
      if (nextRunAt === null) return this.#lookEveryMs;
      return Math.min(this.#lookEveryMs, Math.max(0, nextRunAt - clock.now()) + Math.random() * SPREAD_MS);
    } catch (error) {
      this.#engine.logger.warn(
        { err: error, backend: name },
        "A look at schedules failed; it is tried again.",
      );
      return LOOK_AGAIN_MS;
    }
  }
}
