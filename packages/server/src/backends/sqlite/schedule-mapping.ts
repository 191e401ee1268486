import { MISFIRES, type Misfire } from "@taskwright/shared";
import type { ScheduleRecord } from "../../backend/index.ts";

/** A row of `taskwright_schedule`. */
export interface ScheduleRow {
  readonly id: string;
  readonly name: string;
  readonly path: string;
  readonly cron: string;
  readonly time_zone: string;
  readonly codec: string;
  readonly input: string | null;
  readonly options: string | null;
  readonly misfire: string;
  readonly is_paused: number;
  readonly next_run_at: number | null;
  readonly last_run_at: number | null;
  readonly last_task_id: string | null;
  readonly created_at: number;
  readonly updated_at: number;
  readonly paused_at: number | null;
  readonly resumed_at: number | null;
  readonly revision: number;
}

/** Every column of {@link ScheduleRow} but the id, in the order of {@link valuesOf}. */
const CHANGING = [
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
] as const satisfies readonly (keyof ScheduleRow)[];

export const SCHEDULE_COLUMNS: string = ["id", ...CHANGING].join(", ");

/** A parameter for each of {@link SCHEDULE_COLUMNS}. */
export const SCHEDULE_PLACES: string = ["?", ...CHANGING.map(() => "?")].join(", ");

/** Assignments of all but the id. */
export const SCHEDULE_CHANGES: string = CHANGING.map((name) => `${name} = ?`).join(", ");

/** What is stored of all but the id. */
export function valuesOf(schedule: ScheduleRecord): readonly (string | number | null)[] {
  return [
    schedule.name,
    schedule.path,
    schedule.cron,
    schedule.timeZone,
    schedule.codec,
    schedule.input,
    schedule.options,
    schedule.misfire,
    schedule.isPaused ? 1 : 0,
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

/** Reads one row; throws a SyntaxError, as reading JSON does, for one that was written over by hand. */
export function toSchedule(row: ScheduleRow): ScheduleRecord {
  const { next_run_at: nextRunAt, revision } = row;
  if (
    !MISFIRES.includes(row.misfire as Misfire) ||
    typeof revision !== "number" ||
    typeof nextRunAt === "string"
  )
    throw new SyntaxError(`The schedule ${row.id} is none that was written here.`);
  return {
    id: row.id,
    name: row.name,
    path: row.path,
    cron: row.cron,
    timeZone: row.time_zone,
    codec: row.codec,
    input: row.input,
    options: row.options,
    misfire: row.misfire as Misfire,
    isPaused: row.is_paused === 1,
    nextRunAt,
    lastRunAt: row.last_run_at,
    lastTaskId: row.last_task_id,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    pausedAt: row.paused_at,
    resumedAt: row.resumed_at,
    revision,
  };
}
