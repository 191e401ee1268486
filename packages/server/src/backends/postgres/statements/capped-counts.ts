import type { Statement } from "../../sql/executor.ts";
import { statementOf } from "../../sql/statement-of.ts";
import type { TableNames } from "../../sql/table-names.ts";

/** Each queue with each path that a table of the line holds, by one look at its index for each. */
function lanes(name: string, table: string): string {
  return `${name} (queue, path) AS (
    (SELECT queue, path FROM ${table} ORDER BY queue, path LIMIT 1)
    UNION ALL
    SELECT next.queue, next.path FROM ${name} lane CROSS JOIN LATERAL (
      SELECT queue, path FROM ${table} WHERE (queue, path) > (lane.queue, lane.path) ORDER BY queue, path LIMIT 1) next)`;
}

/** Counts the rows of one range of an index, up to the cap. */
function counted(range: string): string {
  return `CROSS JOIN LATERAL (SELECT count(*) AS found, min(run_after) AS earliest FROM (
    SELECT run_after FROM ${range} ORDER BY x.run_after LIMIT $2) ranged) part`;
}

/**
 * As the count by queue, with a cap: the time and the cap. There may be several rows of a queue and kind, each with no
 * more than the cap.
 *
 * Each range is read in the order of its index, which keeps the planner from reading the table instead. Of those in line early, which is where a process whose clock is ahead has brought them, only those among the first are
 * counted.
 */
export function countByQueueCapped({ due, later, running, finished }: TableNames): Statement {
  const inLane = (table: string) => `${table} x WHERE x.queue = lane.queue AND x.path = lane.path`;
  return statementOf(
    "count",
    `WITH RECURSIVE ${lanes("due_lane", due)}, ${lanes("later_lane", later)},
  heap (status, queue) AS (
    (SELECT status, queue FROM ${finished} ORDER BY status, queue LIMIT 1)
    UNION ALL
    SELECT next.status, next.queue FROM heap CROSS JOIN LATERAL (
      SELECT status, queue FROM ${finished} WHERE (status, queue) > (heap.status, heap.queue)
      ORDER BY status, queue LIMIT 1) next)
  SELECT lane.queue, sort.kind, CASE WHEN sort.kind = 0 THEN part.found - part.in_time WHEN part.found >= $2 THEN part.found
      ELSE part.in_time END AS found, CASE WHEN sort.kind = 1 THEN part.earliest END AS earliest
    FROM due_lane lane CROSS JOIN LATERAL (
      SELECT count(*) AS found, count(*) FILTER (WHERE run_after <= $1) AS in_time,
        min(run_after) FILTER (WHERE run_after <= $1) AS earliest
      FROM (SELECT run_after FROM ${inLane(due)} ORDER BY x.rank LIMIT $2) ranged) part
    CROSS JOIN (VALUES (0), (1)) AS sort(kind)
  UNION ALL SELECT lane.queue, 1, part.found, part.earliest FROM later_lane lane
    ${counted(`${inLane(later)} AND x.run_after <= $1`)}
  UNION ALL SELECT lane.queue, 0, part.found, NULL FROM later_lane lane
    ${counted(`${inLane(later)} AND x.run_after > $1`)}
  UNION ALL SELECT queue, 2, count(*), NULL FROM ${running} GROUP BY 1
  UNION ALL SELECT heap.queue, heap.status, part.found, NULL FROM heap CROSS JOIN LATERAL (
      SELECT count(*) AS found FROM (SELECT 1 FROM ${finished} f
        WHERE f.status = heap.status AND f.queue = heap.queue
        ORDER BY f.finished_at LIMIT $2) ranged) part`,
  );
}
