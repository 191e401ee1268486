import type { Misfire } from "@taskwright/shared";
import type { NewTask } from "./task-record.ts";

/**
 * A cron rule that enqueues, as a backend stores it; payloads and options are text that a backend never looks into.
 *
 * All times are epoch milliseconds of store time.
 */
export interface ScheduleRecord {
  /** Unique in its backend; 1 to 100 letters, digits and `_ - . :`. */
  readonly id: string;
  /** What people call it. */
  readonly name: string;
  /** The task it enqueues. */
  readonly path: string;
  /** Five fields: minute, hour, day of month, month, day of week. */
  readonly cron: string;
  /** The IANA name of the zone that the rule is meant in. */
  readonly timeZone: string;
  /** The id of the codec that wrote `input`. */
  readonly codec: string;
  /** Encoded input; null when the task has none. */
  readonly input: string | null;
  /** The options of its calls as JSON text, in the words that calls use; null for none. */
  readonly options: string | null;
  readonly misfire: Misfire;
  readonly isPaused: boolean;
  /** The tick that is enqueued next; null while it is paused, and when its rule has no further one. */
  readonly nextRunAt: number | null;
  /** The tick that was enqueued last. */
  readonly lastRunAt: number | null;
  /** The task result of that tick. */
  readonly lastTaskId: string | null;
  readonly createdAt: number;
  /** When somebody last changed it; ticks don't count. */
  readonly updatedAt: number;
  /** When it was last paused, and resumed. */
  readonly pausedAt: number | null;
  readonly resumedAt: number | null;
  /** One more with each {@link ScheduleStore.save}, from 1. */
  readonly revision: number;
}

/** How a schedule's tasks are enqueued, by all options that hold for them. */
export interface ScheduleCall {
  readonly queue: string;
  readonly priority: number;
  readonly maxRetries: number;
  /** As in {@link NewTask}. */
  readonly policy: string | null;
}

export interface SaveScheduleRequest {
  readonly schedule: ScheduleRecord;
  /** Null where this process does not know the task, which only pauses and resumes. */
  readonly call: ScheduleCall | null;
  /** What its tick enqueues; none where somebody changes the schedule. */
  readonly tasks: readonly NewTask[];
  readonly now: number;
}

export interface ScheduleListRequest {
  /** Only those after this id; null for the first page. */
  readonly after: string | null;
  /** Only those of this task. */
  readonly path?: string;
  readonly limit: number;
}

export interface DueSchedulesRequest {
  /** Only those of these tasks. */
  readonly paths: readonly string[];
  readonly limit: number;
  readonly now: number;
}

export interface DueSchedules {
  /** Those whose `nextRunAt` has come, earliest first. */
  readonly schedules: readonly ScheduleRecord[];
  /** The earliest `nextRunAt` after now, of whatever task; null for none. */
  readonly nextRunAt: number | null;
}

/** How many schedules were brought up to what the backend has. */
export interface ScheduleSync {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  readonly unchanged: number;
}

/** The facet that keeps schedules. Core reads the rules, and says when the next tick is. */
export interface ScheduleStore {
  /**
   * The id that a task of a tick must have instead of the given one, in a store where ids say on which server something
   * is kept. Absent where that makes no difference.
   */
  placeId?(request: { readonly id: string }): string;

  /**
   * Stores a schedule and enqueues tasks, both or neither, if it is the revision after the stored one: 1 where there is
   * none of this id. Answers `changed`, and stores nothing, if it is not.
   *
   * So of many processes that see one tick, one enqueues it. A task whose id exists already changes nothing.
   */
  save(request: SaveScheduleRequest): Promise<"saved" | "changed">;

  /** Reads one; null when there is none. */
  get(request: { readonly id: string }): Promise<ScheduleRecord | null>;

  /** Reads a page, in the order of the ids' bytes. */
  list(request: ScheduleListRequest): Promise<readonly ScheduleRecord[]>;

  /** Removes one; what it has enqueued stays. */
  delete(request: { readonly id: string }): Promise<"deleted" | "not-found">;

  /** Reads what is due, and changes nothing. Absent where the backend enqueues ticks by itself. */
  due?(request: DueSchedulesRequest): Promise<DueSchedules>;

  /** Brings what is kept here up to what a backend has that enqueues ticks by itself; absent elsewhere. */
  sync?(request: { readonly now: number }): Promise<ScheduleSync>;
}
