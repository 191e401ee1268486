import type { QstashClock } from "./clock.ts";

interface HeldTimer {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

/** A clock that stands still until it is moved. */
export class HeldClock implements QstashClock {
  #now: number;
  #order = 0;
  readonly #timers = new Set<HeldTimer>();

  /** @param start epoch milliseconds */
  constructor(start: number) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  setTimer(ms: number, callback: () => void): () => void {
    const timer = { at: this.#now + Math.max(ms, 0), order: this.#order++, callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** When the next timer fires, or undefined when none is set. */
  nextTimerAt(): number | undefined {
    return this.#first()?.at;
  }

  /** Sets the time, never back, and fires the first timer that is due, if any. */
  moveTo(time: number): void {
    this.#now = Math.max(this.#now, time);
    const first = this.#first();
    if (first === undefined || first.at > this.#now) return;
    this.#timers.delete(first);
    first.callback();
  }

  #first(): HeldTimer | undefined {
    let first: HeldTimer | undefined;
    for (const timer of this.#timers) {
      if (
        first === undefined ||
        timer.at < first.at ||
        (timer.at === first.at && timer.order < first.order)
      ) {
        first = timer;
      }
    }
    return first;
  }
}
