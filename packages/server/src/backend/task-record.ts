import type { AttemptError, TaskStatus } from "@taskwright/shared";

/**
 * What a backend stores of one enqueued call; payloads are encoded text that a backend never looks into.
 *
 * All times are epoch milliseconds of store time.
 */
export interface TaskRecord {
  readonly id: string;
  readonly path: string;
  readonly status: TaskStatus;
  readonly queue: string;
  readonly priority: number;
  /** The id of the codec that wrote `input` and `output`. */
  readonly codec: string;
  /** Encoded input; null when the task has none. */
  readonly input: string | null;
  /** Encoded output; null until SUCCESSFUL, and for tasks without an output. */
  readonly output: string | null;
  /** The latest progress as JSON text, or null. */
  readonly progress: string | null;
  /** Oldest first. */
  readonly errors: readonly AttemptError[];
  /** How many attempts have begun; the latest one's number. */
  readonly attempts: number;
  /** How many attempts ended in a retry; at most `maxRetries`. */
  readonly retriesUsed: number;
  /** How many attempts were lost with their worker. */
  readonly lostAttempts: number;
  readonly maxRetries: number;
  /** Options given at the call that the worker needs, as JSON text, or null. */
  readonly policy: string | null;
  /** The earliest time of the next attempt. */
  readonly runAfter: number;
  readonly enqueuedAt: number;
  readonly startedAt: number | null;
  readonly lastAttemptedAt: number | null;
  readonly finishedAt: number | null;
  /** When a task that has not started fails as EXPIRED, or null for never. */
  readonly expiresAt: number | null;
  /** One entry per attempt, oldest first. */
  readonly workerIds: readonly string[];
  readonly parentId: string | null;
  readonly scheduleId: string | null;
  readonly tags: readonly string[];
  /** True from a cancel of a RUNNING task until it ends. */
  readonly cancelRequested: boolean;
}

/** A task result to store; its id is known before the store is asked. */
export interface NewTask {
  readonly id: string;
  readonly path: string;
  readonly queue: string;
  readonly priority: number;
  /** The place in line, lowest first; computed by core from due time and priority. */
  readonly rank: number;
  readonly runAfter: number;
  readonly enqueuedAt: number;
  readonly expiresAt: number | null;
  readonly codec: string;
  readonly input: string | null;
  readonly maxRetries: number;
  readonly policy: string | null;
  readonly parentId: string | null;
  readonly scheduleId: string | null;
  readonly tags: readonly string[];
  /** The key under which a second enqueue gets this one's id until `until`; null for no deduplication. */
  readonly deduplication: { readonly key: string; readonly until: number } | null;
}
