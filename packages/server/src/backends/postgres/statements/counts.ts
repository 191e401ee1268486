import type { Statement } from "../../sql/executor.ts";
import { statementOf } from "../../sql/statement-of.ts";
import type { TableNames } from "../../sql/table-names.ts";

/**
 * Counts by queue as of a time: queue, kind (0 later, 1 due, 2 to 5 the states), how many, and of due ones the earliest
 * time. Those in line early, brought there by a process whose clock is ahead, count as later.
 */
export function countByQueue({ due, later, running, finished }: TableNames): Statement {
  return statementOf(
    "count",
    `SELECT queue, CASE WHEN run_after <= $1 THEN 1 ELSE 0 END AS kind, count(*), min(run_after)
    FROM ${due} GROUP BY 1, 2
  UNION ALL SELECT queue, CASE WHEN run_after <= $1 THEN 1 ELSE 0 END AS kind, count(*), min(run_after)
    FROM ${later} GROUP BY 1, 2
  UNION ALL SELECT queue, 2, count(*), NULL FROM ${running} GROUP BY 1
  UNION ALL SELECT queue, status, count(*), NULL FROM ${finished} GROUP BY 1, 2`,
  );
}
