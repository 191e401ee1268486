import type { AnyRouter, TaskPath, TaskSchedule } from "@taskwright/shared";
import type { ScheduleSync } from "../backend/index.ts";
import type { InputAt, QueueAt, ScheduleOptions } from "./schedule-options.ts";

/** Which backend to look in; without one, all of the server's. */
export interface ScheduleTarget {
  readonly backend?: string;
}

/** What `schedules.list()` takes. */
export interface ScheduleListOptions {
  /** Only those of the task with this path. */
  readonly task?: string;
  /** @default "default" */
  readonly backend?: string;
  /** 1 to 1000. @default 100 */
  readonly limit?: number;
  /** The `nextCursor` of the page before. */
  readonly cursor?: string;
}

/** One page of schedules. */
export interface SchedulePage {
  readonly schedules: readonly TaskSchedule[];
  /** What the next page is asked for by; null after the last one. */
  readonly nextCursor: string | null;
}

/** Cron rules that enqueue tasks; workers run them. */
export interface Schedules<TRouter extends AnyRouter> {
  /**
   * Stores a schedule, or changes the one with its id; one that is as it should be stays untouched, so it can be said at
   * each start of a program. A change of cron or zone begins after now, and a paused one stays paused.
   *
   * Rejects with INVALID_OPTION, PAYLOAD_ERROR, or NOT_SUPPORTED where the backend has no schedules.
   */
  create<const TPath extends TaskPath<TRouter> | "taskwright.relay" | "taskwright.clearStaleResults">(
    options: ScheduleOptions<TPath, InputAt<TRouter, TPath>, QueueAt<TRouter, TPath>>,
  ): Promise<TaskSchedule>;
  /** Reads one; rejects with SCHEDULE_NOT_FOUND. */
  get(id: string, target?: ScheduleTarget): Promise<TaskSchedule>;
  /** Reads a page of a backend's, by id. */
  list(options?: ScheduleListOptions): Promise<SchedulePage>;
  /** Stops one until it is resumed; what it has enqueued stays. Rejects with SCHEDULE_NOT_FOUND. */
  pause(id: string, target?: ScheduleTarget): Promise<TaskSchedule>;
  /** Lets a paused one go on with its next time after now; those during the pause are no missed ones. Rejects with SCHEDULE_NOT_FOUND. */
  resume(id: string, target?: ScheduleTarget): Promise<TaskSchedule>;
  /**
   * Brings what is kept of schedules up to what runs them elsewhere, such as QStash, of one backend or of all that have such.
   *
   * Rejects with NOT_SUPPORTED where what is kept is what is run, as on every backend that workers claim from.
   */
  sync(target?: ScheduleTarget): Promise<ScheduleSync>;
  /** Deletes one; false when there is none. What it has enqueued stays. */
  delete(id: string, target?: ScheduleTarget): Promise<boolean>;
}
