import type {
  BeginOutcome,
  Lease,
  LeaseSource,
  ProgressOutcome,
  ReleaseOutcome,
  ReleaseRequest,
  RenewOutcome,
} from "../../backend/index.ts";
import { claim } from "./claim.ts";
import type { Connection } from "./connection.ts";
import { heldRow } from "./lease-token.ts";
import type { StoreHandle } from "./opened-store.ts";
import { STATE } from "./row-mapping.ts";
import { HELD, LET_GO, settleOne, takeBackAttempt } from "./settle.ts";

const RENEW = `UPDATE taskwright_task SET lease_expires_at = ? ${HELD} RETURNING cancel_requested`;
const PROGRESS = `UPDATE taskwright_task SET progress = ? ${HELD}`;
const LET_EXPIRE_UNCOUNTED = `UPDATE taskwright_task SET lease_uncounted = 1 ${HELD}`;
const BEGIN = `UPDATE taskwright_task SET lease_uncounted = 0 ${HELD}`;
const RELEASE = `UPDATE taskwright_task SET
    finished_at = CASE WHEN cancel_requested THEN ? ELSE NULL END,
    state = CASE WHEN cancel_requested THEN ${STATE.CANCELLED} WHEN run_after <= ? THEN ${STATE.due} ELSE ${STATE.later} END, ${LET_GO} ${HELD}`;

function renewOne(connection: Connection, lease: Lease, until: number): RenewOutcome {
  const { seq, id, leaseNumber } = heldRow(lease);
  const row = connection.prepare(RENEW).get(until, seq, id, leaseNumber) as
    | { cancel_requested: number }
    | undefined;
  return row === undefined
    ? { outcome: "lease-lost" }
    : { outcome: "renewed", cancelRequested: row.cancel_requested === 1 };
}

function releaseOne(
  connection: Connection,
  item: ReleaseRequest["items"][number],
  now: number,
): ReleaseOutcome {
  const row = heldRow(item.lease);
  const { seq, id, leaseNumber } = row;
  if (!item.started) takeBackAttempt(connection, row);
  const { changes } =
    item.when === "on-expiry"
      ? connection.prepare(LET_EXPIRE_UNCOUNTED).run(seq, id, leaseNumber)
      : connection.prepare(RELEASE).run(now, now, seq, id, leaseNumber);
  return changes > 0 ? "applied" : "lease-lost";
}

function beginOne(connection: Connection, lease: Lease): BeginOutcome {
  const { seq, id, leaseNumber } = heldRow(lease);
  return connection.prepare(BEGIN).run(seq, id, leaseNumber).changes > 0 ? "applied" : "lease-lost";
}

function progressOne(connection: Connection, lease: Lease, progress: string): ProgressOutcome {
  const { seq, id, leaseNumber } = heldRow(lease);
  return connection.prepare(PROGRESS).run(progress, seq, id, leaseNumber).changes > 0
    ? "applied"
    : "lease-lost";
}

/** The lease facet on SQLite. */
export function sqliteLeaseSource(handle: StoreHandle): LeaseSource {
  return {
    claim: (request) => claim(handle, request),

    begin: ({ items }) => handle.write((connection) => items.map((lease) => beginOne(connection, lease))),

    renew: ({ items, now }) =>
      handle.write((connection) =>
        items.map(({ lease, duration }) => renewOne(connection, lease, now + duration)),
      ),

    settle: async ({ items, now }) => {
      const outcomes = await handle.write((connection) =>
        items.map(({ lease, settlement }) => settleOne(connection, lease, { settlement, now })),
      );
      items.forEach(({ lease, settlement }) => {
        if (settlement.status !== "READY") handle.wakes.result(lease.id);
      });
      outcomes.forEach((outcome, index) => {
        if (outcome.outcome !== "applied" || items[index]?.settlement.status !== "READY") return;
        if (outcome.status === "READY") handle.wakes.ready();
        else handle.wakes.result(items[index].lease.id);
      });
      return outcomes;
    },

    release: async ({ items, now }) => {
      const outcomes = await handle.write((connection) =>
        items.map((item) => releaseOne(connection, item, now)),
      );
      handle.wakes.ready();
      for (const { lease } of items) handle.wakes.result(lease.id);
      return outcomes;
    },

    progress: async ({ items }) => {
      const outcomes = await handle.write((connection) =>
        items.map(({ lease, progress }) => progressOne(connection, lease, progress)),
      );
      for (const { lease } of items) handle.wakes.result(lease.id);
      return outcomes;
    },
  };
}
