import type { Lease, LeaseSource, ReleaseRequest } from "../../backend/index.ts";
import type { CountingExecutor, SqlRow, Statement } from "../sql/executor.ts";
import { answerLate, keysOf, type SettleItem, settleItem } from "../sql/lease-items.ts";
import type { TableNames } from "../sql/table-names.ts";
import { STATE, statusOf } from "../sql/task-state.ts";
import { claim } from "./claim.ts";
import { toTaskError } from "./driver-errors.ts";
import { asJson, finish, type MoveItem, putBack, takeAway } from "./move.ts";
import type { StoreHandle } from "./opened-store.ts";
import { begin, letExpire, lockHeld, progress, readEnds, readHeld, renew } from "./statements/attempts.ts";

function nameOf({ s, k }: { readonly s: number; readonly k: number }): string {
  return `${s}.${k}`;
}

/** Each lease once, the first item that names it. */
function onePerLease<Item extends { readonly lease: Lease }>(items: readonly Item[]): readonly Item[] {
  return [...new Map([...items].reverse().map((item) => [item.lease.token, item])).values()];
}

/** The states of the rows that leases held, by row and lease. */
type Settled = Map<string, number>;

/** Ends attempts, or gives them back; a cancel request makes an end of what would go back. */
async function settleIn(
  executor: CountingExecutor,
  names: TableNames,
  items: readonly SettleItem[],
  now: number,
): Promise<Settled> {
  const ends = items.filter(({ v }) => v >= STATE.SUCCESSFUL);
  const count = await finish(executor, names, ends, now);
  if (count === items.length) {
    await takeAway(executor, names, ends);
    return new Map(ends.map((item) => [nameOf(item), item.v]));
  }
  const rows = await executor.rows(lockHeld(names), [asJson(items)]);
  const isCancelled = new Map(rows.map(([s, k, flag]) => [`${s}.${k}`, Number(flag) === 1]));
  const held = items.filter((item) => isCancelled.has(nameOf(item)));
  const back = held.filter(({ v }) => v < STATE.SUCCESSFUL);
  const cancelled = back
    .filter((item) => isCancelled.get(nameOf(item)))
    .map((item) => ({ ...item, v: STATE.CANCELLED }));
  await finish(executor, names, cancelled, now);
  await putBack(
    executor,
    names,
    back.filter((item) => !isCancelled.get(nameOf(item))),
    now,
  );
  await takeAway(executor, names, held);
  const states: Settled = new Map(
    held.map((item) => [nameOf(item), item.v < STATE.SUCCESSFUL ? STATE.READY : item.v]),
  );
  for (const item of cancelled) states.set(nameOf(item), item.v);
  return states;
}

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
  const rows = await handle.transaction(async (executor) => {
    await executor.change(statement, [json]);
    return executor.rows(readHeld(handle.names), [json]);
  });
  return new Map(rows.map((row) => [`${row[0]}.${row[1]}`, row]));
}

/** Settles items, each lease once; nothing is sent for none. */
async function settle(handle: StoreHandle, items: readonly SettleItem[], now: number): Promise<Settled> {
  if (items.length === 0) return new Map();
  try {
    return await handle.transaction((executor) => settleIn(executor, handle.names, items, now));
  } catch (error) {
    throw toTaskError(error);
  }
}

/** The lease facet on MariaDB and MySQL. */
export function mysqlLeaseSource(handle: StoreHandle): LeaseSource {
  const { names } = handle;
  const giveBack = async (items: ReleaseRequest["items"], now: number): Promise<Settled> => {
    const moves: readonly MoveItem[] = onePerLease(items).map(({ lease, started }) => ({
      ...keysOf(lease),
      v: 0,
      n: !started,
    }));
    const settled = await settle(handle, moves, now);
    if (settled.size > 0) handle.later.forget();
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

    settle: async ({ items, now }) => {
      const settled = await settle(handle, onePerLease(items).map(settleItem), now);
      for (const { settlement } of items) {
        if (settlement.status === "READY" && settlement.runAfter > now)
          handle.later.note(settlement.runAfter);
      }
      const stateOf = (lease: Lease) => settled.get(nameOf(keysOf(lease)));
      const ended = items.filter(({ lease }) => (stateOf(lease) ?? STATE.READY) > STATE.READY);
      handle.wakeups.results(ended.map(({ lease }) => lease.id));
      if (ended.length < settled.size) handle.wakeups.ready();
      const late = items.filter(
        ({ lease, settlement }) => stateOf(lease) === undefined && settlement.status !== "READY",
      );
      const keys = late.map(({ lease }) => keysOf(lease));
      const rows = keys.length === 0 ? [] : await handle.rows(readEnds(names), [JSON.stringify(keys)]);
      const ends = new Map(rows.map((row) => [`${row[0]}.${row[1]}`, row]));
      return items.map(({ lease, settlement }) => {
        const name = nameOf(keysOf(lease));
        const state = settled.get(name);
        if (state === undefined) return answerLate(settlement, ends.get(name));
        // The rest of the batch that names it comes too late.
        settled.delete(name);
        return { outcome: "applied", status: statusOf(state) };
      });
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
