import type { Statement } from "../../sql/executor.ts";
import { statementOf } from "../../sql/statement-of.ts";
import type { TableNames } from "../../sql/table-names.ts";

/** Reads every queue and path that task results have been stored under. */
export function readAllLanes({ lane }: TableNames): Statement {
  return statementOf(
    "read_all_lanes",
    `SELECT CONVERT(queue USING utf8mb4) AS queue, CONVERT(path USING utf8mb4) AS path FROM ${lane}`,
  );
}

/** Counts what runs: queue, 2, and how many. */
export function countRunning({ running }: TableNames): Statement {
  return statementOf(
    "count",
    `SELECT CONVERT(counted.queue USING utf8mb4) AS queue, 2 AS kind, size, NULL AS first
  FROM (SELECT queue, count(*) AS size FROM ${running} GROUP BY queue) counted`,
  );
}

/**
 * Counts what is in line of some queues and paths: for each the time twice, queue, path and the cap for what is due, then
 * queue, path, the time and the cap for what has become due, and the same for what has not. Gives which of them, which of
 * the three (0 to 2), how many, how many of those in time, and the earliest of these.
 */
export function countLanesCapped({ due, later }: TableNames, laneCount: number): Statement {
  const ofLater = (lane: number, line: number, isDue: string) => `SELECT ${lane} AS lane, ${line} AS line,
    count(*) AS found, 0 AS in_time, min(run_after) AS earliest FROM (
      SELECT run_after FROM ${later} FORCE INDEX (PRIMARY) WHERE queue = ? AND path = ? AND run_after ${isDue} ? ORDER BY run_after LIMIT ?) part`;
  const parts = Array.from(
    { length: laneCount },
    (
      _,
      lane,
    ) => `SELECT ${lane} AS lane, 0 AS line, count(*) AS found, coalesce(sum(run_after <= ?), 0) AS in_time,
    min(CASE WHEN run_after <= ? THEN run_after END) AS earliest FROM (
      SELECT run_after FROM ${due} FORCE INDEX (PRIMARY) WHERE queue = ? AND path = ? ORDER BY \`rank\` LIMIT ?) part
  UNION ALL ${ofLater(lane, 1, "<=")} UNION ALL ${ofLater(lane, 2, ">")}`,
  );
  return statementOf("count", parts.join(" UNION ALL "));
}

/** Counts what has ended: for each part state, queue and the cap. Gives which part, and how many. */
export function countFinishedCapped({ finished }: TableNames, partCount: number): Statement {
  const parts = Array.from(
    { length: partCount },
    (_, part) => `SELECT ${part} AS part, count(*) AS found FROM (
    SELECT 1 FROM ${finished} FORCE INDEX (finished_queue) WHERE status = ? AND queue = ? LIMIT ?) ended`,
  );
  return statementOf("count", parts.join(" UNION ALL "));
}
