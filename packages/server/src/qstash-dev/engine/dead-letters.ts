import { notFound } from "./api-error.ts";
import { Collection } from "./collection.ts";
import type { MessageFilter } from "./message-filter.ts";
import type { DeadLetter, DeliveryAnswer, MessageRecord } from "./message-record.ts";
import type { StateStore } from "./state-store.ts";

/** The most messages that the DLQ keeps, and bytes of theirs in base64; the oldest go first. */
const BOUNDS = {
  count: 10_000,
  weight: 256 * 1024 * 1024,
  weigh: ({ message, answer }: DeadLetter): number => message.body.length + answer.body.length,
};

/** Which part of the DLQ is asked for. */
export interface DeadLetterQuery {
  /** These, whatever the filter says. */
  readonly dlqIds: readonly string[];
  readonly filter: MessageFilter;
  readonly count: number;
  readonly cursor: number | null;
  readonly isLatestFirst: boolean;
}

/** Messages that were given up. */
export class DeadLetters {
  readonly #records: Collection<DeadLetter>;
  readonly #nextSequence: () => number;

  constructor(store: StateStore, nextSequence: () => number) {
    this.#records = new Collection("deadLetter", store, BOUNDS);
    this.#nextSequence = nextSequence;
  }

  get lastSequence(): number {
    return this.#records.values().at(-1)?.sequence ?? 0;
  }

  add(message: MessageRecord, answer: DeliveryAnswer, now: number): DeadLetter {
    const sequence = this.#nextSequence();
    const letter = { dlqId: `${now}-${sequence}`, sequence, failedAt: now, message, answer };
    this.#records.set(letter.dlqId, letter);
    return letter;
  }

  values(): readonly DeadLetter[] {
    return this.#records.values();
  }

  get(dlqId: string): DeadLetter {
    const letter = this.#records.get(dlqId);
    if (letter === undefined) throw notFound("There is no message of this id in the DLQ.");
    return letter;
  }

  delete(dlqId: string): void {
    if (!this.#records.delete(dlqId)) throw notFound("There is no message of this id in the DLQ.");
  }

  /** A page of those that match, and where the next one begins. */
  page({ dlqIds, filter, count, cursor, isLatestFirst }: DeadLetterQuery): {
    readonly letters: readonly DeadLetter[];
    readonly cursor?: string;
  } {
    if (dlqIds.length > 0) {
      const letters = dlqIds.map((id) => this.#records.get(id)).filter((letter) => letter !== undefined);
      return { letters };
    }
    const records = this.#records.values();
    const letters: DeadLetter[] = [];
    for (const letter of isLatestFirst ? records.toReversed() : records) {
      const isAfter =
        cursor === null || (isLatestFirst ? letter.sequence < cursor : letter.sequence > cursor);
      const facts = { at: letter.failedAt, status: letter.answer.status };
      if (!isAfter || !filter.matches(letter.message, facts)) continue;
      if (letters.length === count) return { letters, cursor: String(letters.at(-1)?.sequence) };
      letters.push(letter);
    }
    return { letters };
  }
}
