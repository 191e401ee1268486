import type { Statement } from "../../sql/executor.ts";
import { CLAIMED_COLUMNS } from "../../sql/row-mapping.ts";
import { statementOf } from "../../sql/statement-of.ts";
import type { TableNames } from "../../sql/table-names.ts";
import { elementsOf, isSamePlace, itemsOf, type Line, PLACE } from "./fragments.ts";

const NO_LANES = "SELECT 0 AS lane, 0 AS `rank`, 0 AS seq FROM dual WHERE 1 = 0";

/**
 * Reads the least rank of what is in line of each lane, and the earliest time of what is for later, by one look at an
 * index for each; null where there is none: of all queues, or of as many named ones as there are parameters.
 */
export function readLanes({ lane, due, later }: TableNames, queueCount: number | "all"): Statement {
  const marks = queueCount === "all" ? "" : Array<string>(queueCount).fill("?").join(", ");
  const where =
    queueCount === "all" ? "" : queueCount === 0 ? "WHERE 1 = 0" : `WHERE lane.queue IN (${marks})`;
  const first = (table: string, order: string) =>
    `(SELECT l.${order} FROM ${table} l WHERE l.queue = lane.queue AND l.path = lane.path ORDER BY l.${order}, l.seq LIMIT 1)`;
  return statementOf(
    "read_lanes",
    `SELECT CONVERT(lane.queue USING utf8mb4) AS queue, CONVERT(lane.path USING utf8mb4) AS path,
    ${first(due, "`rank`")} AS head, ${first(later, "run_after")} AS next
  FROM ${lane} lane ${where}`,
  );
}

/** One after another of the lanes that the parameters name: queue, path and time of each. */
function ofLanes(limits: readonly number[], select: (index: number, limit: number) => string): string {
  if (limits.length === 0) return NO_LANES;
  return limits.map((limit, index) => `(${select(index, limit)})`).join(" UNION ALL ");
}

/** Reads what is first of some lanes together, without locks: queue, path and time of each lane. Gives lane, rank and row. */
export function readHeads({ due }: TableNames, laneCount: number, limit: number): Statement {
  const head = (index: number) =>
    `SELECT ${index} AS lane, \`rank\`, seq FROM ${due} FORCE INDEX (PRIMARY) WHERE queue = ? AND path = ? AND run_after <= ?
      ORDER BY \`rank\`, seq LIMIT ${limit}`;
  return statementOf(
    "read_heads",
    `SELECT lane, \`rank\`, seq FROM (${ofLanes(Array<number>(laneCount).fill(limit), head)}) head
  ORDER BY \`rank\`, seq LIMIT ${limit}`,
  );
}

/**
 * Locks the first of each lane, as many as given, passing over what others are taking at this moment: queue, path and
 * time of each lane. Gives the columns of a claim and the rank in line.
 */
export function lockHeads({ due, task }: TableNames, limits: readonly number[]): Statement {
  const head = (_: number, limit: number) =>
    `SELECT \`rank\`, seq FROM ${due} FORCE INDEX (PRIMARY) WHERE queue = ? AND path = ? AND run_after <= ?
      ORDER BY \`rank\`, seq LIMIT ${limit} FOR UPDATE SKIP LOCKED`;
  return statementOf(
    "lock_heads",
    `SELECT ${CLAIMED_COLUMNS}, head.\`rank\` AS line_rank
  FROM (${ofLanes(limits, head)}) head STRAIGHT_JOIN ${task} t FORCE INDEX (PRIMARY) ON t.seq = head.seq`,
  );
}

/** Locks what has become due, as many as given of each lane: queue, path and time of each. Gives the columns of the line. */
export function lockLater({ later }: TableNames, laneCount: number, limit: number): Statement {
  const head = () =>
    `SELECT CONVERT(queue USING utf8mb4) AS queue, CONVERT(path USING utf8mb4) AS path, \`rank\`, seq, run_after, expires_at
      FROM ${later} FORCE INDEX (PRIMARY) WHERE queue = ? AND path = ? AND run_after <= ?
      ORDER BY run_after LIMIT ${limit} FOR UPDATE SKIP LOCKED`;
  return statementOf("lock_later", ofLanes(Array<number>(laneCount).fill(limit), head));
}

/** Puts rows into the line as they are: the items. */
export function insertDue({ due }: TableNames): Statement {
  const items = itemsOf({ ...PLACE, expires_at: "number" });
  return statementOf(
    "insert_due",
    `INSERT INTO ${due} (queue, path, \`rank\`, seq, run_after, expires_at)
  SELECT i.queue, i.path, i.\`rank\`, i.seq, i.run_after, i.expires_at FROM ${items}`,
  );
}

/** Takes rows out of the line: items with their whole keys. */
export function takeOut(names: TableNames, line: Line): Statement {
  return statementOf(
    `out_of_${line}`,
    `DELETE l FROM ${itemsOf(PLACE)} STRAIGHT_JOIN ${names[line]} l FORCE INDEX (PRIMARY) ON ${isSamePlace(line, "l")}`,
  );
}

/** Begins attempts: lease number, worker and time, then items of row, queue, end of the lease and whether it counts for nothing. */
export function insertRunning({ running }: TableNames): Statement {
  const items = itemsOf({ s: "number", q: "queue", u: "number", x: "number" });
  return statementOf(
    "begin_attempts",
    `INSERT INTO ${running} (seq, queue, lease_token, lease_expires_at, lease_uncounted, worker_id, attempted_at)
  SELECT i.s, i.q, ?, i.u, i.x, ?, ? FROM ${items}`,
  );
}

/** Reads what a claim needs of task results by their ids, and their places in line: a JSON array of ids. */
export function readClaimable({ task }: TableNames): Statement {
  return statementOf(
    "read_claimable",
    `SELECT ${CLAIMED_COLUMNS}, t.\`rank\` AS line_rank FROM ${elementsOf("id")} STRAIGHT_JOIN ${task} t FORCE INDEX (task_id) ON t.id = i.value`,
  );
}

/**
 * Reads the earliest time after now of what is in line early, brought there by a process whose clock is ahead: the time,
 * and queue and path of each lane. Only for lanes whose due ones have all been claimed, as it looks at all of a lane.
 */
export function readEarly({ due }: TableNames, laneCount: number): Statement {
  const lanes = Array<string>(laneCount).fill("(queue = ? AND path = ?)").join(" OR ");
  return statementOf(
    "read_early",
    `SELECT min(run_after) AS first FROM ${due} WHERE run_after > ? AND (${lanes})`,
  );
}
