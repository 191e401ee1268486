import { ENDING } from "./ending.ts";
import { KEYS_OF_A_PARTITION } from "./keys.ts";
import { LINE } from "./line.ts";
import { NOTICES } from "./notices.ts";
import { lua, type Script, script } from "./script.ts";
import { ENDING_ARGUMENTS } from "./settle.ts";
import { STATE } from "./state.ts";

/** What purge and its dry run are told: ARGV 7 to 10. */
const PURGE_ARGUMENTS = lua`
local finishedBefore, limit, statuses = tonumber(ARGV[7]), tonumber(ARGV[8]), {}
for status in ARGV[9]:gmatch('%S+') do statuses[#statuses + 1] = status end
`;

/** The most old entries and keys that one purge forgets beside what it deletes. */
const MOST_FORGOTTEN = 1_000;

/**
 * Deletes finished task results, oldest first; forgets keys whose window is over, idle consumers, and what the server has
 * let expire by itself.
 *
 * - KEYS: the partition.
 * - ARGV: the six of settle.ts, the latest end, the most to delete, statuses separated by spaces.
 * - Result: how many were deleted, whether more are left.
 * - States: finished → nothing.
 */
export const PURGE: Script = script(
  "purge",
  KEYS_OF_A_PARTITION,
  ENDING_ARGUMENTS,
  STATE,
  LINE,
  NOTICES,
  ENDING,
  PURGE_ARGUMENTS,
  lua`
local old = {}
for _, status in ipairs(statuses) do
  local found = redis.call('ZRANGEBYSCORE', key('ended', status), '-inf', text(finishedBefore), 'WITHSCORES', 'LIMIT', 0, limit + 1)
  for index = 1, #found, 2 do
    old[#old + 1] = { status = status, member = found[index], at = tonumber(found[index + 1]), place = #old }
  end
end
table.sort(old, function(a, b) return a.at < b.at or (a.at == b.at and a.place < b.place) end)

local groupsSeen, purged = {}, 0
local function forget(status, member)
  local id, group = member:match('^(%S+) (.*)$')
  redis.call('ZREM', key('ended', status), member)
  redis.call('ZREM', T .. status .. ':' .. group, id)
  groupsSeen[group] = true
  return id
end
for index = 1, math.min(limit, #old) do
  local status, member = old[index].status, old[index].member
  local id = member:match('^(%S+)')
  if status ~= 'SUCCESSFUL' then freeHold(id, true) end
  forget(status, member)
  purged = purged + redis.call('DEL', taskKey(id))
end

-- What the server has let expire leaves its place in the indexes behind.
for _, status in ipairs({ 'SUCCESSFUL', 'FAILED', 'CANCELLED' }) do
  local gone_ = redis.call('ZRANGEBYSCORE', key('ended', status), '-inf', text(now - tonumber(ttls[status])), 'LIMIT', 0, ${MOST_FORGOTTEN})
  for _, member in ipairs(gone_) do
    if redis.call('EXISTS', taskKey(member:match('^(%S+)'))) == 1 then break end
    forget(status, member)
  end
end
for group in pairs(groupsSeen) do forgetIfEmpty(group) end

local over = redis.call('ZRANGEBYSCORE', T .. 'holdEnds', '-inf', text(now), 'LIMIT', 0, ${MOST_FORGOTTEN})
for _, name in ipairs(over) do
  redis.call('HDEL', T .. 'holds', name)
  redis.call('ZREM', T .. 'holdEnds', name)
end
local more = #old > limit or (purged == 0 and #over >= ${MOST_FORGOTTEN})
return { purged, more and 1 or 0 }
`,
);

/**
 * Counts what a purge would delete.
 *
 * - KEYS: the partition.
 * - ARGV: as purge's.
 * - Result: how many, at most the limit, and whether there are more.
 * - States: none.
 */
export const COUNT_OLD: Script = script(
  "count-old",
  KEYS_OF_A_PARTITION,
  PURGE_ARGUMENTS,
  lua`
local count = 0
for _, status in ipairs(statuses) do
  count = count + redis.call('ZCOUNT', key('ended', status), '-inf', text(finishedBefore))
end
return { math.min(count, limit), count > limit and 1 or 0 }
`,
);
