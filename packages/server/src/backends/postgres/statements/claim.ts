import type { Statement } from "../../sql/executor.ts";
import { CLAIMED_COLUMNS } from "../../sql/row-mapping.ts";
import { statementOf } from "../../sql/statement-of.ts";
import type { TableNames } from "../../sql/table-names.ts";
import { isAnyNumber, isAt } from "./fragments.ts";

/** Which queues a worker claims from. */
type Queues = "all" | "named";

/**
 * A CTE `lane` of the queues and paths that a table of the line holds, found by one look at the index for each: of all
 * queues, or of those in the JSON array of a parameter.
 */
function lanesOf(table: string, queues: Queues, names: string): string {
  if (queues === "all") {
    return `lane (queue, path) AS (
    (SELECT queue, path FROM ${table} ORDER BY queue, path LIMIT 1)
    UNION ALL
    SELECT next.queue, next.path FROM lane CROSS JOIN LATERAL (
      SELECT queue, path FROM ${table} WHERE (queue, path) > (lane.queue, lane.path) ORDER BY queue, path LIMIT 1) next)`;
  }
  return `lane (queue, path) AS (
    (SELECT named.queue, first.path
    FROM (SELECT DISTINCT queue COLLATE "C" AS queue FROM json_array_elements_text(${names}::json) AS queue(queue)) named
    CROSS JOIN LATERAL (SELECT path FROM ${table} WHERE queue = named.queue ORDER BY path LIMIT 1) first)
    UNION ALL
    SELECT lane.queue, next.path FROM lane CROSS JOIN LATERAL (
      SELECT path FROM ${table} WHERE queue = lane.queue AND path > lane.path ORDER BY path LIMIT 1) next)`;
}

/**
 * A CTE of the lanes with tasks of a worker: the tasks as JSON.
 *
 * The planner takes their number to be small: by its own estimate, of hundreds of thousands, it would compile each claim to
 * machine code for half a second.
 */
const MINE = `mine AS MATERIALIZED (
    SELECT queue, path FROM lane WHERE path IN (SELECT path FROM json_to_recordset($1::json) AS lease(path text))
      AND ${isAnyNumber("length(path)")})`;

/** So many lanes are read as far as each claim may need; of more, only as far as it can need with what the others have. */
const FEW_LANES = 8;

/**
 * A CTE `head` of tasks (queue, path, rank, seq) among which are the first of all lanes of `mine`, as many as a claim
 * takes.
 *
 * Each of a few lanes is read as far as the whole claim may reach. Of more lanes each is asked for the rank of its k-th
 * task; once enough have theirs by some rank, k times so many tasks stand up to it, and no lane is read beyond.
 *
 * The limit is a subquery so that the planner does not know it: where it has no statistics it takes a lane to hold less
 * than the limit, and would read and sort all of it.
 */
function headOf(due: string): string {
  const inLane = `FROM ${due} d WHERE d.queue = mine.queue AND d.path = mine.path AND d.run_after <= $5`;
  return `depth AS MATERIALIZED (SELECT count(*) AS lanes, 2 * $6 / greatest(count(*), 1) AS k_less_one FROM mine),
  mark AS MATERIALIZED (SELECT kth.rank FROM mine CROSS JOIN LATERAL (
      SELECT rank ${inLane} ORDER BY rank, seq OFFSET (SELECT k_less_one FROM depth) LIMIT 1) kth),
  bound AS MATERIALIZED (SELECT CASE WHEN lanes > ${FEW_LANES} THEN (
      SELECT rank FROM mark ORDER BY rank OFFSET (SELECT $6 / (k_less_one + 1) FROM depth) LIMIT 1) END AS rank FROM depth),
  head AS (
    SELECT mine.queue, mine.path, first.rank, first.seq FROM mine CROSS JOIN LATERAL (
      SELECT rank, seq ${inLane} ORDER BY rank, seq LIMIT (SELECT $6)) first
    WHERE (SELECT rank FROM bound) IS NULL
    UNION ALL
    SELECT mine.queue, mine.path, first.rank, first.seq FROM mine CROSS JOIN LATERAL (
      SELECT rank, seq ${inLane} AND d.rank <= (SELECT rank FROM bound) ORDER BY rank, seq LIMIT (SELECT $6)) first
    WHERE (SELECT rank FROM bound) IS NOT NULL)`;
}

/** What happens to the rows of `picked` (seq, queue, path): parameters as {@link claimDueOf} says. */
function take({ task, running }: TableNames): string {
  return `lease AS MATERIALIZED (SELECT * FROM json_to_recordset($1::json) AS lease(path text, ms bigint)),
  taken AS MATERIALIZED (
    SELECT ${CLAIMED_COLUMNS}, picked.rank AS line_rank FROM picked
    CROSS JOIN LATERAL (SELECT * FROM ${task} WHERE seq = picked.seq LIMIT 1) t),
  run AS (
    INSERT INTO ${running} (seq, queue, lease_token, lease_expires_at, lease_uncounted, worker_id, attempted_at)
    SELECT taken.seq, taken.queue, $3, $5::bigint + lease.ms, taken.lost_attempts > 0, $4, $5
    FROM taken JOIN lease ON lease.path = taken.path)
  SELECT json_agg(json_build_array(${CLAIMED_COLUMNS}) ORDER BY t.line_rank, t.seq)::text FROM taken t`;
}

/**
 * Claims what is due: the tasks with their leases and the queues as JSON, the lease's number, the worker,
 * the time and the limit.
 *
 * First it finds without locks how many of each lane are among the first, then takes as many of each lane, passing over
 * what others are taking at this moment.
 */
function claimDueOf(names: TableNames, queues: Queues): Statement {
  const { due } = names;
  return statementOf(
    "claim",
    // Of all queues, the parameter of the queues is there only to be null.
    `WITH RECURSIVE ${lanesOf(due, queues, "$2")},
  ${queues === "all" ? MINE.replace("FROM lane WHERE", "FROM lane WHERE $2::json IS NULL AND") : MINE},
  ${headOf(due)},
  share AS MATERIALIZED (SELECT queue, path, count(*) AS size FROM (
      SELECT queue, path FROM head ORDER BY rank, seq LIMIT $6) first
    GROUP BY queue, path),
  picked AS MATERIALIZED (SELECT head.* FROM (SELECT * FROM share WHERE ${isAnyNumber("size")}) share CROSS JOIN LATERAL (
      SELECT d.ctid AS place, d.seq, d.rank, d.queue, d.path FROM ${due} d
      WHERE d.queue = share.queue AND d.path = share.path AND d.run_after <= $5
      ORDER BY rank, seq LIMIT share.size FOR UPDATE SKIP LOCKED) head),
  gone AS (DELETE FROM ${due} d USING picked WHERE ${isAt("d", "picked")}),
  ${take(names)}`,
  );
}

/** {@link claimDueOf} all queues; the parameter of the queues is null. */
export function claimDue(names: TableNames): Statement {
  return claimDueOf(names, "all");
}

/** {@link claimDueOf} named queues. */
export function claimDueNamed(names: TableNames): Statement {
  return claimDueOf(names, "named");
}

/** Claims one by its id, due or not: as {@link claimDueOf}, with the id in the place of the limit. */
export function claimById(names: TableNames): Statement {
  const { task, due, later } = names;
  const mine = `WHERE t.id = $6 AND t.path IN (SELECT path FROM json_to_recordset($1::json) AS lease(path text))
      AND ($2::json IS NULL OR t.queue IN (SELECT json_array_elements_text($2::json)))`;
  return statementOf(
    "claim_by_id",
    `WITH wanted AS MATERIALIZED (SELECT seq, queue, path, rank, run_after FROM ${task} t ${mine}),
  from_due AS (DELETE FROM ${due} d USING wanted w
    WHERE d.queue = w.queue AND d.path = w.path AND d.rank = w.rank AND d.seq = w.seq
    RETURNING d.seq, d.rank, d.queue, d.path),
  from_later AS (DELETE FROM ${later} l USING wanted w
    WHERE l.queue = w.queue AND l.path = w.path AND l.run_after = w.run_after AND l.seq = w.seq
    RETURNING l.seq, l.rank, l.queue, l.path),
  picked AS MATERIALIZED (SELECT * FROM from_due UNION ALL SELECT * FROM from_later),
  ${take(names)}`,
  );
}

function readLaterOf({ later }: TableNames, queues: Queues): Statement {
  return statementOf(
    "read_later",
    `WITH RECURSIVE ${lanesOf(later, queues, "$1")}
  SELECT lane.queue, lane.path, (
    SELECT l.run_after FROM ${later} l WHERE l.queue = lane.queue AND l.path = lane.path ORDER BY run_after LIMIT 1)
  FROM lane`,
  );
}

/** Reads the earliest time of each lane of what is for later: queue, path, time. */
export function readLater(names: TableNames): Statement {
  return readLaterOf(names, "all");
}

/** As {@link readLater}, of the queues in a JSON array. */
export function readLaterNamed(names: TableNames): Statement {
  return readLaterOf(names, "named");
}

/** Puts what has become due into the line: a JSON array of lanes (queue, path), the time, and how many of each lane. */
export function promote({ due, later }: TableNames): Statement {
  return statementOf(
    "promote",
    `WITH picked AS MATERIALIZED (
    SELECT head.* FROM json_to_recordset($1::json) AS lane(queue text, path text) CROSS JOIN LATERAL (
      SELECT l.ctid AS place, l.seq FROM ${later} l WHERE l.queue = lane.queue AND l.path = lane.path AND l.run_after <= $2
      ORDER BY run_after LIMIT $3 FOR UPDATE SKIP LOCKED) head),
  gone AS (DELETE FROM ${later} l USING picked WHERE ${isAt("l", "picked")}
    RETURNING l.queue, l.path, l.rank, l.seq, l.run_after, l.expires_at)
  INSERT INTO ${due} (queue, path, rank, seq, run_after, expires_at)
  SELECT queue, path, rank, seq, run_after, expires_at FROM gone`,
  );
}

function readEarlyOf({ due }: TableNames, queues: Queues): Statement {
  return statementOf(
    "read_early",
    `WITH RECURSIVE ${lanesOf(due, queues, "$3")},
  ${MINE}
  SELECT mine.queue, mine.path, (
    SELECT min(d.run_after) FROM ${due} d WHERE d.queue = mine.queue AND d.path = mine.path AND d.run_after > $2)
  FROM mine`,
  );
}

/**
 * Reads the earliest time after now of what is in line early, brought there by a process whose clock is ahead: the tasks
 * as JSON, and the time. Only for lanes whose due ones have all been claimed, as it looks at all of a lane.
 */
export function readEarly(names: TableNames): Statement {
  return readEarlyOf(names, "all");
}

/** As {@link readEarly}, of the queues in a JSON array. */
export function readEarlyNamed(names: TableNames): Statement {
  return readEarlyOf(names, "named");
}
