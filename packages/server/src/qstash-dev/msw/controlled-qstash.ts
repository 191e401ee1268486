import { type Duration, durationToMs, TaskError } from "@taskwright/shared";
import type { DeliveryReport } from "../engine/delivery-report.ts";
import type { QstashEngine } from "../engine/engine.ts";
import type { HeldClock } from "../engine/held-clock.ts";
import type { MessageRecord } from "../engine/message-record.ts";

/** A message that waits for its delivery, or for the next attempt. */
export interface PendingMessage {
  readonly messageId: string;
  readonly url: string;
  readonly method: string;
  /** Those that the endpoint gets, by name in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** As text. */
  readonly body: string;
  readonly labels: readonly string[];
  readonly queueName: string | null;
  readonly scheduleId: string | null;
  /** Attempts that went wrong so far. */
  readonly retried: number;
  readonly nextAttemptAt: Date;
}

/** A message that was given up. */
export interface FailedMessage extends Omit<PendingMessage, "nextAttemptAt"> {
  readonly dlqId: string;
  readonly failedAt: Date;
  /** What the last attempt was answered; null when there was no answer. */
  readonly status: number | null;
  readonly responseBody: string;
  /** Why there was no answer. */
  readonly error: string | null;
}

/** A local QStash whose time stands still until it is moved. */
export interface ControlledQstash {
  readonly currentSigningKey: string;
  readonly nextSigningKey: string;
  /** Its time. */
  now(): Date;
  /**
   * Moves its time, and makes on the way whatever falls due: deliveries, retries, schedules and timeouts, each at its
   * time. Resolves when the deliveries have ended.
   */
  advance(duration: Duration): Promise<void>;
  /** Resolves when nothing is on its way any more at its present time; rejects when an endpoint does not answer. */
  settle(): Promise<void>;
  /** What waits, in the order of publishing. */
  messages(): readonly PendingMessage[];
  /** The last 1,000 attempts, oldest first. */
  deliveries(): readonly DeliveryReport[];
  /** What was given up, oldest first. */
  dlq(): readonly FailedMessage[];
  /** Ends deliveries that are on their way. */
  close(): void;
}

/** The most timers that one call of advance() fires. */
const MOST_STEPS = 100_000;

// Taken at once, as tests replace the global one by another that does not pass.
const realSetTimeout = setTimeout;
const realClearTimeout = clearTimeout;

function text(base64: string): string {
  return Buffer.from(base64, "base64").toString();
}

function shown(message: MessageRecord): Omit<PendingMessage, "nextAttemptAt"> {
  const { id, url, options, body, queueName, scheduleId, retried } = message;
  return {
    messageId: id,
    url,
    method: options.method,
    headers: Object.fromEntries(options.headers),
    body: text(body),
    labels: options.labels,
    queueName,
    scheduleId,
    retried,
  };
}

/** Gives the controls of an engine on a held clock. */
export function controlledQstash(
  engine: QstashEngine,
  clock: HeldClock,
  patience: Duration,
): ControlledQstash {
  const patienceMs = durationToMs(patience, "patience");

  /** Whether all deliveries ended in time, the machine's time. */
  const rest = async (): Promise<boolean> => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const impatient = new Promise<false>((resolve) => {
      timer = realSetTimeout(() => resolve(false), patienceMs);
    });
    try {
      return await Promise.race([engine.dispatcher.idle().then(() => true), impatient]);
    } finally {
      realClearTimeout(timer);
    }
  };

  return {
    get currentSigningKey() {
      return engine.keys.keys.current;
    },
    get nextSigningKey() {
      return engine.keys.keys.next;
    },
    now: () => new Date(clock.now()),
    advance: async (duration) => {
      const until = clock.now() + durationToMs(duration, "duration");
      await rest();
      for (let steps = 0; ; steps++) {
        const next = clock.nextTimerAt();
        if (next === undefined || next > until) break;
        if (steps === MOST_STEPS) {
          throw new TaskError({
            code: "INVALID_OPTION",
            message: `More than ${MOST_STEPS} things fall due in this time; advance in smaller steps.`,
          });
        }
        clock.moveTo(next);
        // An endpoint that does not answer must not keep its own timeout from coming.
        await rest();
      }
      clock.moveTo(until);
    },
    settle: async () => {
      if (await rest()) return;
      throw new TaskError({
        code: "RESULT_TIMEOUT",
        message: `${engine.dispatcher.activeCount} deliveries did not end within ${patience}: their endpoints do not answer. Let them answer, or advance() the clock to their timeout.`,
      });
    },
    messages: () =>
      engine.messages
        .values()
        .map((message) => ({ ...shown(message), nextAttemptAt: new Date(message.dueAt) })),
    deliveries: () => [...engine.reports],
    dlq: () =>
      engine.deadLetters.values().map(({ dlqId, failedAt, message, answer }) => ({
        ...shown(message),
        dlqId,
        failedAt: new Date(failedAt),
        status: answer.status,
        responseBody: text(answer.body),
        error: answer.error,
      })),
    close: () => engine.close(),
  };
}
