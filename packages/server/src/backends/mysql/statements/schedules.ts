import type { Statement } from "../../sql/executor.ts";
import { SCHEDULE_COLUMNS } from "../../sql/schedule-mapping.ts";
import type { ScheduleDialect } from "../../sql/schedule-store.ts";
import { statementOf } from "../../sql/statement-of.ts";
import type { TableNames } from "../../sql/table-names.ts";
import { bytesOf, elementsOf } from "./fragments.ts";

const READ = SCHEDULE_COLUMNS.map((name) =>
  name === "path" ? "CONVERT(path USING utf8mb4) AS path" : name,
).join(", ");

/** Stores one that is not there: `scheduleValues`. An id that is there already is an error. */
export function insertSchedule({ schedule }: TableNames): Statement {
  const places = SCHEDULE_COLUMNS.map(() => "?");
  return statementOf(
    "insert_schedule",
    `INSERT INTO ${schedule} (${SCHEDULE_COLUMNS.join(", ")}) VALUES (${places.join(", ")})`,
  );
}

/** Stores another revision of one: `scheduleValues` with the id at their end, and the revision that must be there. */
export function updateSchedule({ schedule }: TableNames): Statement {
  const changes = SCHEDULE_COLUMNS.slice(1).map((name) => `${name} = ?`);
  return statementOf(
    "update_schedule",
    `UPDATE ${schedule} SET ${changes.join(", ")} WHERE id = ? AND revision = ?`,
  );
}

/** Removes one by its id. */
export function removeSchedule({ schedule }: TableNames): Statement {
  return statementOf("remove_schedule", `DELETE FROM ${schedule} WHERE id = ?`);
}

/** The statements that read. */
export function scheduleReads({ schedule }: TableNames): ScheduleDialect["reads"] {
  const select = `SELECT ${READ} FROM ${schedule}`;
  return {
    get: statementOf("get_schedule", `${select} WHERE id = ?`),
    list: statementOf("list_schedules", `${select} WHERE id > ? ORDER BY id LIMIT ?`),
    listOfPath: statementOf(
      "list_schedules_of",
      `${select} FORCE INDEX (schedule_path) WHERE path = ? AND id > ? ORDER BY id LIMIT ?`,
    ),
    due: statementOf(
      "due_schedules",
      `SELECT n.next, s.* FROM (
    SELECT min(next_run_at) AS next FROM ${schedule} FORCE INDEX (schedule_next) WHERE next_run_at > ?) n LEFT JOIN (
    ${select} FORCE INDEX (schedule_next)
    WHERE next_run_at <= ? AND path IN (SELECT ${bytesOf("i.value")} FROM ${elementsOf("path")})
    ORDER BY next_run_at, id LIMIT ?) s ON true ORDER BY s.next_run_at, s.id`,
    ),
  };
}
