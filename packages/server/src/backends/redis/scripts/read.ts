import { KEYS_OF_A_PARTITION } from "./keys.ts";
import { lua, type Script, script } from "./script.ts";

/** The fields of a record that make a task result, in the order in which scripts give them. */
export const RECORD_FIELDS: string = lua`
local function recordOf(id)
  return redis.call('HMGET', taskKey(id), 'task', 'state', 'output', 'progress', 'errors', 'workers', 'lease')
end
`;

/**
 * Reads task results.
 *
 * - KEYS: the partition.
 * - ARGV: ids.
 * - Result: of each id its fields, as read.ts lists them.
 * - States: none.
 */
export const READ: Script = script(
  KEYS_OF_A_PARTITION,
  RECORD_FIELDS,
  lua`
local answers = {}
for index = 1, #ARGV do answers[index] = recordOf(ARGV[index]) end
return answers
`,
);
