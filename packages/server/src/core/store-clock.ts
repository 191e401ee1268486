import type { Host } from "./host.ts";

/** How old a measurement may become. */
export const MEASURE_EVERY_MS = 30_000;
/** A change beyond what clocks drift and answers vary. */
const JUMP_MS = 5_000;

/**
 * Store time: this machine's monotonic clock plus the store's offset.
 *
 * Leases, due times and windows are compared in it, so the clocks of hosts may differ by hours. The offset is measured
 * at {@link measure} and again at the first use 30 seconds later.
 */
export class StoreClock {
  readonly #host: Host;
  readonly #readTime: (() => Promise<number>) | undefined;
  #offset: number;
  #measuredAt: number;
  #measuring = false;
  #isMeasured = false;
  #jumpedAt = Number.NEGATIVE_INFINITY;

  constructor(host: Host, readTime: (() => Promise<number>) | undefined) {
    this.#host = host;
    this.#readTime = readTime;
    this.#measuredAt = host.monotonicTime();
    this.#offset = host.wallTime() - this.#measuredAt;
  }

  /** Store time now, in whole epoch milliseconds. */
  now(): number {
    const local = this.#host.monotonicTime();
    if (local - this.#measuredAt > MEASURE_EVERY_MS && !this.#measuring) {
      // The old offset serves until the new one is there; a store that does not answer says so at the next operation.
      this.measure().catch(() => this.#postpone(local));
    }
    return Math.floor(local + this.#offset);
  }

  /** Reads the store's clock; the answer counts as of the middle of the round trip. */
  async measure(): Promise<void> {
    this.#measuring = true;
    try {
      const before = this.#host.monotonicTime();
      if (this.#readTime === undefined) this.#note(this.#host.wallTime() - before);
      else {
        const storeTime = await this.#readTime();
        this.#note(storeTime - (before + this.#host.monotonicTime()) / 2);
      }
      this.#measuredAt = before;
    } finally {
      this.#measuring = false;
    }
  }

  /** How long ago, in milliseconds, a measurement found that the clock had been set; Infinity for never. */
  get steadyForMs(): number {
    return this.#host.monotonicTime() - this.#jumpedAt;
  }

  #note(offset: number): void {
    if (this.#isMeasured && Math.abs(offset - this.#offset) > JUMP_MS)
      this.#jumpedAt = this.#host.monotonicTime();
    this.#isMeasured = true;
    this.#offset = offset;
  }

  #postpone(until: number): void {
    this.#measuredAt = until;
  }
}
