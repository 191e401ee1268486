import type { Statement } from "../../sql/executor.ts";
import { SCHEDULE_COLUMNS } from "../../sql/schedule-mapping.ts";
import type { ScheduleDialect } from "../../sql/schedule-store.ts";
import { statementOf } from "../../sql/statement-of.ts";
import type { TableNames } from "../../sql/table-names.ts";

const COLUMNS = SCHEDULE_COLUMNS.join(", ");
const PLACES = SCHEDULE_COLUMNS.map((_, index) => `$${index + 1}`);
const CHANGES = SCHEDULE_COLUMNS.map((name, index) => `${name} = ${PLACES[index]}`).slice(1);
const REVISION = PLACES.at(-1);

/** Stores one that is not there: `scheduleValues`. Gives a row if it was not. */
export function insertSchedule({ schedule }: TableNames): Statement {
  return statementOf(
    "insert_schedule",
    `INSERT INTO ${schedule} (${COLUMNS}) VALUES (${PLACES.join(", ")}) ON CONFLICT (id) DO NOTHING RETURNING id`,
  );
}

/** Stores the next revision of one: `scheduleValues`. Gives a row if it was the next one. */
export function updateSchedule({ schedule }: TableNames): Statement {
  return statementOf(
    "update_schedule",
    `UPDATE ${schedule} SET ${CHANGES.join(", ")} WHERE id = $1 AND revision = ${REVISION}::bigint - 1 RETURNING id`,
  );
}

/** Removes one by its id. Gives a row if it was there. */
export function removeSchedule({ schedule }: TableNames): Statement {
  return statementOf("remove_schedule", `DELETE FROM ${schedule} WHERE id = $1 RETURNING id`);
}

/** The statements that read. */
export function scheduleReads({ schedule }: TableNames): ScheduleDialect["reads"] {
  const select = `SELECT ${COLUMNS} FROM ${schedule}`;
  return {
    get: statementOf("get_schedule", `${select} WHERE id = $1`),
    list: statementOf("list_schedules", `${select} WHERE id > $1 ORDER BY id LIMIT $2`),
    listOfPath: statementOf(
      "list_schedules_of",
      `${select} WHERE path = $1 AND id > $2 ORDER BY id LIMIT $3`,
    ),
    due: statementOf(
      "due_schedules",
      `SELECT n.next, s.* FROM (SELECT min(next_run_at) AS next FROM ${schedule} WHERE next_run_at > $1) n LEFT JOIN (
    ${select} WHERE next_run_at <= $2 AND path IN (SELECT json_array_elements_text($3::json))
    ORDER BY next_run_at, id LIMIT $4) s ON true ORDER BY s.next_run_at, s.id`,
    ),
  };
}
