import { Attempts } from "./attempts.ts";
import type { QstashClock } from "./clock.ts";
import { Collection } from "./collection.ts";
import { Courier, type Deliver } from "./courier.ts";
import { DeadLetters } from "./dead-letters.ts";
import { Deduplication } from "./deduplication.ts";
import type { DeliveryReport } from "./delivery-report.ts";
import type { SigningKeys } from "./dev-credentials.ts";
import { Dispatcher } from "./dispatcher.ts";
import { EventLog } from "./event-log.ts";
import { FlowControls } from "./flow-controls.ts";
import { type QstashLimits, resolveLimits } from "./limits.ts";
import type { MessageRecord } from "./message-record.ts";
import { Publisher } from "./publisher.ts";
import { Queues } from "./queues.ts";
import { type ScheduleRecord, Schedules } from "./schedules.ts";
import { KeyRing } from "./signing-keys.ts";
import { memoryOnly, type StateStore } from "./state-store.ts";
import { UrlGroups } from "./url-groups.ts";

/** What an engine is made of. */
export interface EngineOptions {
  /** The token that requests must carry; null accepts any that is not empty. */
  readonly token: string | null;
  readonly keys: SigningKeys;
  readonly clock: QstashClock;
  readonly deliver: Deliver;
  /** Epoch milliseconds of the clock that receivers check signatures by (the engine's). */
  readonly signingTime?: () => number;
  readonly limits?: QstashLimits;
  readonly region?: string;
  readonly store?: StateStore;
  /** Told of each attempt. */
  readonly onDelivery?: (report: DeliveryReport) => void;
  /** Told of errors that no request is there to hear, such as a full disk. */
  readonly onFault?: (error: unknown) => void;
}

/** The most reports of deliveries that are kept. */
const MOST_REPORTS = 1_000;

/** Everything that QStash does, apart from sockets and the machine's clock. */
export class QstashEngine {
  readonly token: string | null;
  readonly clock: QstashClock;
  readonly limits: QstashLimits;
  readonly store: StateStore;
  readonly keys: KeyRing;
  readonly groups: UrlGroups;
  readonly queues: Queues;
  readonly flows: FlowControls;
  readonly events: EventLog;
  readonly deadLetters: DeadLetters;
  readonly messages: Collection<MessageRecord>;
  readonly schedules: Schedules;
  readonly publisher: Publisher;
  readonly dispatcher: Dispatcher;
  readonly reports: DeliveryReport[] = [];
  readonly #courier: Courier;
  readonly #attempts: Attempts;
  readonly #options: EngineOptions;
  #lastSequence = 0;
  #isClosed = false;

  constructor(options: EngineOptions) {
    const { clock, keys, deliver, store = memoryOnly, region = "local" } = options;
    this.#options = options;
    this.token = options.token;
    this.clock = clock;
    this.limits = options.limits ?? resolveLimits();
    this.store = store;
    const nextSequence = () => ++this.#lastSequence;
    const dispatch = (message: MessageRecord, at?: number) => this.dispatcher.add(message, at);
    this.keys = new KeyRing(store, keys);
    this.groups = new UrlGroups(store);
    this.queues = new Queues(store, this.limits.queues);
    this.flows = new FlowControls(store);
    this.events = new EventLog(store, nextSequence);
    this.deadLetters = new DeadLetters(store, nextSequence);
    this.messages = new Collection("message", store, { weigh: ({ body }) => body.length });
    this.publisher = new Publisher({
      clock,
      limits: this.limits,
      messages: this.messages,
      queues: this.queues,
      flows: this.flows,
      groups: this.groups,
      events: this.events,
      deduplication: new Deduplication(store),
      nextSequence,
      dispatch,
    });
    this.#courier = new Courier({
      deliver,
      clock,
      signingTime: options.signingTime ?? (() => clock.now()),
      keys: () => this.keys.keys,
      region,
      timeoutMs: this.limits.timeoutMs,
      mostBytes: this.limits.messageBytes,
    });
    this.schedules = new Schedules({
      store,
      clock,
      most: this.limits.schedules,
      publish: (schedule) => this.#publishTick(schedule),
      fault: (error) => this.fault(error),
    });
    this.#attempts = new Attempts({
      clock,
      store,
      messages: this.messages,
      events: this.events,
      deadLetters: this.deadLetters,
      queues: this.queues,
      schedules: this.schedules,
      publisher: this.publisher,
      courier: this.#courier,
      dispatch,
      report: (report) => this.#keepReport(report),
      fault: (error) => this.fault(error),
    });
    this.dispatcher = new Dispatcher({
      clock,
      messages: this.messages,
      queues: this.queues,
      flows: this.flows,
      parallelism: this.limits.parallelism,
      attempt: (message) => this.#attempts.make(message),
    });
    this.#resume();
  }

  /** Takes a message back; its attempt, if one is on its way, ends without consequences. */
  cancel(message: MessageRecord): void {
    const { events, clock, queues } = this;
    events.add(message, "CANCEL_REQUESTED", clock.now());
    events.add(message, "CANCELLED", clock.now());
    this.messages.delete(message.id);
    if (!this.dispatcher.isActive(message.id)) {
      if (message.queueName !== null) queues.release(message.queueName, message.id);
      if (message.holds !== null) queues.release(message.holds.queueName, message.holds.messageId);
    }
    this.dispatcher.wake();
  }

  /** Messages that wait, without those whose attempt is on its way. */
  waiting(isMeant: (message: MessageRecord) => boolean): number {
    return this.messages.values().filter((one) => isMeant(one) && !this.dispatcher.isActive(one.id)).length;
  }

  fault(error: unknown): void {
    if (!this.#isClosed) this.#options.onFault?.(error);
  }

  /** Ends deliveries and timers; what is pending stays in the store. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#attempts.close();
    this.schedules.close();
    this.dispatcher.close();
    this.#courier.close();
    this.store.close();
  }

  #resume(): void {
    const pending = this.messages.values();
    const sequences = pending.map(({ sequence }) => sequence);
    const last = [this.events.lastSequence, this.deadLetters.lastSequence, ...sequences];
    this.#lastSequence = last.reduce((highest, sequence) => Math.max(highest, sequence), 0);
    for (const message of pending) {
      // What was attempted before holds its slot until it ends.
      if (message.queueName !== null && message.retried > 0) this.queues.hold(message.queueName, message.id);
      this.queues.holdMore(message);
      this.dispatcher.add(message);
    }
  }

  #publishTick({ scheduleId, destination, body, options, queueName, callerIp }: ScheduleRecord): string[] {
    const targets = this.publisher.targetsOf(destination);
    this.publisher.checkRoom(targets.length, body.length);
    return targets.map(
      (target) => this.publisher.create({ ...target, body, options, queueName, callerIp, scheduleId }).id,
    );
  }

  #keepReport(report: DeliveryReport): void {
    this.reports.push(report);
    if (this.reports.length > MOST_REPORTS) this.reports.shift();
    this.#options.onDelivery?.(report);
  }
}
