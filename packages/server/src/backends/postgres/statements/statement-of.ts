import { createHash } from "node:crypto";
import type { Statement } from "../../sql/executor.ts";

/** Names a statement by its text: two backends of other tables may share a connection. */
export function statementOf(operation: string, text: string): Statement {
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 12);
  return { name: `taskwright_${operation}_${hash}`, text };
}
