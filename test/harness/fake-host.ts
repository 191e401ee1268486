import { type CancelTimer, type Host, systemHost } from "@taskwright/server";

const QUIET_TURNS = 3;

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/**
 * A machine whose clock stands still until a test moves it.
 *
 * While it moves, timers fire at their own time, and whatever they start comes to rest before the next one fires.
 */
export class FakeHost implements Host {
  readonly processName = "fake-host-1";
  /** Changes new ids, for a store where they say in which part of it something is kept. */
  placeId: (id: string) => string = (id) => id;
  readonly #timers = new Set<Timer>();
  #start: number;
  #elapsed = 0;
  #deferred = 0;
  #underWay = 0;

  /** @param start what the clock shows at first, in epoch milliseconds */
  constructor(start: number) {
    this.#start = start;
  }

  wallTime(): number {
    return this.#start + this.#elapsed;
  }

  monotonicTime(): number {
    return this.#elapsed;
  }

  setTimer(ms: number, callback: () => void): CancelTimer {
    const timer = { at: this.#elapsed + Math.max(0, ms), callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  defer(callback: () => void): void {
    this.#deferred++;
    setImmediate(() => {
      this.#deferred--;
      this.#fireOverdue();
      callback();
    });
  }

  newId(): string {
    return this.placeId(systemHost.newId());
  }

  sha256(text: string): string {
    return systemHost.sha256(text);
  }

  /** Counts something as under way until it settles, so that {@link settle} waits for it. */
  async during<T>(running: Promise<T>): Promise<T> {
    this.#underWay++;
    try {
      return await running;
    } finally {
      this.#underWay--;
    }
  }

  /** Moves the clock forward. */
  async advance(ms: number): Promise<void> {
    const end = this.#elapsed + ms;
    await this.settle();
    for (let timer = this.#next(end); timer !== undefined; timer = this.#next(end)) {
      this.#timers.delete(timer);
      this.#elapsed = Math.max(this.#elapsed, timer.at);
      timer.callback();
      await this.settle();
    }
    this.#elapsed = end;
    await this.settle();
  }

  /** Moves the clock forward as a handler that never gives way does, so that timers fire late. */
  block(ms: number): void {
    this.#elapsed += ms;
  }

  /** Sets the clock, as a correction of the time does; no time passes. */
  setClock(ms: number): void {
    this.#start += ms;
  }

  /** Waits until nothing is under way but what waits for the clock or for the outside. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < QUIET_TURNS; quiet++) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (this.#deferred + this.#underWay > 0) quiet = -1;
    }
  }

  /** As on a real machine, timers that are late come before what was deferred meanwhile. */
  #fireOverdue(): void {
    for (const timer of this.#timers) {
      if (timer.at >= this.#elapsed) continue;
      this.#timers.delete(timer);
      timer.callback();
    }
  }

  #next(end: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.at <= end && (next === undefined || timer.at < next.at)) next = timer;
    }
    return next;
  }
}
