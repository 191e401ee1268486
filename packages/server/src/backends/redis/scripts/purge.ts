import { scriptThatEnds } from "./ending.ts";
import { KEYS_OF_A_PARTITION } from "./keys.ts";
import { lua, type Script, script } from "./script.ts";

/** What purge and its dry run are told: ARGV 7 to 10. */
const PURGE_ARGUMENTS = lua`
local finishedBefore, limit, statuses = tonumber(ARGV[7]), tonumber(ARGV[8]), {}
for status in ARGV[9]:gmatch('%S+') do statuses[#statuses + 1] = status end
`;

/** The most old entries and keys that one purge forgets beside what it deletes. */
const MOST_FORGOTTEN = 1_000;
/** How long a worker has read nothing of a stream before the stream forgets it, in milliseconds. */
const CONSUMER_IDLE_MS = 86_400_000;
/** Of how many groups, chosen by chance, one purge looks at the workers. */
const MOST_GROUPS = 20;

/**
 * Deletes finished task results, oldest first; forgets keys whose window is over, idle consumers, and what the server has
 * let expire by itself.
 *
 * - KEYS: the partition.
 * - ARGV: the six of ending.ts, the latest end, the most to delete, statuses separated by spaces.
 * - Result: how many were deleted, whether more are left.
 * - States: finished → nothing.
 */
export const PURGE: Script = scriptThatEnds(
  PURGE_ARGUMENTS,
  lua`
checkShared()
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
  local id, group = member:match('^(%S+) (.*)$')
  local _, isForeign = fieldsOf(id, 'state')
  -- What is foreign is not ours to delete, and its neighbours can be deleted without it.
  if isOwnGroup(group) and not isForeign then
    if status ~= 'SUCCESSFUL' then freeHold(id, true) end
    forget(status, member)
    purged = purged + redis.call('DEL', taskKey(id))
  end
end

-- What the server has let expire leaves its place in the indexes behind.
local moreGone = false
for _, status in ipairs({ 'SUCCESSFUL', 'FAILED', 'CANCELLED' }) do
  local gone_ = redis.call('ZRANGEBYSCORE', key('ended', status), '-inf', text(now - tonumber(ttls[status])), 'LIMIT', 0, ${MOST_FORGOTTEN})
  local forgotten = 0
  for _, member in ipairs(gone_) do
    local id, group = member:match('^(%S+) (.*)$')
    if redis.call('EXISTS', taskKey(id)) == 1 then break end
    if isOwnGroup(group) then
      forget(status, member)
      forgotten = forgotten + 1
    end
  end
  moreGone = moreGone or forgotten >= ${MOST_FORGOTTEN}
end
for group in pairs(groupsSeen) do forgetIfEmpty(group) end

for _, group in ipairs(redis.call('ZRANDMEMBER', T .. 'heads', ${MOST_GROUPS})) do
  for _, source in ipairs(isOwnGroup(group) and redis.call('HKEYS', key('sources', group)) or {}) do
    local stream = key('ready', source .. ':' .. group)
    local found_ = source ~= 'back' and redis.pcall('XINFO', 'CONSUMERS', stream, consumers) or {}
    for _, fields in ipairs(found_) do
      local consumer = {}
      for index = 1, #fields, 2 do consumer[fields[index]] = fields[index + 1] end
      if consumer.pending == 0 and consumer.idle >= ${CONSUMER_IDLE_MS} then
        redis.call('XGROUP', 'DELCONSUMER', stream, consumers, consumer.name)
      end
    end
  end
end

local over = redis.call('ZRANGEBYSCORE', T .. 'holdEnds', '-inf', text(now), 'LIMIT', 0, ${MOST_FORGOTTEN})
for _, name in ipairs(over) do
  redis.call('HDEL', T .. 'holds', name)
  redis.call('ZREM', T .. 'holdEnds', name)
end
local more = #old > limit or moreGone or (purged == 0 and #over >= ${MOST_FORGOTTEN})
if purged == 0 and broken then return redis.error_reply(broken) end
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
