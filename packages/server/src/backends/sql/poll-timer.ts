/** How often watchers look while nobody would tell them: at first, and after nothing has come of it for a while. */
const FIRST_POLL_MS = 50;
const SLOWDOWN = 1.5;

/** Wakes watchers now and then, seldomer while nothing happens. */
export class PollTimer {
  readonly #isNeeded: () => boolean;
  readonly #wake: () => void;
  readonly #longestMs: number;
  #timer: NodeJS.Timeout | null = null;
  #nextMs = FIRST_POLL_MS;

  /** @param isNeeded whether somebody watches whom nobody tells */
  constructor(isNeeded: () => boolean, wake: () => void, longestMs: number) {
    this.#isNeeded = isNeeded;
    this.#wake = wake;
    this.#longestMs = longestMs;
  }

  /** Begins anew with the shortest pause. */
  soon(): void {
    this.#nextMs = Math.min(FIRST_POLL_MS, this.#longestMs);
    if (this.#isNeeded()) this.stop();
    this.#later();
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #later(): void {
    if (this.#timer !== null || !this.#isNeeded()) return;
    // Processes that began together should not look together for ever.
    this.#timer = setTimeout(
      () => {
        this.#timer = null;
        this.#nextMs = Math.min(this.#nextMs * SLOWDOWN, this.#longestMs);
        this.#wake();
        this.#later();
      },
      this.#nextMs * (0.9 + 0.2 * Math.random()),
    ).unref();
  }
}
