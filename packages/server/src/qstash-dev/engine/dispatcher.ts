import type { QstashClock } from "./clock.ts";
import type { Collection } from "./collection.ts";
import type { FlowControls } from "./flow-controls.ts";
import type { MessageRecord } from "./message-record.ts";
import { OrderedIds } from "./ordered-ids.ts";
import type { Queues } from "./queues.ts";

/** What the dispatcher works on. */
export interface DispatcherParts {
  readonly clock: QstashClock;
  readonly messages: Collection<MessageRecord>;
  readonly queues: Queues;
  readonly flows: FlowControls;
  readonly parallelism: number;
  /** Makes one attempt; settles when it has ended, and never rejects. */
  attempt(message: MessageRecord): Promise<void>;
}

/** Due messages that wait for the same thing: their queue, their flow control, or nothing. */
interface Lane {
  /** Of a queue: those that hold a slot and come back for a retry. */
  readonly returning: OrderedIds;
  readonly ready: OrderedIds;
}

/** Decides which message is attempted when: by its due time, its queue, its flow control and the whole server's bound. */
export class Dispatcher {
  readonly #parts: DispatcherParts;
  readonly #due = new OrderedIds();
  readonly #lanes = new Map<string, Lane>();
  readonly #active = new Set<string>();
  readonly #idleWaiters = new Set<() => void>();
  #cancelTimer: () => void = () => {};
  #isPumpPlanned = false;
  #isClosed = false;

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
  }

  get activeCount(): number {
    return this.#active.size;
  }

  isActive(messageId: string): boolean {
    return this.#active.has(messageId);
  }

  /** Takes a message on that is in no line yet, from its due time on or from a later one. */
  add({ id, dueAt }: MessageRecord, at: number = dueAt): void {
    this.#due.push(at, id);
    this.wake();
  }

  /** Looks again, soon, at what may begin: after the present work, so that it is stored before it is sent. */
  wake(): void {
    if (this.#isPumpPlanned || this.#isClosed) return;
    this.#isPumpPlanned = true;
    queueMicrotask(() => {
      this.#isPumpPlanned = false;
      this.#pump();
      this.#tellIdle();
    });
  }

  /** Resolves when no delivery is on its way and none may begin at the present time. */
  idle(): Promise<void> {
    if (this.#isIdle) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.add(resolve));
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelTimer();
    this.#tellIdle();
  }

  get #isIdle(): boolean {
    return this.#active.size === 0 && (this.#isClosed || !this.#isPumpPlanned);
  }

  #tellIdle(): void {
    if (!this.#isIdle) return;
    for (const tell of this.#idleWaiters) tell();
    this.#idleWaiters.clear();
  }

  #pump(): void {
    if (this.#isClosed) return;
    const now = this.#parts.clock.now();
    this.#collectDue(now);
    let wakeAt = Number.POSITIVE_INFINITY;
    let hasBegun = true;
    // In turns, so that a long lane does not hold up the others.
    while (hasBegun) {
      hasBegun = false;
      wakeAt = Number.POSITIVE_INFINITY;
      for (const [key, lane] of this.#lanes) {
        if (this.#active.size >= this.#parts.parallelism) break;
        const admitted = this.#beginNext(lane, now);
        if (admitted === "begun") hasBegun = true;
        else if (admitted === "empty") this.#lanes.delete(key);
        else wakeAt = Math.min(wakeAt, admitted);
      }
    }
    this.#setTimer(Math.min(wakeAt, this.#due.peek()?.order ?? Number.POSITIVE_INFINITY), now);
  }

  #setTimer(at: number, now: number): void {
    this.#cancelTimer();
    this.#cancelTimer = () => {};
    if (at !== Number.POSITIVE_INFINITY) {
      this.#cancelTimer = this.#parts.clock.setTimer(at - now, () => this.wake());
    }
  }

  #collectDue(now: number): void {
    for (let first = this.#due.peek(); first !== undefined && first.order <= now; first = this.#due.peek()) {
      this.#due.pop();
      const message = this.#parts.messages.get(first.id);
      // It was cancelled while it waited.
      if (message === undefined) continue;
      const { queueName, options, id, sequence, dueAt } = message;
      const flow = options.flowControl?.key;
      const key = queueName !== null ? `queue:${queueName}` : flow === undefined ? "" : `flow:${flow}`;
      const lane = this.#lanes.get(key) ?? { returning: new OrderedIds(), ready: new OrderedIds() };
      this.#lanes.set(key, lane);
      if (queueName === null) lane.ready.push(dueAt, id);
      else if (this.#parts.queues.holds(queueName, id)) lane.returning.push(sequence, id);
      else lane.ready.push(sequence, id);
    }
  }

  /** Begins the first of a lane that may; else says when to look again, Infinity for when something happens. */
  #beginNext(lane: Lane, now: number): "begun" | "empty" | number {
    let wakeAt = Number.POSITIVE_INFINITY;
    let isEmpty = true;
    for (const line of [lane.returning, lane.ready]) {
      const message = this.#first(line);
      if (message === undefined) continue;
      isEmpty = false;
      const at = this.#admitsAt(message, now);
      if (at <= now) {
        line.pop();
        this.#begin(message, now);
        return "begun";
      }
      wakeAt = Math.min(wakeAt, at);
    }
    return isEmpty ? "empty" : wakeAt;
  }

  #first(line: OrderedIds): MessageRecord | undefined {
    for (let first = line.peek(); first !== undefined; first = line.peek()) {
      const message = this.#parts.messages.get(first.id);
      if (message !== undefined) return message;
      // It was cancelled while it waited.
      line.pop();
    }
    return undefined;
  }

  #admitsAt({ id, queueName, options }: MessageRecord, now: number): number {
    const { queues, flows } = this.#parts;
    if (queueName !== null && !queues.admits(queueName, id)) return Number.POSITIVE_INFINITY;
    return options.flowControl === null ? 0 : flows.admitsAt(options.flowControl.key, now);
  }

  #begin(message: MessageRecord, now: number): void {
    const { queues, flows, attempt } = this.#parts;
    const { id, queueName, options } = message;
    this.#active.add(id);
    if (queueName !== null) queues.hold(queueName, id);
    if (options.flowControl !== null) flows.take(options.flowControl.key, now);
    void attempt(message).then(() => {
      this.#active.delete(id);
      if (options.flowControl !== null) flows.release(options.flowControl.key);
      this.wake();
      if (this.#isClosed) this.#tellIdle();
    });
  }
}
