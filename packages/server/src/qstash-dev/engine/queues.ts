import { notFound, overQuota } from "./api-error.ts";
import { Collection } from "./collection.ts";
import { checkName } from "./destination.ts";
import type { MessageRecord } from "./message-record.ts";
import type { StateStore } from "./state-store.ts";

/** What is kept of a queue; plain JSON. */
export interface QueueRecord {
  readonly name: string;
  readonly parallelism: number;
  readonly paused: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Queues, and which messages hold their slots: from a first attempt to the end of the last callback. */
export class Queues {
  readonly #records: Collection<QueueRecord>;
  readonly #most: number;
  /** By queue and message: how many things have to end before the slot is free, the message itself among them. */
  readonly #slots = new Map<string, Map<string, number>>();

  constructor(store: StateStore, most: number) {
    this.#records = new Collection("queue", store);
    this.#most = most;
  }

  /** Makes or changes a queue; what is not said stays. */
  upsert(name: string, now: number, change: Partial<Pick<QueueRecord, "parallelism" | "paused">> = {}): void {
    const before = this.#records.get(checkName(name, "queue name"));
    if (before === undefined && this.#records.size >= this.#most) {
      throw overQuota(`There are ${this.#most} queues, and this server allows no more.`);
    }
    this.#records.set(name, {
      name,
      parallelism: change.parallelism ?? before?.parallelism ?? 1,
      paused: change.paused ?? before?.paused ?? false,
      createdAt: before?.createdAt ?? now,
      updatedAt: now,
    });
  }

  /** Makes a queue that is first named by a message. */
  ensure(name: string, now: number): void {
    if (this.#records.get(name) === undefined) this.upsert(name, now);
  }

  get(name: string): QueueRecord {
    const record = this.#records.get(name);
    if (record === undefined) throw notFound("There is no queue of this name.");
    return record;
  }

  list(): readonly QueueRecord[] {
    return this.#records.values();
  }

  delete(name: string): void {
    this.get(name);
    this.#records.delete(name);
    this.#slots.delete(name);
  }

  /** Whether a message of the queue may be attempted now. */
  admits(name: string, messageId: string): boolean {
    const record = this.#records.get(name);
    if (record === undefined) return true;
    if (record.paused) return false;
    const slots = this.#slots.get(name);
    return slots === undefined || slots.has(messageId) || slots.size < record.parallelism;
  }

  /** Whether a message has a slot already, as one that waits for its retry has. */
  holds(name: string, messageId: string): boolean {
    return this.#slots.get(name)?.has(messageId) ?? false;
  }

  /** Takes a slot for a message that begins; nothing for one that has it. */
  hold(name: string, messageId: string): void {
    if (!this.holds(name, messageId)) this.#count(name, messageId, 1);
  }

  /** One more thing that has to end. */
  holdMore({ holds }: MessageRecord): void {
    if (holds !== null) this.#count(holds.queueName, holds.messageId, 1);
  }

  /** A message or callback has ended. */
  release(name: string, messageId: string): void {
    if (this.holds(name, messageId)) this.#count(name, messageId, -1);
  }

  #count(name: string, messageId: string, change: number): void {
    const slots = this.#slots.get(name) ?? new Map<string, number>();
    const count = (slots.get(messageId) ?? 0) + change;
    if (count > 0) slots.set(messageId, count);
    else slots.delete(messageId);
    if (slots.size > 0) this.#slots.set(name, slots);
    else this.#slots.delete(name);
  }
}
