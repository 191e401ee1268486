import type { Statement } from "../../sql/executor.ts";
import { statementOf } from "../../sql/statement-of.ts";
import type { TableNames } from "../../sql/table-names.ts";
import { elementsOf, itemsOf, type Line } from "./fragments.ts";

/** Reads whose lease is over, without locks: the time and the limit. */
export function readLost({ running }: TableNames): Statement {
  return statementOf(
    "sweep_lost",
    `SELECT seq FROM ${running} WHERE lease_expires_at <= ? ORDER BY lease_expires_at LIMIT ?`,
  );
}

/** Reads, without locks, whether there is anything to sweep: the time, thrice. Gives what is not null for lost ones, and for each line. */
export function readOverdue({ running, due, later }: TableNames): Statement {
  const expired = (table: string, line: Line) =>
    `(SELECT seq FROM ${table} FORCE INDEX (${line}_expiry) WHERE expires_at <= ? LIMIT 1)`;
  return statementOf(
    "read_overdue",
    `SELECT (SELECT seq FROM ${running} WHERE lease_expires_at <= ? LIMIT 1) AS lost,
    ${expired(due, "due")} AS in_due, ${expired(later, "later")} AS in_later`,
  );
}

/** Locks those whose lease is over, passing over what others hold: a JSON array of rows, the time and the limit. Gives what is known of their attempts. */
export function lockLost({ running, task }: TableNames): Statement {
  return statementOf(
    "lock_lost",
    // Not in a subquery, which may be merged into the rest and then locks nothing.
    `SELECT r.seq, r.lease_token, r.lease_uncounted, r.cancel_requested, r.worker_id, r.attempted_at,
    t.attempts, t.lost_attempts
  FROM ${elementsOf("number")} STRAIGHT_JOIN ${running} r FORCE INDEX (PRIMARY) ON r.seq = i.value STRAIGHT_JOIN ${task} t FORCE INDEX (PRIMARY) ON t.seq = r.seq
  WHERE r.lease_expires_at <= ? LIMIT ? FOR UPDATE SKIP LOCKED`,
  );
}

/**
 * Locks what was not started in time: the time and the limit. Gives places in line.
 *
 * Read in another order than that of the index it would lock more than it takes, as others do who limit what they lock.
 */
export function lockExpired(names: TableNames, line: Line): Statement {
  return statementOf(
    "sweep_expired",
    `SELECT CONVERT(queue USING utf8mb4) AS queue, CONVERT(path USING utf8mb4) AS path, \`rank\`, seq, run_after
  FROM ${names[line]} FORCE INDEX (${line}_expiry) WHERE expires_at <= ? ORDER BY expires_at LIMIT ? FOR UPDATE SKIP LOCKED`,
  );
}

/** Writes down ends of what was in line: the time, then items of row, queue and error. */
export function insertExpired({ finished }: TableNames): Statement {
  return statementOf(
    "finish_expired",
    `INSERT INTO ${finished} (seq, queue, status, finished_at, error)
  SELECT i.s, i.q, 4, ?, i.e FROM ${itemsOf({ s: "number", q: "queue", e: "text" })}`,
  );
}

/** What finished longest ago of each state: for each the state, the latest end and the limit; then the limit. */
function oldest(finished: string, stateCount: number, lock: string): string {
  const part = `(SELECT seq, status, finished_at FROM ${finished} FORCE INDEX (finished_status) WHERE status = ? AND finished_at <= ?
      ORDER BY finished_at LIMIT ?${lock})`;
  return `SELECT seq, status, finished_at FROM (${Array<string>(stateCount).fill(part).join(" UNION ALL ")}) ended
    ORDER BY finished_at, seq LIMIT ?`;
}

/** Locks what {@link oldest} finds, passing over what others hold. Gives row, id, deduplication key and state. */
export function lockOldest({ finished, task }: TableNames, stateCount: number): Statement {
  return statementOf(
    "purge",
    `SELECT ended.seq, t.id, t.deduplication_key, ended.status
  FROM (${oldest(finished, stateCount, " FOR UPDATE SKIP LOCKED")}) ended STRAIGHT_JOIN ${task} t FORCE INDEX (PRIMARY) ON t.seq = ended.seq`,
  );
}

/** Counts what {@link oldest} finds. */
export function countOldest({ finished }: TableNames, stateCount: number): Statement {
  return statementOf(
    "count_purgeable",
    `SELECT count(*) AS n FROM (${oldest(finished, stateCount, "")}) ended`,
  );
}

/** Removes deduplication keys whose window is over: the time and the limit. Gives how many. */
export function purgeKeys({ deduplication }: TableNames): Statement {
  return statementOf("purge_keys", `DELETE FROM ${deduplication} WHERE until <= ? ORDER BY until LIMIT ?`);
}

/**
 * Counts by queue as of two equal times: queue, kind (0 later, 1 due, 2 to 5 the states), how many, and of due ones the
 * earliest time. Those in line early, brought there by a process whose clock is ahead, count as later.
 */
export function countByQueue({ due, later, running, finished }: TableNames): Statement {
  const waiting = (table: string) =>
    `SELECT queue, run_after <= ? AS kind, count(*) AS size, min(run_after) AS first FROM ${table} GROUP BY queue, kind`;
  return statementOf(
    "count",
    `SELECT CONVERT(counted.queue USING utf8mb4) AS queue, kind, size, first FROM (
    ${waiting(due)}
    UNION ALL ${waiting(later)}
    UNION ALL SELECT queue, 2, count(*), NULL FROM ${running} GROUP BY queue
    UNION ALL SELECT queue, status, count(*), NULL FROM ${finished} GROUP BY queue, status) counted`,
  );
}

const CLOCK = "TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', UTC_TIMESTAMP(6)) DIV 1000";

/** Reads the server's clock; in UTC, as an hour of local time may come twice. */
export const READ_TIME: Statement = statementOf("time", `SELECT ${CLOCK} AS now`);
