import { isTaskError } from "@taskwright/shared";
import type { Host } from "./host.ts";

interface Waiting<TItem, TAnswer> {
  readonly item: TItem;
  readonly resolve: (answer: TAnswer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Lets the single calls of one turn of the event loop travel together.
 *
 * One batch is on its way at a time; what comes meanwhile makes up the next. Each call gets its own answer, and one that
 * the store refuses is refused alone.
 */
export class Batcher<TItem, TAnswer> {
  readonly #host: Host;
  readonly #send: (items: readonly TItem[]) => Promise<readonly TAnswer[]>;
  readonly #largest: number;
  #waiting: Waiting<TItem, TAnswer>[] = [];
  #scheduled = false;
  #underWay: Promise<void> | null = null;

  constructor(host: Host, largest: number, send: (items: readonly TItem[]) => Promise<readonly TAnswer[]>) {
    this.#host = host;
    this.#largest = largest;
    this.#send = send;
  }

  /** Adds one item to the next batch. */
  add(item: TItem): Promise<TAnswer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      this.#schedule();
    });
  }

  /** Sends what waits without waiting for the turn's end, unless a batch is on its way. */
  flush(): void {
    if (this.#underWay !== null || this.#waiting.length === 0) return;
    const batch =
      this.#waiting.length <= this.#largest ? this.#waiting : this.#waiting.slice(0, this.#largest);
    this.#waiting = batch === this.#waiting ? [] : this.#waiting.slice(this.#largest);
    this.#underWay = this.#deliver(batch).then(() => {
      this.#underWay = null;
      // At the turn's end, not at once: what the answers set off belongs into one batch, not into many small ones.
      if (this.#waiting.length > 0) this.#schedule();
    });
  }

  /** Resolves when everything added so far has been answered. */
  async drained(): Promise<void> {
    while (this.#waiting.length > 0 || this.#underWay !== null) {
      this.flush();
      await this.#underWay;
    }
  }

  #schedule(): void {
    if (this.#scheduled || this.#underWay !== null) return;
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
