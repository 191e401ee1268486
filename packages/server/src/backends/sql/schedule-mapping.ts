import { MISFIRES, type Misfire, TaskError } from "@taskwright/shared";
import type { ScheduleRecord } from "../../backend/index.ts";
import type { SqlRow, SqlValue } from "./executor.ts";

/** The columns of the table `schedule`, in the order of {@link scheduleValues}; the first one is the key. */
export const SCHEDULE_COLUMNS: readonly string[] = [
  "id",
  "name",
  "path",
  "cron",
  "time_zone",
  "codec",
  "input",
  "options",
  "misfire",
  "is_paused",
  "next_run_at",
  "last_run_at",
  "last_task_id",
  "created_at",
  "updated_at",
  "paused_at",
  "resumed_at",
  "revision",
];

/** What is stored of a schedule. */
export function scheduleValues(schedule: ScheduleRecord): readonly SqlValue[] {
  return [
    schedule.id,
    schedule.name,
    schedule.path,
    schedule.cron,
    schedule.timeZone,
    schedule.codec,
    schedule.input,
    schedule.options,
    schedule.misfire,
    schedule.isPaused,
    schedule.nextRunAt,
    schedule.lastRunAt,
    schedule.lastTaskId,
    schedule.createdAt,
    schedule.updatedAt,
    schedule.pausedAt,
    schedule.resumedAt,
    schedule.revision,
  ];
}

function numberOrNull(value: unknown): number | null {
  return value === null ? null : Number(value);
}

/** Reads a row of {@link SCHEDULE_COLUMNS}; throws BACKEND_INCOMPATIBLE for one that was written over by hand. */
export function toSchedule(row: SqlRow): ScheduleRecord {
  const [id, name, path, cron, timeZone, codec, input, options, misfire, isPaused, nextRunAt, ...rest] = row;
  const [lastRunAt, lastTaskId, createdAt, updatedAt, pausedAt, resumedAt, revision] = rest;
  if (!MISFIRES.includes(misfire as Misfire)) {
    throw new TaskError({
      code: "BACKEND_INCOMPATIBLE",
      message: `The row of the schedule ${id} was changed by something else than Taskwright: its misfire must be "once", "skip" or "all". Mend that column, or delete the row.`,
      data: { id },
    });
  }
  return {
    id: id as string,
    name: name as string,
    path: path as string,
    cron: cron as string,
    timeZone: timeZone as string,
    codec: codec as string,
    input: input as string | null,
    options: options as string | null,
    misfire: misfire as Misfire,
    // MariaDB's booleans are numbers.
    isPaused: Boolean(Number(isPaused)),
    nextRunAt: numberOrNull(nextRunAt),
    lastRunAt: numberOrNull(lastRunAt),
    lastTaskId: lastTaskId as string | null,
    createdAt: Number(createdAt),
    updatedAt: Number(updatedAt),
    pausedAt: numberOrNull(pausedAt),
    resumedAt: numberOrNull(resumedAt),
    revision: Number(revision),
  };
}
