import type { Lease, Settlement, SettleOutcome } from "../../backend/index.ts";
import type { Connection } from "./connection.ts";
import { type HeldRow, heldRow } from "./lease-token.ts";
import { STATE, statusOf } from "./row-mapping.ts";

/** Finds a row only while this lease holds it; parameters: seq, id, lease number. */
export const HELD: string = `WHERE seq = ? AND id = ? AND lease_token = ? AND state = ${STATE.running}`;
/** What every row loses when its lease ends. */
export const LET_GO = "lease_token = NULL, lease_expires_at = NULL, cancel_requested = 0";
/** The same of one that its attempt ends: the token tells a repetition from a stranger. */
const END = "lease_expires_at = NULL, cancel_requested = 0";
function addTo(column: string): string {
  return `${column} = CASE WHEN ${column} IS NULL THEN '[' || ? || ']' ELSE substr(${column}, 1, length(${column}) - 1) || ',' || ? || ']' END`;
}

/** Adds an entry to the errors, an array kept as JSON text; parameters: the entry as JSON, twice. */
export const ADD_ERROR: string = addTo("errors");
/** Adds an entry to the worker ids, likewise. */
export const ADD_WORKER_ID: string = addTo("worker_ids");

const SUCCEED = `UPDATE taskwright_task SET state = ${STATE.SUCCESSFUL}, output = ?, finished_at = ?, ${END} ${HELD}`;
const FAIL = `UPDATE taskwright_task SET ${ADD_ERROR}, state = ${STATE.FAILED}, finished_at = ?, ${END} ${HELD}`;
const CANCEL = `UPDATE taskwright_task SET state = ${STATE.CANCELLED}, finished_at = ?, ${END} ${HELD}`;
const NOTE_ERROR = `UPDATE taskwright_task SET ${ADD_ERROR} ${HELD}`;
const RETRY = `UPDATE taskwright_task SET ${ADD_ERROR}, run_after = ?, rank = ?,
    retries_used = retries_used + (cancel_requested = 0),
    finished_at = CASE WHEN cancel_requested THEN ? ELSE NULL END,
    state = CASE WHEN cancel_requested THEN ${STATE.CANCELLED} WHEN ? THEN ${STATE.due} ELSE ${STATE.later} END, ${END}
  ${HELD} RETURNING state`;

const WORKER_IDS = `SELECT worker_ids FROM taskwright_task ${HELD}`;
const TAKE_BACK = `UPDATE taskwright_task SET attempts = attempts - 1, worker_ids = ?,
    started_at = CASE WHEN attempts = 1 THEN NULL ELSE started_at END,
    last_attempted_at = previous_attempted_at ${HELD}`;

const ENDED = "SELECT state, output FROM taskwright_task WHERE seq = ? AND id = ? AND lease_token = ?";

const LOST: SettleOutcome = { outcome: "lease-lost" };
const SUCCESSFUL: SettleOutcome = { outcome: "applied", status: "SUCCESSFUL" };
const FAILED: SettleOutcome = { outcome: "applied", status: "FAILED" };
const CANCELLED: SettleOutcome = { outcome: "applied", status: "CANCELLED" };

/** Takes back the number of an attempt whose handler was never called. */
export function takeBackAttempt(connection: Connection, { seq, id, leaseNumber }: HeldRow): void {
  const row = connection.prepare(WORKER_IDS).get(seq, id, leaseNumber) as { worker_ids: string } | undefined;
  if (row === undefined) return;
  const workerIds = (JSON.parse(row.worker_ids) as string[]).slice(0, -1);
  const remaining = workerIds.length === 0 ? null : JSON.stringify(workerIds);
  connection.prepare(TAKE_BACK).run(remaining, seq, id, leaseNumber);
}

/** The answer to a settlement whose lease holds nothing: a repetition of the one that ended it is answered like that. */
function answerLate(
  connection: Connection,
  { seq, id, leaseNumber }: HeldRow,
  settlement: Settlement,
): SettleOutcome {
  const row = connection.prepare(ENDED).get(seq, id, leaseNumber) as
    | { state: number; output: string | null }
    | undefined;
  if (row === undefined || statusOf(row.state) !== settlement.status) return LOST;
  if (
    settlement.status === "READY" ||
    (settlement.status === "SUCCESSFUL" && settlement.output !== row.output)
  )
    return LOST;
  return { outcome: "applied", status: settlement.status };
}

/** Ends one attempt, if its lease still holds. */
export function settleOne(
  connection: Connection,
  lease: Lease,
  end: { settlement: Settlement; now: number },
): SettleOutcome {
  const outcome = settleHeld(connection, lease, end);
  return outcome.outcome === "applied" ? outcome : answerLate(connection, heldRow(lease), end.settlement);
}

function settleHeld(
  connection: Connection,
  lease: Lease,
  end: { settlement: Settlement; now: number },
): SettleOutcome {
  const { settlement, now } = end;
  const row = heldRow(lease);
  const { seq, id, leaseNumber } = row;
  switch (settlement.status) {
    case "SUCCESSFUL": {
      const { changes } = connection.prepare(SUCCEED).run(settlement.output, now, seq, id, leaseNumber);
      return changes > 0 ? SUCCESSFUL : LOST;
    }
    case "READY": {
      const { runAfter, rank } = settlement;
      const error = JSON.stringify(settlement.error);
      const isDue = runAfter <= now ? 1 : 0;
      const retried = connection
        .prepare(RETRY)
        .get(error, error, runAfter, rank, now, isDue, seq, id, leaseNumber);
      return retried === undefined
        ? LOST
        : { outcome: "applied", status: statusOf((retried as { state: number }).state) };
    }
    case "FAILED": {
      if (!settlement.started) takeBackAttempt(connection, row);
      const error = JSON.stringify(settlement.error);
      const { changes } = connection.prepare(FAIL).run(error, error, now, seq, id, leaseNumber);
      return changes > 0 ? FAILED : LOST;
    }
    case "CANCELLED": {
      if (settlement.error !== null) {
        const error = JSON.stringify(settlement.error);
        connection.prepare(NOTE_ERROR).run(error, error, seq, id, leaseNumber);
      }
      const { changes } = connection.prepare(CANCEL).run(now, seq, id, leaseNumber);
      return changes > 0 ? CANCELLED : LOST;
    }
  }
}
