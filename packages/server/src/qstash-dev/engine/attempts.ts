import { askedPauseMs, pauseMs } from "./backoff.ts";
import { callbackBody } from "./callback-body.ts";
import type { QstashClock } from "./clock.ts";
import type { Collection } from "./collection.ts";
import type { Courier } from "./courier.ts";
import type { DeadLetters } from "./dead-letters.ts";
import type { DeliveryReport } from "./delivery-report.ts";
import type { EventFacts, EventLog } from "./event-log.ts";
import type { DeliveryAnswer, MessageRecord } from "./message-record.ts";
import type { Publisher } from "./publisher.ts";
import type { Queues } from "./queues.ts";
import type { Schedules } from "./schedules.ts";
import type { StateStore } from "./state-store.ts";

/** What attempts work on. */
export interface AttemptParts {
  readonly clock: QstashClock;
  readonly store: StateStore;
  readonly messages: Collection<MessageRecord>;
  readonly events: EventLog;
  readonly deadLetters: DeadLetters;
  readonly queues: Queues;
  readonly schedules: Schedules;
  readonly publisher: Publisher;
  readonly courier: Courier;
  /** Takes a message on again, at its due time or a later one. */
  dispatch(message: MessageRecord, at?: number): void;
  report(report: DeliveryReport): void;
  fault(error: unknown): void;
}

/** What follows from an answer. */
type Verdict =
  | { readonly kind: "delivered" }
  | { readonly kind: "retry"; readonly at: number }
  | { readonly kind: "failed" };

function isFinal({ status, headers }: DeliveryAnswer): boolean {
  return status === 489 && headers["Upstash-Nonretryable-Error"]?.[0]?.toLowerCase() === "true";
}

function verdictOf(message: MessageRecord, answer: DeliveryAnswer, now: number): Verdict {
  const { status } = answer;
  if (status !== null && status >= 200 && status < 300) return { kind: "delivered" };
  if (isFinal(answer) || message.retried >= message.options.maxRetries) return { kind: "failed" };
  const headers = new Headers(Object.entries(answer.headers).map(([name, [value = ""]]) => [name, value]));
  const pause = askedPauseMs(headers, now) ?? pauseMs(message.retried, message.options.retryDelay);
  return { kind: "retry", at: now + pause };
}

/** How long to wait for a store that failed to be well again. */
const PAUSE_AFTER_FAULT_MS = 10_000;

/** Makes attempts and draws the conclusions. */
export class Attempts {
  readonly #parts: AttemptParts;
  #isClosed = false;

  constructor(parts: AttemptParts) {
    this.#parts = parts;
  }

  /** One attempt at a message; never rejects. */
  async make(message: MessageRecord): Promise<void> {
    const { clock, courier, events, store, fault } = this.#parts;
    const startedAt = clock.now();
    try {
      events.add(message, "ACTIVE", startedAt);
      const began = performance.now();
      const answer = await courier.send(message);
      const durationMs = performance.now() - began;
      // What was on its way when the server was closed is sent again by the next one.
      if (this.#isClosed) return;
      store.atomically(() => this.#settle(message, answer, { startedAt, durationMs }));
    } catch (error) {
      fault(error);
      const pending = this.#parts.messages.get(message.id);
      // Its end could not be stored; the endpoint may get it once more.
      if (pending !== undefined) this.#parts.dispatch(pending, clock.now() + PAUSE_AFTER_FAULT_MS);
    }
  }

  close(): void {
    this.#isClosed = true;
  }

  #settle(
    message: MessageRecord,
    answer: DeliveryAnswer,
    { startedAt, durationMs }: { readonly startedAt: number; readonly durationMs: number },
  ): void {
    const { clock, messages, report } = this.#parts;
    const now = clock.now();
    const isCancelled = messages.get(message.id) === undefined;
    const verdict = verdictOf(message, answer, now);
    report({
      at: startedAt,
      durationMs,
      messageId: message.id,
      kind: message.kind,
      url: message.url,
      method: message.options.method,
      labels: message.options.labels,
      scheduleId: message.scheduleId,
      queueName: message.queueName,
      attempt: message.retried + 1,
      maxAttempts: message.options.maxRetries + 1,
      status: answer.status,
      error: answer.error,
      outcome: isCancelled ? "cancelled" : verdict.kind,
      nextAt: !isCancelled && verdict.kind === "retry" ? verdict.at : null,
    });
    if (isCancelled) this.#release(message);
    else if (verdict.kind === "delivered") this.#deliver(message, answer, now);
    else if (verdict.kind === "retry") this.#retry(message, answer, { now, at: verdict.at });
    else this.#fail(message, answer, now);
  }

  #deliver(message: MessageRecord, answer: DeliveryAnswer, now: number): void {
    const { events, schedules } = this.#parts;
    events.add(message, "DELIVERED", now, this.#factsOf(answer));
    this.#callBack(message, answer);
    if (message.scheduleId !== null) schedules.report(message.scheduleId, message.id, "SUCCESS");
    this.#end(message);
  }

  #retry(message: MessageRecord, answer: DeliveryAnswer, { now, at }: { now: number; at: number }): void {
    const { events, messages, dispatch } = this.#parts;
    const next = { ...message, retried: message.retried + 1, dueAt: at };
    events.add(message, "ERROR", now, this.#factsOf(answer));
    events.add(message, "RETRY", now, { nextDeliveryTime: at });
    this.#callBack(message, answer);
    messages.set(message.id, next);
    dispatch(next);
  }

  #fail(message: MessageRecord, answer: DeliveryAnswer, now: number): void {
    const { events, deadLetters, schedules } = this.#parts;
    events.add(message, "ERROR", now, this.#factsOf(answer));
    events.add(message, "FAILED", now, this.#factsOf(answer));
    const { dlqId } = deadLetters.add(message, answer, now);
    this.#callBack(message, answer);
    this.#callBack(message, answer, dlqId);
    if (message.scheduleId !== null) schedules.report(message.scheduleId, message.id, "FAIL");
    this.#end(message);
  }

  #factsOf({ status, error }: DeliveryAnswer): EventFacts {
    return { ...(status === null ? {} : { responseStatus: status }), ...(error === null ? {} : { error }) };
  }

  /** Tells how an attempt went; with an id in the DLQ, that it was the last one. */
  #callBack(message: MessageRecord, answer: DeliveryAnswer, dlqId: string | null = null): void {
    const { id, queueName, callerIp, options } = message;
    const target = dlqId === null ? options.callback : options.failureCallback;
    if (target === null) return;
    this.#parts.publisher.create({
      kind: dlqId === null ? "callback" : "failureCallback",
      url: target.url,
      options: target.options,
      body: Buffer.from(callbackBody(message, answer, dlqId)).toString("base64"),
      callerIp,
      holds: queueName === null ? null : { queueName, messageId: id },
    });
  }

  #end(message: MessageRecord): void {
    this.#parts.messages.delete(message.id);
    this.#release(message);
  }

  #release({ id, queueName, holds }: MessageRecord): void {
    const { queues } = this.#parts;
    if (queueName !== null) queues.release(queueName, id);
    if (holds !== null) queues.release(holds.queueName, holds.messageId);
  }
}
