import type { TaskStatus } from "@taskwright/shared";
import type { TaskRecord } from "./task-record.ts";

/** Which task results to list; absent means any. */
export interface TaskFilter {
  readonly statuses?: readonly TaskStatus[];
  readonly queue?: string;
  readonly path?: string;
  readonly tag?: string;
  readonly parentId?: string;
  readonly enqueuedFrom?: number;
  readonly enqueuedBefore?: number;
}

export interface ListRequest {
  readonly filter: TaskFilter;
  /** Where the last page ended, from its answer; null for the first page. */
  readonly cursor: string | null;
  /** How many matches to pass over after the cursor. */
  readonly offset: number;
  readonly limit: number;
}

export interface ListAnswer {
  /** The last stored first, whatever `enqueuedAt` says. */
  readonly records: readonly TaskRecord[];
  /** Null when this was the last page. */
  readonly nextCursor: string | null;
}

/** One queue's numbers; READY is split into what is due and what waits for its time. */
export interface QueueCounts {
  readonly queue: string;
  readonly due: number;
  readonly later: number;
  readonly running: number;
  readonly successful: number;
  readonly failed: number;
  readonly cancelled: number;
  /** When the one that has been due longest became due, or null. */
  readonly oldestDueAt: number | null;
}

/** The facet for people: lists and counts. */
export interface TaskInspector {
  list(request: ListRequest): Promise<ListAnswer>;
  /** One row per queue that has task results, by name. */
  countByQueue(request: { readonly now: number }): Promise<readonly QueueCounts[]>;
}
