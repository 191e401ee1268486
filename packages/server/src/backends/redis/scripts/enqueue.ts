import { lua, type Script } from "./script.ts";
import { STORING, scriptThatStores } from "./storing.ts";

/**
 * Stores task results.
 *
 * - KEYS: the partition.
 * - ARGV: now, consumer group, channel and process, number of headers, whether all is to be refused where one must be (1
 *   or 0), of each header what its tasks have in common:
 *   priority, group, rank, runAfter, and what few tasks have (`""`, or JSON of `expiresAt`, `key` and `until`); then of each
 *   task: id, number of its header, its unchanging part as JSON with a newline and its input after it if it has one.
 * - Result: of each task `"stored"`, what holds its deduplication key: `"<status> <id>"`, or `"refused <error>"`.
 * - States: nothing → READY.
 */
export const ENQUEUE: Script = scriptThatStores(
  lua`
local argumentCount = #ARGV
`,
  STORING,
  lua`
return answers
`,
);
