import { isTaskError } from "@taskwright/shared";
import type { Host } from "./host.ts";

interface Waiting<TItem, TAnswer> {
  readonly item: TItem;
  readonly resolve: (answer: TAnswer) => void;
  readonly reject: (error: unknown) => void;
}

/** A batch that could be divided is not divided into smaller ones than this. */
const SMALLEST_PART = 25;

/**
 * Lets the single calls of one turn of the event loop travel together.
 *
 * One batch is on its way at a time, or as many as the store takes at once; what comes meanwhile makes up the next. Each
 * call gets its own answer, and one that the store refuses is refused alone.
 */
export class Batcher<TItem, TAnswer> {
  readonly #host: Host;
  readonly #send: (items: readonly TItem[]) => Promise<readonly TAnswer[]>;
  readonly #largest: number;
  #waiting: Waiting<TItem, TAnswer>[] = [];
  #scheduled = false;
  readonly #mostAtOnce: number;
  readonly #underWay = new Set<Promise<void>>();

  /** @param limits the largest batch, and how many may be on their way at once (1) */
  constructor(
    host: Host,
    limits: { readonly largest: number; readonly mostAtOnce?: number | undefined },
    send: (items: readonly TItem[]) => Promise<readonly TAnswer[]>,
  ) {
    this.#host = host;
    this.#largest = limits.largest;
    this.#mostAtOnce = limits.mostAtOnce ?? 1;
    this.#send = send;
  }

  /** Adds one item to the next batch. */
  add(item: TItem): Promise<TAnswer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      this.#schedule();
    });
  }

  /** Sends what waits without waiting for the turn's end, unless as many batches as may be are on their way. */
  flush(): void {
    while (this.#underWay.size < this.#mostAtOnce && this.#waiting.length > 0) {
      const size = this.#nextSize();
      const batch = size === this.#waiting.length ? this.#waiting : this.#waiting.slice(0, size);
      this.#waiting = batch === this.#waiting ? [] : this.#waiting.slice(size);
      const delivery = this.#deliver(batch).then(() => {
        this.#underWay.delete(delivery);
        // At the turn's end, not at once: what the answers set off belongs into one batch, not into many small ones.
        if (this.#waiting.length > 0) this.#schedule();
      });
      this.#underWay.add(delivery);
    }
  }

  /** Resolves when everything added so far has been answered. */
  async drained(): Promise<void> {
    while (this.#waiting.length > 0 || this.#underWay.size > 0) {
      this.flush();
      await Promise.all(this.#underWay);
    }
  }

  /** Divides what waits among the batches that may go now, so that the store works on one while the next is made. */
  #nextSize(): number {
    const free = this.#mostAtOnce - this.#underWay.size;
    const part = Math.max(SMALLEST_PART, Math.ceil(this.#waiting.length / free));
    return Math.min(this.#largest, part, this.#waiting.length);
  }

  #schedule(): void {
    if (this.#scheduled || this.#underWay.size >= this.#mostAtOnce) return;
    this.#scheduled = true;
    this.#host.defer(() => {
      this.#scheduled = false;
      this.flush();
    });
  }

  async #deliver(batch: readonly Waiting<TItem, TAnswer>[]): Promise<void> {
    try {
      const answers = await this.#send(batch.map((waiting) => waiting.item));
      batch.forEach((waiting, index) => {
        waiting.resolve(answers[index] as TAnswer);
      });
    } catch (error) {
      const isForAll = batch.length === 1 || (isTaskError(error) && error.retryable);
      if (isForAll) {
        for (const waiting of batch) waiting.reject(error);
        return;
      }
      // The store is there and refuses something: one that it refuses must not take the others of its batch along.
      const half = Math.ceil(batch.length / 2);
      await this.#deliver(batch.slice(0, half));
      await this.#deliver(batch.slice(half));
    }
  }
}
