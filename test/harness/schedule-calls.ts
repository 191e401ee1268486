import type { Backend, NewTask, ScheduleRecord, ScheduleStore } from "@taskwright/server/backend";
import { aSchedule } from "./a-schedule.ts";
import { NOW } from "./sqlite-store.ts";

let made = 0;

/** A schedule of `mail.send` that is due, with an id of its own. */
export function newSchedule(given: Partial<ScheduleRecord> = {}): ScheduleRecord {
  return aSchedule({ id: `schedule-${String(++made).padStart(4, "0")}`, ...given });
}

/** The facet; throws where a backend has none. */
export function schedulesOf({ schedules }: Backend): ScheduleStore & Required<Pick<ScheduleStore, "due">> {
  if (schedules?.due === undefined) throw new Error("The backend keeps no schedules.");
  return { ...schedules, due: schedules.due };
}

/** Saves a schedule, with the tasks of its tick. */
export function saveSchedule(
  backend: Backend,
  schedule: ScheduleRecord,
  tasks: readonly NewTask[] = [],
): Promise<"saved" | "changed"> {
  return schedulesOf(backend).save({ schedule, call: null, tasks, now: NOW });
}

/** The ids of what is due of some paths. */
export async function dueIds(
  backend: Backend,
  paths: readonly string[] = ["mail.send"],
  limit = 100,
): Promise<readonly string[]> {
  const { schedules } = await schedulesOf(backend).due({ paths, limit, now: NOW });
  return schedules.map(({ id }) => id);
}
