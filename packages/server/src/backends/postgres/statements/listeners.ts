import type { Statement } from "../../sql/executor.ts";
import { statementOf } from "../../sql/statement-of.ts";
import type { TableNames } from "../../sql/table-names.ts";

/** The server's own clock: whoever announces itself and whoever looks may have been given other times. */
const CLOCK = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint";

/** An SQL condition: somebody listens for the ends of task results. */
export function isAwaitingResults({ listener }: TableNames): string {
  return `EXISTS (SELECT 1 FROM ${listener} l WHERE l.awaits_results AND l.until > ${CLOCK})`;
}

/** An SQL condition: somebody idle listens for task results of the queues in `rows`. */
export function isAwaitingReady({ listener }: TableNames, rows: string): string {
  return `EXISTS (SELECT 1 FROM ${rows} JOIN ${listener} l
    ON l.until > ${CLOCK} AND l.awaits_ready AND (l.queues IS NULL OR ${rows}.queue = ANY (l.queues)))`;
}

/** Announces what a process listens for: its id, its queues as JSON (null for all), whether for task results that wait, for ends, and for how many milliseconds. */
export function announce({ listener }: TableNames): Statement {
  return statementOf(
    "announce",
    `INSERT INTO ${listener} (id, queues, awaits_ready, awaits_results, until)
  VALUES ($1, CASE WHEN $2::json IS NULL THEN NULL ELSE ARRAY(SELECT json_array_elements_text($2::json)) END, $3, $4, ${CLOCK} + $5)
  ON CONFLICT (id) DO UPDATE SET queues = excluded.queues, awaits_ready = excluded.awaits_ready,
    awaits_results = excluded.awaits_results, until = excluded.until`,
  );
}

/** Takes an announcement back, and those that are long over: the id. */
export function withdraw({ listener }: TableNames): Statement {
  return statementOf("withdraw", `DELETE FROM ${listener} WHERE id = $1 OR until < ${CLOCK} - 3600000`);
}

/** Says something on a channel: its name and a JSON array of payloads. */
export function notify(): Statement {
  return statementOf(
    "notify",
    "SELECT pg_notify($1, notice.payload)::text FROM json_array_elements_text($2::json) AS notice(payload)",
  );
}

/** As {@link notify}, when somebody idle listens for task results. */
export function notifyReady({ listener }: TableNames): Statement {
  return statementOf(
    "notify_ready",
    `SELECT pg_notify($1, notice.payload)::text FROM json_array_elements_text($2::json) AS notice(payload)
  WHERE EXISTS (SELECT 1 FROM ${listener} l WHERE l.awaits_ready AND l.until > ${CLOCK})`,
  );
}

/** As {@link notify}, when somebody waits for the ends of task results. */
export function notifyResults(names: TableNames): Statement {
  return statementOf(
    "notify_results",
    `SELECT pg_notify($1, notice.payload)::text FROM json_array_elements_text($2::json) AS notice(payload) WHERE ${isAwaitingResults(names)}`,
  );
}
