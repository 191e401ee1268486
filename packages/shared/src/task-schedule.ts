import { type Duration, durationToMs } from "./duration.ts";
import { jsonView } from "./json-view.ts";
import type { SharedOptions } from "./task-options.ts";

/** Of times that passed while no worker ran: enqueue for the first of them, for none that is over a minute late, or for each. */
export const MISFIRES = ["once", "skip", "all"] as const;

/** One of {@link MISFIRES}. */
export type Misfire = (typeof MISFIRES)[number];

/** The options of what a schedule enqueues. */
export type ScheduleCallOptions<TQueue extends string = string> = Pick<
  SharedOptions<TQueue>,
  "queue" | "priority" | "maxRetries" | "retryDelay" | "backoff" | "timeout" | "expires" | "tags"
>;

/** A cron rule that enqueues a task, as it is stored. */
export interface TaskSchedule<TInput = unknown> {
  readonly id: string;
  readonly name: string;
  /** The path of the task that it enqueues. */
  readonly path: string;
  /** That task's name for people. */
  readonly label: string;
  /** What it enqueues the task with. */
  readonly input: TInput;
  readonly cron: string;
  /** The zone that the rule is meant in, by its IANA name. */
  readonly timeZone: string;
  /** The options that it enqueues the task with. */
  readonly options: ScheduleCallOptions;
  readonly misfire: Misfire;
  /** The name of the server's backend that keeps it, and where it enqueues. */
  readonly backend: string;
  /** When it enqueues next; null while it is paused, and when its rule has no further time. */
  readonly nextRunAt: Date | null;
  /** The time, by its rule, for which it enqueued last. */
  readonly lastRunAt: Date | null;
  /** The task result of that time. */
  readonly lastTaskId: string | null;
  readonly createdAt: Date;
  /** When somebody last changed it; that it enqueues is no change. */
  readonly updatedAt: Date;
  readonly isActive: boolean;
  /** Since when it is active, or when it last was made so. */
  readonly activeAt: Date;
  readonly isPaused: boolean;
  /** When it was last paused. */
  readonly pausedAt: Date | null;
  /** Whether it is active again after a pause. */
  readonly isResumed: boolean;
  /** When it was last resumed. */
  readonly resumedAt: Date | null;
  /** Whether it was paused within this time. @param within default "60s" */
  didJustPause(within?: Duration): boolean;
  /** Whether it was resumed within this time. @param within default "60s" */
  didJustResume(within?: Duration): boolean;
  /** A plain object for JSON, with ISO 8601 times. */
  toJSON(): Record<string, unknown>;
}

/** Everything of a schedule but what follows from it. */
export type TaskScheduleInit = Omit<
  TaskSchedule,
  "isActive" | "activeAt" | "isResumed" | "didJustPause" | "didJustResume" | "toJSON"
>;

const TIMES = [
  "nextRunAt",
  "lastRunAt",
  "createdAt",
  "updatedAt",
  "activeAt",
  "pausedAt",
  "resumedAt",
] as const;

/**
 * Completes a schedule.
 *
 * @param now the time in epoch milliseconds, by the clock that the schedule's times are of
 */
export function taskSchedule(init: TaskScheduleInit, now: () => number): TaskSchedule {
  const { isPaused, pausedAt, resumedAt } = init;
  const fields = {
    ...init,
    isActive: !isPaused,
    activeAt: resumedAt ?? init.createdAt,
    isResumed: !isPaused && resumedAt !== null,
  };
  const isWithin = (time: Date | null, within: Duration) =>
    time !== null && now() - time.getTime() <= durationToMs(within, "within");
  const functions = {
    didJustPause: (within: Duration = "60s") => isPaused && isWithin(pausedAt, within),
    didJustResume: (within: Duration = "60s") => !isPaused && isWithin(resumedAt, within),
    toJSON: () => ({
      ...fields,
      input: jsonView(fields.input),
      ...Object.fromEntries(TIMES.map((name) => [name, fields[name]?.toISOString() ?? null])),
    }),
  };
  // Functions do not belong in a record that people print and compare.
  const hidden = Object.entries(functions).map(([name, value]) => [name, { value, enumerable: false }]);
  return Object.defineProperties(fields, Object.fromEntries(hidden)) as TaskSchedule;
}
