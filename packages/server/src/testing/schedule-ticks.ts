import type { Engine } from "../core/engine.ts";
import type { CancelTimer } from "../core/host.ts";
import type { OpenedBackend } from "../core/opened-backend.ts";
import { runSchedules } from "../core/run-schedules.ts";
import type { HeldHost } from "./held-host.ts";

/** After a look that failed. */
const LOOK_AGAIN_MS = 10_000;

/** Enqueues what schedules have due as the clock of a test reaches their ticks, as workers do. */
export class ScheduleTicks {
  readonly #engine: Engine;
  readonly #host: HeldHost;
  readonly #timers = new Map<OpenedBackend, CancelTimer>();
  readonly #rounds = new Map<OpenedBackend, Promise<void>>();
  #isStopped = false;

  constructor(engine: Engine, host: HeldHost) {
    this.#engine = engine;
    this.#host = host;
    for (const opened of engine.backends.values()) opened.scheduleWatchers.add(() => this.#look(opened));
  }

  stop(): void {
    this.#isStopped = true;
    for (const cancel of this.#timers.values()) cancel();
  }

  /** One look after the other, so that each sees what the one before has done. */
  #look(opened: OpenedBackend): void {
    if (this.#isStopped) return;
    const before = this.#rounds.get(opened) ?? Promise.resolve();
    this.#rounds.set(opened, this.#host.during(before.then(() => this.#round(opened))));
  }

  async #round(opened: OpenedBackend): Promise<void> {
    if (this.#isStopped) return;
    this.#timers.get(opened)?.();
    let pauseMs: number | null;
    try {
      const { nextRunAt } = await runSchedules(this.#engine, opened);
      pauseMs = nextRunAt === null ? null : nextRunAt - opened.clock.now();
    } catch (error) {
      this.#engine.logger.warn({ err: error, backend: opened.name }, "A look at schedules failed.");
      pauseMs = LOOK_AGAIN_MS;
    }
    if (pauseMs === null || this.#isStopped) return;
    this.#timers.set(
      opened,
      this.#host.setTimer(pauseMs, () => this.#look(opened)),
    );
  }
}
