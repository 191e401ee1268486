import type { Lease, SettleOutcome, SettleRequest } from "../../backend/index.ts";
import type { SqlExecutor, SqlRow, Statement } from "../sql/executor.ts";
import { answerLate, keysOf, type SettleItem, settleItem } from "../sql/lease-items.ts";
import { heldRow } from "../sql/lease-token.ts";
import { STATE, statusOf } from "../sql/task-state.ts";
import type { Statements } from "./statements/index.ts";

/** Runs a statement on items, each lease once, and gives the row of each whose lease still holds: row number and lease first. */
export async function each<Item extends { readonly lease: Lease }>(
  executor: SqlExecutor,
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
  const rows = await executor.rows(statement, [JSON.stringify([...byToken.values()].map(toJson)), ...values]);
  const byKey = new Map(rows.map((row) => [`${row[0]}.${row[1]}`, row]));
  const held = new Map<string, SqlRow>();
  for (const [token, { lease }] of byToken) {
    const { seq, leaseNumber } = heldRow(lease);
    const row = byKey.get(`${seq}.${leaseNumber}`);
    if (row !== undefined) held.set(token, row);
  }
  return held;
}

/** What became of rows under leases. */
interface Ended {
  /** The state of each whose lease held, by its token. */
  readonly states: ReadonlyMap<string, number>;
  /** Whether somebody elsewhere waits for results. */
  readonly isAwaited: boolean;
}

/** Ends leases, each once: the statement `settle` on items by their tokens. */
export async function endLeases(
  executor: SqlExecutor,
  { settle }: Statements,
  items: ReadonlyMap<string, SettleItem>,
  now: number,
): Promise<Ended> {
  if (items.size === 0) return { states: new Map(), isAwaited: false };
  const json = JSON.stringify([...items.values()]);
  const [row] = await executor.rows(settle, [json, now, items.size]);
  const held = row?.[0] ?? null;
  const isAwaited = row?.[1] === true;
  const states = new Map<string, number>();
  if (held === null) {
    for (const [token, { v }] of items) states.set(token, Math.max(v, STATE.READY));
    return { states, isAwaited };
  }
  const rows = JSON.parse(held as string) as [number, number, number][];
  const byKey = new Map(rows.map(([seq, leaseNumber, state]) => [`${seq}.${leaseNumber}`, state]));
  for (const [token, { s, k }] of items) {
    const state = byKey.get(`${s}.${k}`);
    if (state !== undefined) states.set(token, state);
  }
  return { states, isAwaited };
}

/** What settlements did, and who has to hear of it. */
export interface Settled {
  readonly outcomes: readonly SettleOutcome[];
  readonly endedIds: readonly string[];
  readonly isAwaited: boolean;
  /** Whether some are in line again. */
  readonly hasReturned: boolean;
}

/** Ends attempts. */
export async function settle(
  executor: SqlExecutor,
  statements: Statements,
  { items, now }: SettleRequest,
): Promise<Settled> {
  const first = new Map<string, SettleItem>();
  for (const item of items) {
    // The rest of the batch that names a lease comes too late.
    if (!first.has(item.lease.token)) first.set(item.lease.token, settleItem(item));
  }
  const { states, isAwaited } = await endLeases(executor, statements, first, now);
  const left = new Map(states);
  const endedIds: string[] = [];
  const late: SettleRequest["items"][number][] = [];
  for (const item of items) {
    const state = states.get(item.lease.token);
    if (state === undefined) {
      if (item.settlement.status !== "READY") late.push(item);
    } else if (state > STATE.READY) endedIds.push(item.lease.id);
  }
  const ends = await each(executor, statements.readEnds, {
    items: late,
    toJson: ({ lease }) => keysOf(lease),
  });
  const outcomes = items.map(({ lease, settlement }): SettleOutcome => {
    const state = left.get(lease.token);
    if (state === undefined) return answerLate(settlement, ends.get(lease.token));
    left.delete(lease.token);
    return { outcome: "applied", status: statusOf(state) };
  });
  return { outcomes, endedIds, isAwaited, hasReturned: [...states.values()].includes(STATE.READY) };
}
