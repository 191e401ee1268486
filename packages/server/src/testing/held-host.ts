import { TaskError } from "@taskwright/shared";
import type { CancelTimer, Host } from "../core/host.ts";
import { systemHost } from "../system-host.ts";

const QUIET_TURNS = 3;
/** The most timers that one move of the clock fires. */
const MOST_STEPS = 100_000;

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/**
 * This machine with a clock that stands still until it is moved.
 *
 * While it moves, timers fire at their own time, and what they start comes to rest before the next one fires. A move
 * that would fire more than 100,000 timers rejects with INVALID_OPTION.
 */
export class HeldHost implements Host {
  readonly processName: string = "test";
  readonly #timers = new Set<Timer>();
  readonly #start: number;
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
    systemHost.defer(() => {
      this.#deferred--;
      this.#fireOverdue();
      callback();
    });
  }

  outside<T>(work: () => T): T {
    return systemHost.outside(work);
  }

  newId(): string {
    return systemHost.newId();
  }

  sha256(text: string): string {
    return systemHost.sha256(text);
  }

  /** Counts something as under way until it settles, so that a move waits for it. */
  async during<T>(running: Promise<T>): Promise<T> {
    this.#underWay++;
    try {
      return await running;
    } finally {
      this.#underWay--;
    }
  }

  /** Moves the clock to a time, and on the way to all timers before it; a time that has been changes nothing. */
  async moveTo(wallTime: number): Promise<void> {
    await this.advance(wallTime - this.wallTime());
  }

  /** Moves the clock forward by milliseconds, and on the way to all timers before its end. */
  async advance(ms: number): Promise<void> {
    const end = this.#elapsed + ms;
    await this.settle();
    let steps = 0;
    for (let timer = this.#next(end); timer !== undefined; timer = this.#next(end)) {
      if (++steps > MOST_STEPS) throw tooManySteps();
      this.#timers.delete(timer);
      this.#elapsed = Math.max(this.#elapsed, timer.at);
      timer.callback();
      await this.settle();
    }
    this.#elapsed = Math.max(this.#elapsed, end);
    await this.settle();
  }

  /** Moves the clock forward by milliseconds as a handler that never gives way does, so that timers fire late. */
  block(ms: number): void {
    this.#elapsed += ms;
  }

  /** Waits until nothing is under way but what waits for the clock or for the outside. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < QUIET_TURNS; quiet++) {
      await new Promise<void>((resolve) => systemHost.defer(resolve));
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
    for (const timer of this.#timers)
      if (timer.at <= end && (next === undefined || timer.at < next.at)) next = timer;
    return next;
  }
}

function tooManySteps(): TaskError {
  return new TaskError({
    code: "INVALID_OPTION",
    message: `This move of the clock fires more than ${MOST_STEPS} timers, such as ticks of schedules; move it in smaller steps.`,
  });
}
