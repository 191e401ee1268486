import type { Lease, Settlement, SettleOutcome, SettleRequest } from "../../backend/index.ts";
import type { SqlRow } from "./executor.ts";
import { heldRow } from "./lease-token.ts";
import { STATE, statusOf } from "./task-state.ts";

const LOST: SettleOutcome = { outcome: "lease-lost" };

/** What names the row and the lease of an item. */
export interface LeaseKeys {
  readonly s: number;
  readonly k: number;
}

/**
 * What becomes of a row: `v` 3 to 5 for an end with its output `o` and error `e`, 1 for a retry at `a` with rank `r` and
 * error `e`, 0 for going back to its old place. `n` is true when the handler was not called, which takes back the
 * attempt's number.
 */
export interface SettleItem extends LeaseKeys {
  readonly v: number;
  readonly o?: string | undefined;
  readonly e?: string | undefined;
  readonly a?: number;
  readonly r?: number;
  readonly n?: boolean;
}

/** Names the row and the lease of an item. */
export function keysOf(lease: Lease): LeaseKeys {
  const { seq, leaseNumber } = heldRow(lease);
  return { s: seq, k: leaseNumber };
}

/** A settlement as an element of the JSON array that the statements take; absent members are NULL. */
export function settleItem({ lease, settlement }: SettleRequest["items"][number]): SettleItem {
  const keys = keysOf(lease);
  switch (settlement.status) {
    case "SUCCESSFUL":
      return { ...keys, v: STATE.SUCCESSFUL, o: settlement.output ?? undefined };
    case "READY": {
      const { runAfter, rank, error } = settlement;
      return { ...keys, v: 1, a: runAfter, r: rank, e: JSON.stringify(error) };
    }
    case "FAILED": {
      const { error, started } = settlement;
      return { ...keys, v: STATE.FAILED, e: JSON.stringify(error), n: !started };
    }
    case "CANCELLED": {
      const { error } = settlement;
      return { ...keys, v: STATE.CANCELLED, e: error === null ? undefined : JSON.stringify(error) };
    }
  }
}

/** The answer to a settlement whose lease holds nothing: a repetition of the one that ended it (its row, lease, state and output) is answered like that. */
export function answerLate(settlement: Settlement, end: SqlRow | undefined): SettleOutcome {
  if (end === undefined || settlement.status === "READY" || statusOf(end[2]) !== settlement.status)
    return LOST;
  if (settlement.status === "SUCCESSFUL" && settlement.output !== end[3]) return LOST;
  return { outcome: "applied", status: settlement.status };
}
