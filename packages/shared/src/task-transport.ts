import type { CallOptions } from "./task-options.ts";
import type { TaskResult } from "./task-result.ts";
import type { TaskStatus } from "./task-status.ts";

/** What became of one enqueue. */
export interface Enqueued {
  readonly id: string;
  /** True when an earlier enqueue's id was given instead of a new one. */
  readonly deduplicated: boolean;
  readonly status: TaskStatus;
}

/** What a cancel did: ended it, asked its running handler to stop, or came too late. */
export type CancelAnswer = "cancelled" | "requested" | "finished";

/** Names one task result. */
export interface ResultAddress {
  readonly id: string;
  /** The task it must belong to; null for any. */
  readonly path: string | null;
  /** The backend it was enqueued to; null to look in all. */
  readonly backend: string | null;
}

/** Which task results to list, newest first; absent means any. */
export interface ListOptions {
  readonly status?: TaskStatus | readonly TaskStatus[];
  readonly queue?: string;
  /** A task's path. */
  readonly task?: string;
  readonly tag?: string;
  readonly parentId?: string;
  readonly enqueuedFrom?: Date;
  readonly enqueuedBefore?: Date;
  /** @default "default" */
  readonly backend?: string;
  /** How many to give, 1 to 1000. @default 100 */
  readonly limit?: number;
  /** How many to pass over. @default 0 */
  readonly offset?: number;
  /** The `nextCursor` of the page before. */
  readonly cursor?: string;
}

/** The names of {@link ListOptions}. */
export const LIST_OPTION_NAMES: readonly (keyof ListOptions)[] = [
  "status",
  "queue",
  "task",
  "tag",
  "parentId",
  "enqueuedFrom",
  "enqueuedBefore",
  "backend",
  "limit",
  "offset",
  "cursor",
];

/** One page of task results. */
export interface TaskResultPage {
  readonly results: readonly TaskResult[];
  /** Pass it as `cursor` for the next page; null on the last one. */
  readonly nextCursor: string | null;
}

/** Where a task result stands. */
export interface ProgressUpdate {
  readonly status: TaskStatus;
  /** What `attempt.progress()` said last; null before it has said anything. */
  readonly progress: unknown;
}

/** Who is told where a task result stands. */
export interface ProgressListeners {
  /** Called at first and at each change; changes that follow one another quickly may be told as one. */
  readonly onUpdate: (update: ProgressUpdate) => void;
  /** Called once when nothing more can be told, with the reason. */
  readonly onError: (error: unknown) => void;
}

/** What carries a client's calls to a server: the seam between the typed client and a network or a backend. */
export interface TaskTransport {
  enqueue(call: {
    readonly path: string;
    readonly input: unknown;
    /** From `using` and the call, nearest last. */
    readonly options: readonly CallOptions[];
  }): Promise<Enqueued>;
  enqueueMany(call: {
    readonly path: string;
    readonly inputs: readonly unknown[];
    readonly options: readonly CallOptions[];
  }): Promise<readonly Enqueued[]>;
  /** Rejects with RESULT_NOT_FOUND or RESULT_MISMATCH. */
  getResult(address: ResultAddress): Promise<TaskResult>;
  /** Resolves when the task result has ended; rejects with RESULT_TIMEOUT, ABORTED or as `getResult`. */
  waitForResult(
    address: ResultAddress,
    wait: { readonly timeoutMs: number | null; readonly signal: AbortSignalLike | null },
  ): Promise<TaskResult>;
  cancel(address: ResultAddress): Promise<CancelAnswer>;
  /** Tells where it stands until it has ended; what it returns stops that. */
  watchProgress(address: ResultAddress, listeners: ProgressListeners): () => void;
  listResults(options: ListOptions): Promise<TaskResultPage>;
}

/** The part of `AbortSignal` that is used; this package runs where its type is not declared. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}
