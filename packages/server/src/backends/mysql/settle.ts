import type { Lease, SettleOutcome, SettleRequest } from "../../backend/index.ts";
import type { CountingExecutor } from "../sql/executor.ts";
import { answerLate, keysOf, type SettleItem, settleItem } from "../sql/lease-items.ts";
import type { TableNames } from "../sql/table-names.ts";
import { STATE, statusOf } from "../sql/task-state.ts";
import { asJson, finish, putBack, takeAway } from "./move.ts";
import { lockHeld, readEnds } from "./statements/attempts.ts";

/** Names a row and its lease. */
export function nameOf({ s, k }: { readonly s: number; readonly k: number }): string {
  return `${s}.${k}`;
}

/** Each lease once, the first item that names it. */
export function onePerLease<Item extends { readonly lease: Lease }>(items: readonly Item[]): readonly Item[] {
  return [...new Map([...items].reverse().map((item) => [item.lease.token, item])).values()];
}

/** The states of the rows that leases held, by row and lease. */
export type Moved = Map<string, number>;

/** Ends attempts, or gives them back; a cancel request makes an end of what would go back. */
export async function moveAll(
  executor: CountingExecutor,
  names: TableNames,
  items: readonly SettleItem[],
  now: number,
): Promise<Moved> {
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
  const states: Moved = new Map(
    held.map((item) => [nameOf(item), item.v < STATE.SUCCESSFUL ? STATE.READY : item.v]),
  );
  for (const item of cancelled) states.set(nameOf(item), item.v);
  return states;
}

/** What settlements did, and who has to hear of it. */
interface Settled {
  readonly outcomes: readonly SettleOutcome[];
  readonly endedIds: readonly string[];
  /** Whether some are in line again. */
  readonly hasReturned: boolean;
}

/** Ends attempts, in a transaction. */
export async function settle(
  executor: CountingExecutor,
  names: TableNames,
  { items, now }: SettleRequest,
): Promise<Settled> {
  if (items.length === 0) return { outcomes: [], endedIds: [], hasReturned: false };
  const moved = await moveAll(executor, names, onePerLease(items).map(settleItem), now);
  const stateOf = (lease: Lease) => moved.get(nameOf(keysOf(lease)));
  const ended = items.filter(({ lease }) => (stateOf(lease) ?? STATE.READY) > STATE.READY);
  const hasReturned = ended.length < moved.size;
  const late = items.filter(
    ({ lease, settlement }) => stateOf(lease) === undefined && settlement.status !== "READY",
  );
  const keys = late.map(({ lease }) => keysOf(lease));
  const rows = keys.length === 0 ? [] : await executor.rows(readEnds(names), [JSON.stringify(keys)]);
  const ends = new Map(rows.map((row) => [`${row[0]}.${row[1]}`, row]));
  const outcomes = items.map(({ lease, settlement }): SettleOutcome => {
    const name = nameOf(keysOf(lease));
    const state = moved.get(name);
    if (state === undefined) return answerLate(settlement, ends.get(name));
    // The rest of the batch that names it comes too late.
    moved.delete(name);
    return { outcome: "applied", status: statusOf(state) };
  });
  return { outcomes, endedIds: ended.map(({ lease }) => lease.id), hasReturned };
}
