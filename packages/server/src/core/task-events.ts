import type { AttemptError, TaskResult, TaskStatus } from "@taskwright/shared";
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
  /** Adds a listener and gives what removes it; a listener that throws is logged and harms nothing. */
  on<TName extends TaskEventName>(name: TName, listener: (event: TaskEventMap[TName]) => void): () => void;
}

type Listener = (event: never) => void;

/** Keeps listeners and tells them. */
export class TaskEventHub implements TaskEvents {
  readonly #listeners = new Map<TaskEventName, Set<Listener>>();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  on<TName extends TaskEventName>(name: TName, listener: (event: TaskEventMap[TName]) => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(name);
    };
  }

  /** Whether anyone listens, so that an event nobody hears need not be made. */
  has(name: TaskEventName): boolean {
    return this.#listeners.has(name);
  }

  emit<TName extends TaskEventName>(name: TName, event: TaskEventMap[TName]): void {
    for (const listener of this.#listeners.get(name) ?? []) {
      try {
        (listener as (event: TaskEventMap[TName]) => void)(event);
      } catch (error) {
        this.#logger.error({ err: error, event: name }, `A listener of "${name}" threw.`);
      }
    }
  }
}
