import type { Statement } from "../../sql/executor.ts";
import { statementOf } from "../../sql/statement-of.ts";
import type { TableNames } from "../../sql/table-names.ts";
import { addAttempt, appendTo, itemsOf } from "./fragments.ts";

const KEYS = { s: "number", k: "number" } as const;
const HELD = "r.seq = i.s AND r.lease_token = i.k";

/**
 * Writes down ends: the time, then items of row and lease, state `v`, output `o`, error `e`, and `n` where the handler was
 * not called. Only of rows that their leases hold, which it locks; gives how many.
 */
export function insertFinished({ running, finished }: TableNames): Statement {
  const items = itemsOf({ ...KEYS, v: "number", o: "text", e: "text", n: "number" });
  return statementOf(
    "finish",
    `INSERT INTO ${finished} (seq, queue, status, lease_token, finished_at, worker_id, attempted_at, progress, output, error)
  SELECT r.seq, r.queue, i.v, r.lease_token, ?, r.worker_id, CASE WHEN i.n = 1 THEN NULL ELSE r.attempted_at END,
    r.progress, i.o, i.e
  FROM ${items} STRAIGHT_JOIN ${running} r FORCE INDEX (PRIMARY) ON ${HELD} FOR UPDATE`,
  );
}

/** Locks the rows that leases hold: the items. Gives row, lease, and whether it is to be cancelled. */
export function lockHeld({ running }: TableNames): Statement {
  return statementOf(
    "lock_held",
    `SELECT r.seq, r.lease_token, r.cancel_requested FROM ${itemsOf(KEYS)} STRAIGHT_JOIN ${running} r FORCE INDEX (PRIMARY) ON ${HELD} FOR UPDATE`,
  );
}

/**
 * Notes attempts that go back to the line: items of row and lease, error `e`, time `a` and rank `r` where they change, `n`
 * where the handler was not called, and how many retries `v` and losses `l` it makes.
 */
export function noteBack({ task, running }: TableNames): Statement {
  const items = itemsOf({
    ...KEYS,
    v: "number",
    l: "number",
    e: "text",
    a: "number",
    r: "number",
    n: "number",
  });
  const attemptedAt = "CASE WHEN i.n = 1 THEN NULL ELSE r.attempted_at END";
  return statementOf(
    "note_back",
    `UPDATE ${items} STRAIGHT_JOIN ${running} r FORCE INDEX (PRIMARY) ON ${HELD} STRAIGHT_JOIN ${task} t FORCE INDEX (PRIMARY) ON t.seq = r.seq
  SET ${addAttempt("r.worker_id", attemptedAt, "r.progress")},
    t.errors = ${appendTo("t.errors", "i.e")},
    t.retries_used = t.retries_used + coalesce(i.v, 0), t.lost_attempts = t.lost_attempts + coalesce(i.l, 0),
    t.run_after = coalesce(i.a, t.run_after), t.\`rank\` = coalesce(i.r, t.\`rank\`)`,
  );
}

/** Counts the losses of what they ended: a JSON array of items of row `s`. */
export function countLosses({ task }: TableNames): Statement {
  return statementOf(
    "count_losses",
    `UPDATE ${itemsOf({ s: "number" })} STRAIGHT_JOIN ${task} t FORCE INDEX (PRIMARY) ON t.seq = i.s SET t.lost_attempts = t.lost_attempts + 1`,
  );
}

/** Takes away rows that leases hold: the items. Gives how many. */
export function removeRunning({ running }: TableNames): Statement {
  return statementOf(
    "end_attempts",
    `DELETE r FROM ${itemsOf(KEYS)} STRAIGHT_JOIN ${running} r FORCE INDEX (PRIMARY) ON ${HELD}`,
  );
}

/** Reads what ended attempts: the items. Gives row, lease, state and output. */
export function readEnds({ finished }: TableNames): Statement {
  return statementOf(
    "read_ends",
    `SELECT f.seq, f.lease_token, f.status, f.output FROM ${itemsOf(KEYS)}
  STRAIGHT_JOIN ${finished} f FORCE INDEX (PRIMARY) ON f.seq = i.s AND f.lease_token = i.k`,
  );
}

/** Reads the rows that leases hold, without locks: the items. Gives row, lease and cancel request. */
export function readHeld({ running }: TableNames): Statement {
  return statementOf(
    "read_held",
    `SELECT r.seq, r.lease_token, r.cancel_requested FROM ${itemsOf(KEYS)} STRAIGHT_JOIN ${running} r FORCE INDEX (PRIMARY) ON ${HELD}`,
  );
}

function update({ running }: TableNames, name: string, set: string, extra: object): Statement {
  const items = itemsOf({ ...KEYS, ...extra });
  return statementOf(
    name,
    `UPDATE ${items} STRAIGHT_JOIN ${running} r FORCE INDEX (PRIMARY) ON ${HELD} SET ${set}`,
  );
}

/** Moves the ends of leases: the items with the new ends `u`. */
export function renew(names: TableNames): Statement {
  return update(names, "renew", "r.lease_expires_at = i.u", { u: "number" });
}

/** Stores progress: the items with the progress `p`. */
export function progress(names: TableNames): Statement {
  return update(names, "progress", "r.progress = i.p", { p: "text" });
}

/** Makes the expiry of leases count: their handlers are called. */
export function begin(names: TableNames): Statement {
  return update(names, "begin", "r.lease_uncounted = 0", {});
}

/** Makes the expiry of leases count as nothing. */
export function letExpire(names: TableNames): Statement {
  return update(names, "let_expire", "r.lease_uncounted = 1", {});
}
