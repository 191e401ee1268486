import type { Lease, SettleOutcome, SettleRequest } from "../../backend/index.ts";
import type { SqlExecutor, SqlRow, Statement } from "../sql/executor.ts";
import { answerLate, keysOf, settleItem } from "../sql/lease-items.ts";
import { heldRow } from "../sql/lease-token.ts";
import { statusOf } from "../sql/task-state.ts";
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

/** What settlements did, and who has to hear of it. */
export interface Settled {
  readonly outcomes: readonly SettleOutcome[];
  readonly endedIds: readonly string[];
  /** Whether somebody elsewhere waits for results. */
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
  const rows = await each(executor, statements.settle, { items, toJson: settleItem, values: [now] });
  const isAwaited = [...rows.values()][0]?.[3] === true;
  const ended = items.filter(({ lease }) => Number(rows.get(lease.token)?.[2] ?? 1) > 1);
  const hasReturned = ended.length < rows.size;
  const late = items.filter(
    ({ lease, settlement }) => !rows.has(lease.token) && settlement.status !== "READY",
  );
  const ends = await each(executor, statements.readEnds, {
    items: late,
    toJson: ({ lease }) => keysOf(lease),
  });
  const outcomes = items.map(({ lease, settlement }): SettleOutcome => {
    const row = rows.get(lease.token);
    if (row === undefined) return answerLate(settlement, ends.get(lease.token));
    // The rest of the batch that names it comes too late.
    rows.delete(lease.token);
    return { outcome: "applied", status: statusOf(row[2]) };
  });
  return { outcomes, endedIds: ended.map(({ lease }) => lease.id), isAwaited, hasReturned };
}
