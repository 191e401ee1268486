import type { CountingExecutor } from "../sql/executor.ts";
import type { SettleItem } from "../sql/lease-items.ts";
import { statementOf } from "../sql/statement-of.ts";
import type { TableNames } from "../sql/table-names.ts";
import { checkText } from "./row-check.ts";
import { partsBySize } from "./statement-size.ts";
import { insertFinished, noteBack, removeRunning } from "./statements/attempts.ts";
import { putInLine } from "./statements/fragments.ts";

/** What becomes of a running row: as in {@link SettleItem}, and `l` 1 where it is a lost attempt. */
export interface MoveItem extends SettleItem {
  readonly l?: number;
}

/** Items in the order of their rows, in which all lock them. */
function inOrder(items: readonly MoveItem[]): readonly MoveItem[] {
  return [...items].sort((left, right) => left.s - right.s);
}

/** Flags are numbers, as databases read those of JSON in different ways. */
function withNumbers(item: MoveItem): object {
  return { ...item, n: item.n === true ? 1 : undefined };
}

/** Items as the statements take them. */
export function asJson(items: readonly MoveItem[]): string {
  return JSON.stringify(inOrder(items).map(withNumbers));
}

/** Writes down ends, whose rows stay in `running` until {@link takeAway}; gives of how many the leases held. */
export async function finish(
  executor: CountingExecutor,
  names: TableNames,
  items: readonly MoveItem[],
  now: number,
): Promise<number> {
  for (const { o } of items) checkText(o);
  let count = 0;
  for (const { json } of partsBySize(inOrder(items), (item) => JSON.stringify(withNumbers(item))))
    count += await executor.change(insertFinished(names), [now, json]);
  return count;
}

/** Puts rows that are locked in `running` back into the line, where they stay until {@link takeAway}. */
export async function putBack(
  executor: CountingExecutor,
  names: TableNames,
  items: readonly MoveItem[],
  now: number,
): Promise<void> {
  if (items.length === 0) return;
  await executor.change(noteBack(names), [asJson(items)]);
  const rows = JSON.stringify(items.map(({ s }) => s).sort((left, right) => left - right));
  for (const line of ["due", "later"] as const) {
    // Only of one that goes back to its old place nobody here knows where that is.
    if (items.every(({ a }) => a !== undefined && a <= now === (line === "later"))) continue;
    await executor.change(statementOf(`back_to_${line}`, putInLine(names, line, "seq")), [rows, now]);
  }
}

/** Takes rows that are finished or back in line out of `running`. */
export async function takeAway(
  executor: CountingExecutor,
  names: TableNames,
  items: readonly MoveItem[],
): Promise<void> {
  if (items.length === 0) return;
  await executor.change(removeRunning(names), [asJson(items.map(({ s, k, v }) => ({ s, k, v })))]);
}
