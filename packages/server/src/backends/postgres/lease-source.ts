import type { Lease, LeaseSource, ReleaseRequest } from "../../backend/index.ts";
import type { SqlRow, Statement } from "../sql/executor.ts";
import { answerLate, keysOf, settleItem } from "../sql/lease-items.ts";
import { heldRow } from "../sql/lease-token.ts";
import { statusOf } from "../sql/task-state.ts";
import { claim } from "./claim.ts";
import type { StoreHandle } from "./opened-store.ts";

/** Runs a statement on items, each lease once, and gives the row of each whose lease still holds: row number and lease first. */
async function each<Item extends { readonly lease: Lease }>(
  handle: StoreHandle,
  statement: Statement,
  request: {
    readonly items: readonly Item[];
    readonly toJson: (item: Item) => object;
    readonly values?: readonly number[];
  },
): Promise<Map<string, SqlRow>> {
  const { items, toJson, values = [] } = request;
  if (items.length === 0) return new Map();
  const byToken = new Map([...items].reverse().map((item) => [item.lease.token, item]));
  const rows = await handle.rows(statement, [JSON.stringify([...byToken.values()].map(toJson)), ...values]);
  const byKey = new Map(rows.map((row) => [`${row[0]}.${row[1]}`, row]));
  const held = new Map<string, SqlRow>();
  for (const [token, { lease }] of byToken) {
    const { seq, leaseNumber } = heldRow(lease);
    const row = byKey.get(`${seq}.${leaseNumber}`);
    if (row !== undefined) held.set(token, row);
  }
  return held;
}

/** The lease facet on PostgreSQL. */
export function postgresLeaseSource(handle: StoreHandle): LeaseSource {
  const { statements } = handle;
  const noteLater = (now: number, times: readonly number[]) => {
    for (const time of times) if (time > now) handle.later.note(time);
  };
  const giveBack = async (items: ReleaseRequest["items"], now: number) => {
    const rows = await each(handle, statements.settle, {
      items,
      toJson: ({ lease, started }) => ({ ...keysOf(lease), v: 0, n: !started }),
      values: [now],
    });
    if (rows.size > 0) handle.later.forget();
    return rows;
  };
  return {
    claim: (request) => claim(handle, request),

    begin: async ({ items }) => {
      const wrapped = items.map((lease) => ({ lease }));
      const rows = await each(handle, statements.begin, {
        items: wrapped,
        toJson: ({ lease }) => keysOf(lease),
      });
      return items.map(({ token }) => (rows.has(token) ? "applied" : "lease-lost"));
    },

    renew: async ({ items, now }) => {
      const toJson = ({ lease, duration }: (typeof items)[number]) => ({
        ...keysOf(lease),
        u: now + duration,
      });
      const rows = await each(handle, statements.renew, { items, toJson });
      return items.map(({ lease }) => {
        const row = rows.get(lease.token);
        return row === undefined
          ? { outcome: "lease-lost" }
          : { outcome: "renewed", cancelRequested: row[2] === true };
      });
    },

    settle: async ({ items, now }) => {
      const rows = await each(handle, statements.settle, { items, toJson: settleItem, values: [now] });
      noteLater(
        now,
        items.flatMap(({ settlement }) => (settlement.status === "READY" ? [settlement.runAfter] : [])),
      );
      const isAwaited = [...rows.values()][0]?.[3] === true;
      const ended = items.filter(({ lease }) => Number(rows.get(lease.token)?.[2] ?? 1) > 1);
      handle.wakeups.results(
        ended.map(({ lease }) => lease.id),
        isAwaited,
      );
      if (ended.length < rows.size) handle.wakeups.readyEverywhere();
      const late = items.filter(
        ({ lease, settlement }) => !rows.has(lease.token) && settlement.status !== "READY",
      );
      const ends = await each(handle, statements.readEnds, {
        items: late,
        toJson: ({ lease }) => keysOf(lease),
      });
      return items.map(({ lease, settlement }) => {
        const row = rows.get(lease.token);
        if (row === undefined) return answerLate(settlement, ends.get(lease.token));
        // The rest of the batch that names it comes too late.
        rows.delete(lease.token);
        return { outcome: "applied", status: statusOf(row[2]) };
      });
    },

    release: async ({ items, now }) => {
      const atOnce = items.filter(({ when }) => when === "now");
      const onExpiry = items.filter(({ when }) => when === "on-expiry");
      const [back, kept] = await Promise.all([
        giveBack(atOnce, now),
        each(handle, statements.letExpire, {
          items: onExpiry,
          toJson: ({ lease }) => keysOf(lease),
        }),
      ]);
      if (back.size > 0) handle.wakeups.readyEverywhere();
      handle.wakeups.results(
        atOnce
          .filter(({ lease }) => Number(back.get(lease.token)?.[2] ?? 1) > 1)
          .map(({ lease }) => lease.id),
        "unknown",
      );
      return items.map(({ lease, when }) =>
        (when === "now" ? back : kept).has(lease.token) ? "applied" : "lease-lost",
      );
    },

    progress: async ({ items }) => {
      const toJson = ({ lease, progress }: (typeof items)[number]) => ({ ...keysOf(lease), p: progress });
      const rows = await each(handle, statements.progress, { items, toJson });
      handle.wakeups.results(
        items.map(({ lease }) => lease.id),
        "unknown",
      );
      return items.map(({ lease }) => (rows.has(lease.token) ? "applied" : "lease-lost"));
    },
  };
}
