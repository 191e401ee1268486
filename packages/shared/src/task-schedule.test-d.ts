import { expectTypeOf } from "vitest";
import type { Duration } from "./duration.ts";
import type { SharedOptions } from "./task-options.ts";
import {
  MISFIRES,
  type Misfire,
  type ScheduleCallOptions,
  type TaskSchedule,
  type TaskScheduleInit,
  taskSchedule,
} from "./task-schedule.ts";

interface Mail {
  to: string;
}
declare const schedule: TaskSchedule<Mail>;

expectTypeOf(schedule.input).toEqualTypeOf<Mail>();
expectTypeOf<TaskSchedule["input"]>().toEqualTypeOf<unknown>();
expectTypeOf(schedule.options).toEqualTypeOf<ScheduleCallOptions>();
expectTypeOf(schedule.misfire).toEqualTypeOf<Misfire>();
expectTypeOf(MISFIRES).toEqualTypeOf<readonly ["once", "skip", "all"]>();
expectTypeOf<Misfire>().toEqualTypeOf<"once" | "skip" | "all">();
// There may be no next time, and no last one yet; it always is active since some time.
expectTypeOf(schedule.nextRunAt).toEqualTypeOf<Date | null>();
expectTypeOf(schedule.lastRunAt).toEqualTypeOf<Date | null>();
expectTypeOf(schedule.lastTaskId).toEqualTypeOf<string | null>();
expectTypeOf(schedule.pausedAt).toEqualTypeOf<Date | null>();
expectTypeOf(schedule.resumedAt).toEqualTypeOf<Date | null>();
expectTypeOf(schedule.activeAt).toEqualTypeOf<Date>();
expectTypeOf(schedule.updatedAt).toEqualTypeOf<Date>();
expectTypeOf(schedule.didJustPause).parameters.toEqualTypeOf<[within?: Duration | undefined]>();
expectTypeOf(schedule.didJustResume("5m")).toEqualTypeOf<boolean>();
expectTypeOf(schedule.toJSON()).toEqualTypeOf<Record<string, unknown>>();
// A typed one fits where any one does.
expectTypeOf(schedule).toExtend<TaskSchedule>();

// @ts-expect-error -- it is a record of what is stored; pause() of the client pauses
schedule.isPaused = true;
// @ts-expect-error -- a number says no unit
schedule.didJustPause(60);
// @ts-expect-error -- it may have no further time
schedule.nextRunAt.getTime();

// --- The options of what it enqueues ---

expectTypeOf<ScheduleCallOptions<"emails">["queue"]>().toEqualTypeOf<"emails" | undefined>();
expectTypeOf<ScheduleCallOptions>().toExtend<SharedOptions>();
export const options: ScheduleCallOptions<"default" | "emails"> = {
  queue: "emails",
  priority: 10,
  maxRetries: 1,
  retryDelay: 5,
  backoff: { initial: "1s" },
  timeout: false,
  expires: "1h",
  tags: ["nightly"],
};
// @ts-expect-error -- a queue that the contract does not declare
export const elsewhere: ScheduleCallOptions<"emails"> = { queue: "default" };
// @ts-expect-error -- each time is its own task result
export const once: ScheduleCallOptions = { deduplicated: true };
// @ts-expect-error -- nor has it a key
export const keyed: ScheduleCallOptions = { deduplicationId: "nightly" };
// @ts-expect-error -- the rule says when
export const later: ScheduleCallOptions = { countdown: "5m" };

declare const init: TaskScheduleInit;
expectTypeOf(taskSchedule(init, () => 0)).toEqualTypeOf<TaskSchedule>();
// @ts-expect-error -- whether it is active follows from the rest
taskSchedule({ ...init, isActive: true }, () => 0);
// @ts-expect-error -- "just" needs a clock
taskSchedule(init);
