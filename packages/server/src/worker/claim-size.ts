/** The most task results that wait for a slot in one worker. */
const MOST_AHEAD = 1_000;
/** How long claimed task results should wait for a slot at the most, at the present rate. */
const AHEAD_MS = 100;
const WINDOW_MS = 50;

/**
 * How many task results to claim ahead of free slots: as many as lately ended in a tenth of a second.
 *
 * Quick handlers then never wait for the store; slow ones leave waiting tasks to other workers.
 */
export class ClaimSize {
  #windowStart: number;
  #ended = 0;
  #perMs = 0;

  constructor(now: number) {
    this.#windowStart = now;
  }

  /** Notes attempts that ended by `now`, in milliseconds of any steady clock. */
  note(ended: number, now: number): void {
    this.#ended += ended;
    const elapsed = now - this.#windowStart;
    if (elapsed < WINDOW_MS) return;
    this.#perMs = this.#ended / elapsed;
    this.#ended = 0;
    this.#windowStart = now;
  }

  /** How many to claim beyond the free slots. */
  get ahead(): number {
    return Math.min(MOST_AHEAD, Math.floor(this.#perMs * AHEAD_MS));
  }
}
