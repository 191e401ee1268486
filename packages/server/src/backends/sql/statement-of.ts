import { createHash } from "node:crypto";
import type { Statement } from "./executor.ts";

/** Operations that core gives minutes: they look through much, or bring as much as a caller likes. */
const LONG: ReadonlySet<string> = new Set([
  "enqueue",
  "enqueue_keyed",
  "list",
  "count",
  "sweep_lost",
  "sweep_expired",
  "purge",
  "count_purgeable",
]);

/**
 * Names a statement by its text: two backends of other tables may share a connection. Its columns need names of their
 * own, as some drivers give rows by name.
 */
export function statementOf(operation: string, text: string): Statement {
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 12);
  return { name: `taskwright_${operation}_${hash}`, text, isLong: LONG.has(operation) };
}
