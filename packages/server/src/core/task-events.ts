import {
  type AttemptError,
  didYouMean,
  TaskError,
  type TaskResult,
  type TaskStatus,
} from "@taskwright/shared";
import type { Logger } from "./logger.ts";

/** What every event says. */
export interface TaskEvent {
  /** The task result's id. */
  readonly id: string;
  readonly path: string;
  readonly queue: string;
  /** The name of the server's backend that keeps it. */
  readonly backend: string;
}

/** What every event of an attempt says. */
export interface AttemptEvent extends TaskEvent {
  /** The attempt's number, from 1. */
  readonly attempt: number;
  readonly workerId: string;
}

/** A task result was stored durably by this process. */
export interface EnqueuedEvent extends TaskEvent {
  /** True when it was one too many and `id` is an earlier one's. */
  readonly deduplicated: boolean;
}

/** An attempt ended well. */
export interface SucceededEvent extends AttemptEvent {
  readonly durationMs: number;
}

/** An attempt went wrong and another will follow. */
export interface RetryingEvent extends AttemptEvent {
  readonly error: AttemptError;
  readonly runAfter: Date;
}

/** A task result ended FAILED. */
export interface FailedEvent extends TaskEvent {
  /** The last attempt's number; 0 when none was made. */
  readonly attempt: number;
  readonly error: AttemptError;
}

/** A task result ended, one way or another. */
export interface FinishedEvent extends TaskEvent {
  readonly status: TaskStatus;
}

/** What happens to task results in this process, by name. */
export interface TaskEventMap {
  /** Stored durably by this process. */
  readonly enqueued: EnqueuedEvent;
  /** An attempt begins. */
  readonly started: AttemptEvent;
  /** An attempt ended well. */
  readonly succeeded: SucceededEvent;
  /** An attempt went wrong and another will follow. */
  readonly retrying: RetryingEvent;
  /** A task result ended FAILED. */
  readonly failed: FailedEvent;
  /** A task result ended CANCELLED. */
  readonly cancelled: TaskEvent;
  /** A task result ended, one way or another. */
  readonly finished: FinishedEvent;
  /** An attempt of this process no longer holds its task result. */
  readonly leaseLost: AttemptEvent;
  /** An attempt was given back unfinished because its worker stops. */
  readonly released: AttemptEvent;
}

/** The name of an event. */
// Inferred, so that the compiler's messages list the names.
export type TaskEventName = keyof TaskEventMap extends `${infer TName}` ? TName : never;

/** What `onFailed` gets. */
export interface FailedTask<TInput = unknown> {
  readonly result: TaskResult<unknown, TInput>;
  /** The last of `result.errors`. */
  readonly error: AttemptError;
}

/** Where to listen for {@link TaskEventMap}. */
export interface TaskEvents {
  /** Adds a listener and gives what removes it; what it throws, at once or later, is logged and harms nothing. */
  on<TName extends TaskEventName>(name: TName, listener: (event: TaskEventMap[TName]) => unknown): () => void;
}

/** One call of `on()`: the same function may listen twice. */
interface Subscription {
  readonly listener: (event: never) => unknown;
}

const NAMES = Object.keys({
  enqueued: true,
  started: true,
  succeeded: true,
  retrying: true,
  failed: true,
  cancelled: true,
  finished: true,
  leaseLost: true,
  released: true,
} satisfies Record<TaskEventName, true>);

function checkSubscription(name: string, listener: unknown): void {
  if (!NAMES.includes(name)) {
    const message = `There is no event "${String(name).slice(0, 60)}".${didYouMean(String(name), NAMES)} There are: ${NAMES.join(", ")}.`;
    throw new TaskError({ code: "INVALID_OPTION", message });
  }
  if (typeof listener === "function") return;
  throw new TaskError({
    code: "INVALID_OPTION",
    message: `A listener of "${name}" must be a function; got ${typeof listener}.`,
  });
}

/** Keeps listeners and tells them. */
export class TaskEventHub implements TaskEvents {
  readonly #subscriptions = new Map<TaskEventName, Set<Subscription>>();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  on<TName extends TaskEventName>(
    name: TName,
    listener: (event: TaskEventMap[TName]) => unknown,
  ): () => void {
    checkSubscription(name, listener);
    const subscription = { listener };
    const subscriptions = this.#subscriptions.get(name) ?? new Set();
    this.#subscriptions.set(name, subscriptions);
    subscriptions.add(subscription);
    return () => {
      subscriptions.delete(subscription);
      if (subscriptions.size === 0 && this.#subscriptions.get(name) === subscriptions)
        this.#subscriptions.delete(name);
    };
  }

  /** Whether anyone listens, so that an event nobody hears need not be made. */
  has(name: TaskEventName): boolean {
    return this.#subscriptions.has(name);
  }

  emit<TName extends TaskEventName>(name: TName, event: TaskEventMap[TName]): void {
    const subscriptions = this.#subscriptions.get(name);
    if (subscriptions === undefined) return;
    const logThrown = (error: unknown) =>
      this.#logger.error({ err: error, event: name }, `A listener of "${name}" threw.`);
    // A copy: what a listener adds hears of the next event.
    for (const { listener } of [...subscriptions]) {
      try {
        const returned = (listener as (event: TaskEventMap[TName]) => unknown)(event);
        if (returned instanceof Promise) returned.catch(logThrown);
      } catch (error) {
        logThrown(error);
      }
    }
  }
}
