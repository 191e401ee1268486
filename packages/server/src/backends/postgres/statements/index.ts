import type { Statement } from "../../sql/executor.ts";
import type { TableNames } from "../../sql/table-names.ts";
import { countByQueueCapped } from "./capped-counts.ts";
import {
  claimById,
  claimDue,
  claimDueNamed,
  promote,
  readEarly,
  readEarlyNamed,
  readLater,
  readLaterNamed,
} from "./claim.ts";
import { countByQueue } from "./counts.ts";
import {
  enqueueKeyed,
  enqueueKeyedInside,
  enqueuePlain,
  enqueuePlainInside,
  readHolders,
} from "./enqueue.ts";
import { begin, letExpire, progress, renew } from "./leases.ts";
import { announce, notify, notifyReady, notifyResults, withdraw } from "./listeners.ts";
import { countPurgeable, purge, purgeKeys, readBySeq, sweepExpired, sweepLost } from "./maintenance.ts";
import { readEnds, settle } from "./settle.ts";
import { cancel, readRecords, remove, requeue } from "./task-store.ts";

/** The names of the statements, which the files beside this one describe. */
type StatementName =
  | "enqueuePlain"
  | "enqueuePlainInside"
  | "enqueueKeyed"
  | "enqueueKeyedInside"
  | "readHolders"
  | "claimDue"
  | "claimDueNamed"
  | "claimById"
  | "readLater"
  | "readLaterNamed"
  | "promote"
  | "readEarly"
  | "readEarlyNamed"
  | "settle"
  | "renew"
  | "progress"
  | "letExpire"
  | "begin"
  | "announce"
  | "withdraw"
  | "notify"
  | "notifyReady"
  | "notifyResults"
  | "readEnds"
  | "readRecords"
  | "cancel"
  | "requeue"
  | "remove"
  | "readBySeq"
  | "sweepLost"
  | "sweepExpired"
  | "purge"
  | "countPurgeable"
  | "purgeKeys"
  | "countByQueue"
  | "countByQueueCapped";

/** The statements on tables of some names. */
export type Statements = Readonly<Record<StatementName, Statement>>;

const STATEMENTS: Readonly<Record<StatementName, (names: TableNames) => Statement>> = {
  enqueuePlain,
  enqueuePlainInside,
  enqueueKeyed,
  enqueueKeyedInside,
  readHolders,
  claimDue,
  claimDueNamed,
  claimById,
  readLater,
  readLaterNamed,
  promote,
  readEarly,
  readEarlyNamed,
  settle,
  renew,
  progress,
  letExpire,
  begin,
  announce,
  withdraw,
  notify,
  notifyReady,
  notifyResults,
  readEnds,
  readRecords,
  cancel,
  requeue,
  remove,
  readBySeq,
  sweepLost,
  sweepExpired,
  purge,
  countPurgeable,
  purgeKeys,
  countByQueue,
  countByQueueCapped,
};

/** Makes the statements for tables of these names. */
export function statementsOn(names: TableNames): Statements {
  const made = Object.entries(STATEMENTS).map(([name, make]) => [name, make(names)]);
  return Object.fromEntries(made) as Statements;
}
