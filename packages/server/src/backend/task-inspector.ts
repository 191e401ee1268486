import type { TaskStatus } from "@taskwright/shared";
import type { InputCondition } from "./input-condition.ts";
import type { TaskRecord } from "./task-record.ts";

/** Which task results to list or count; absent means any. */
export interface TaskFilter {
  readonly statuses?: readonly TaskStatus[];
  readonly queue?: string;
  readonly path?: string;
  readonly tag?: string;
  readonly parentId?: string;
  readonly enqueuedFrom?: number;
  readonly enqueuedBefore?: number;
  readonly finishedFrom?: number;
  readonly finishedBefore?: number;
  readonly scheduleId?: string;
  /** One whose attempts have been on this worker, at any time. */
  readonly workerId?: string;
  /** What the input holds; all of them must be so. */
  readonly input?: readonly InputCondition[];
}

export interface ListRequest {
  readonly filter: TaskFilter;
  /** Where the last page ended, from its answer; null for the first page. */
  readonly cursor: string | null;
  /** How many matches to pass over after the cursor; 0 together with `scanLimit`. */
  readonly offset: number;
  readonly limit: number;
  /**
   * How many task results the page may look at; what no index tells apart from matches counts too.
   *
   * @default 10,000 with a filter on inputs, else as many as it takes to fill the page
   */
  readonly scanLimit?: number;
}

/** How far a page got that may look at so many task results only. */
export interface ScanReach {
  /** How many task results it looked at. */
  readonly looked: number;
  /** The `enqueuedAt` of the last one it looked at; null when it looked at none. */
  readonly reachedAt: number | null;
  /** Whether it ended because it may look at no more: it may then hold fewer than `limit`, even none, and more may follow. */
  readonly isCutShort: boolean;
}

export interface ListAnswer {
  /** The last stored first, whatever `enqueuedAt` says. */
  readonly records: readonly TaskRecord[];
  /** Null when this was the last page. */
  readonly nextCursor: string | null;
  /** There when the page had a limit to what it may look at. */
  readonly scan?: ScanReach;
}

export interface CountRequest {
  readonly filter: TaskFilter;
  /** The most to count. */
  readonly cap: number;
  /** How many task results to look at, as in a list. */
  readonly scanLimit: number;
}

export interface CountAnswer {
  /** At most `cap`. */
  readonly count: number;
  /** False: there are that many or more, as it came to the cap, or looked at as many as it may. */
  readonly isExact: boolean;
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
  /** Counts what a filter selects, up to a cap; absent where a backend cannot. */
  readonly count?: (request: CountRequest) => Promise<CountAnswer>;
  /**
   * One row per queue that has task results, by name.
   *
   * With a `cap`, no number is greater, and one that equals it means that many or more; `oldestDueAt` is then the
   * earliest of the first in line.
   */
  countByQueue(request: { readonly now: number; readonly cap?: number }): Promise<readonly QueueCounts[]>;
}
