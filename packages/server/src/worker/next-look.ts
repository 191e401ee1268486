import type { CancelTimer, Host } from "../core/host.ts";

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/** When to look for work again: at a time, or after growing pauses while the store is away. */
export class NextLook {
  readonly #host: Host;
  readonly #look: () => void;
  #stopTimer: CancelTimer | null = null;
  #pauseMs = FIRST_PAUSE_MS;
  #failingSince: number | null = null;

  constructor(host: Host, look: () => void) {
    this.#host = host;
    this.#look = look;
  }

  /** Whether the last look failed, so that nobody knows whether anything is left. */
  get isFailing(): boolean {
    return this.#failingSince !== null;
  }

  /** How long looks have failed by now, in milliseconds; 0 while they succeed. */
  get failingMs(): number {
    return this.#failingSince === null ? 0 : this.#host.monotonicTime() - this.#failingSince;
  }

  /** Notes that a look has succeeded. */
  succeeded(): void {
    this.#pauseMs = FIRST_PAUSE_MS;
    this.#failingSince = null;
  }

  /** Looks again after a pause, which is longer each time and different in each process. */
  failed(): void {
    this.#failingSince ??= this.#host.monotonicTime();
    this.in(this.#pauseMs * (0.5 + Math.random()));
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
  }

  /** Looks again after `ms`, and at no time that was said before. */
  in(ms: number): void {
    this.stop();
    this.#stopTimer = this.#host.setTimer(ms, () => {
      this.#stopTimer = null;
      this.#look();
    });
  }

  /** Looks at no time that was said. */
  stop(): void {
    this.#stopTimer?.();
    this.#stopTimer = null;
  }
}
