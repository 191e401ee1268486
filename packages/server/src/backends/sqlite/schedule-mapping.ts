import { MISFIRES, type Misfire } from "@taskwright/shared";
import type { ScheduleRecord } from "../../backend/index.ts";
import {
  SCHEDULE_COLUMNS as COLUMNS,
  scheduleValues,
  toSchedule as toRecord,
} from "../sql/schedule-mapping.ts";

/** A row of `taskwright_schedule`, by the names of its columns. */
export type ScheduleRow = Readonly<Record<string, string | number | null>>;

/** Every column but the id, in the order of {@link valuesOf}. */
const CHANGING = COLUMNS.slice(1);

export const SCHEDULE_COLUMNS: string = COLUMNS.join(", ");

/** A parameter for each of {@link SCHEDULE_COLUMNS}. */
export const SCHEDULE_PLACES: string = COLUMNS.map(() => "?").join(", ");

/** Assignments of all but the id. */
export const SCHEDULE_CHANGES: string = CHANGING.map((name) => `${name} = ?`).join(", ");

/** What is stored of all but the id. */
export function valuesOf(schedule: ScheduleRecord): readonly (string | number | null)[] {
  // SQLite has no booleans.
  return scheduleValues(schedule)
    .slice(1)
    .map((value) => (typeof value === "boolean" ? Number(value) : value));
}

/** Reads one row; throws a SyntaxError, as reading JSON does, for one that was written over by hand. */
export function toSchedule(row: ScheduleRow): ScheduleRecord {
  if (
    !MISFIRES.includes(row.misfire as Misfire) ||
    typeof row.revision !== "number" ||
    typeof row.next_run_at === "string"
  )
    throw new SyntaxError(`The schedule ${row.id} is none that was written here.`);
  return toRecord(COLUMNS.map((name) => row[name]));
}
