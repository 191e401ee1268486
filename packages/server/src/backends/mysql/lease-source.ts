import type { Lease, LeaseSource, ReleaseRequest } from "../../backend/index.ts";
import type { SqlRow, Statement } from "../sql/executor.ts";
import { keysOf } from "../sql/lease-items.ts";
import { STATE } from "../sql/task-state.ts";
import { claim } from "./claim.ts";
import type { MoveItem } from "./move.ts";
import type { StoreHandle } from "./opened-store.ts";
import { type Moved, moveAll, nameOf, onePerLease, settle } from "./settle.ts";
import { begin, letExpire, progress, readHeld, renew } from "./statements/attempts.ts";

/** Changes rows that leases hold; gives those that are held, with their cancel requests. */
async function change<Item extends { readonly lease: Lease }>(
  handle: StoreHandle,
  statement: Statement,
  items: readonly Item[],
  toJson: (item: Item) => object,
): Promise<ReadonlyMap<string, SqlRow>> {
  if (items.length === 0) return new Map();
  const sorted = onePerLease(items).map((item) => ({ ...toJson(item), ...keysOf(item.lease) }));
  sorted.sort((left, right) => left.s - right.s);
  const json = JSON.stringify(sorted);
  await handle.change(statement, [json]);
  // One that is swept between the two is told of as lost, which it is.
  const rows = await handle.rows(readHeld(handle.names), [json]);
  return new Map(rows.map((row) => [`${row[0]}.${row[1]}`, row]));
}

/** The lease facet on MariaDB and MySQL. */
export function mysqlLeaseSource(handle: StoreHandle): LeaseSource {
  const { names } = handle;
  const giveBack = async (items: ReleaseRequest["items"], now: number): Promise<Moved> => {
    const moves: readonly MoveItem[] = onePerLease(items).map(({ lease, started }) => ({
      ...keysOf(lease),
      v: 0,
      n: !started,
    }));
    if (moves.length === 0) return new Map();
    const settled = await handle.transaction((executor) => moveAll(executor, names, moves, now));
    return settled;
  };
  return {
    claim: (request) => claim(handle, request),

    begin: async ({ items }) => {
      const wrapped = items.map((lease) => ({ lease }));
      const rows = await change(handle, begin(names), wrapped, () => ({}));
      return items.map((lease) => (rows.has(nameOf(keysOf(lease))) ? "applied" : "lease-lost"));
    },

    renew: async ({ items, now }) => {
      const rows = await change(handle, renew(names), items, ({ duration }) => ({ u: now + duration }));
      return items.map(({ lease }) => {
        const row = rows.get(nameOf(keysOf(lease)));
        return row === undefined
          ? { outcome: "lease-lost" }
          : { outcome: "renewed", cancelRequested: Number(row[2]) === 1 };
      });
    },

    settle: async (request) => {
      const { outcomes, endedIds, hasReturned } = await handle.transaction((executor) =>
        settle(executor, names, request),
      );
      handle.wakeups.results(endedIds);
      if (hasReturned) handle.wakeups.ready();
      return outcomes;
    },

    release: async ({ items, now }) => {
      const atOnce = items.filter(({ when }) => when === "now");
      const onExpiry = items.filter(({ when }) => when === "on-expiry");
      const [back, kept] = await Promise.all([
        giveBack(atOnce, now),
        change(handle, letExpire(names), onExpiry, () => ({})),
      ]);
      if (back.size > 0) handle.wakeups.ready();
      const stateOf = (lease: Lease) => back.get(nameOf(keysOf(lease))) ?? STATE.READY;
      const ended = atOnce.filter(({ lease }) => stateOf(lease) > STATE.READY);
      handle.wakeups.results(ended.map(({ lease }) => lease.id));
      return items.map(({ lease, when }) =>
        (when === "now" ? back : kept).has(nameOf(keysOf(lease))) ? "applied" : "lease-lost",
      );
    },

    progress: async ({ items }) => {
      const rows = await change(handle, progress(names), items, (item) => ({ p: item.progress }));
      handle.wakeups.results(items.map(({ lease }) => lease.id));
      return items.map(({ lease }) => (rows.has(nameOf(keysOf(lease))) ? "applied" : "lease-lost"));
    },
  };
}
