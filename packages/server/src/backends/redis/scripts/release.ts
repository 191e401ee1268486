import { scriptThatEnds } from "./ending.ts";
import { lua, type Script } from "./script.ts";

/**
 * Gives task results back to their old place in line, or marks their lease so that its end counts as nothing.
 *
 * - KEYS: the partition.
 * - ARGV: the six of ending.ts, then of each item: id, token, and `started`, `not-started` or `on-expiry`.
 * - Result: of each item 1, or 0 when the lease was lost; an error where one met a foreign key, after the others.
 * - States: RUNNING → READY, or CANCELLED where that was asked for; `on-expiry` leaves it RUNNING.
 */
export const RELEASE: Script = scriptThatEnds(
  lua`
checkShared()
local answers = {}
for index = 1, (#ARGV - 6) / 3 do
  local at = 7 + 3 * (index - 1)
  local id, token, how = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local found = fieldsOf(id, 'state', 'lease')
  answers[index] = 0
  if isHeld(found[1], found[2], token) then
    local s = parseState(found[1])
    if how == 'on-expiry' then
      answers[index] = 1
      redis.call('HSET', taskKey(id), 'state', withFlags(found[1], '0'))
    elseif isOwnPlace(token, s.priority, s.group) then
      answers[index] = 1
      local rank = s.rank
      if how == 'not-started' then takeBack(id, s, token) end
      if returnToLine(id, s) == 'READY' and tonumber(s.runAfter) <= now then sooner[s.group] = true end
      endLease(id, token, s.seq, rank, s.priority, s.group)
    end
  end
end
settleEnds()
settleLine()
tellIdle(sooner)
if broken then return redis.error_reply(broken) end
return answers
`,
);
