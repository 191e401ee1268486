import { KEYS_OF_A_PARTITION } from "./keys.ts";
import { lua, type Script, script } from "./script.ts";
import { STORING, scriptThatStores } from "./storing.ts";

/** How many entries of an index one command looks at; a walk over more of them goes on with the next command. */
const MOST_LOOKED_AT = 5_000;

/**
 * Schedules and their two indexes.
 *
 * A schedule is stored as its revision, its next time (`-` for none), the length of its path in bytes, a colon, the path, a
 * newline, and the whole as JSON, in which there is no newline. Both indexes have a member `<id> <path>` for each: a look
 * passes over those of other paths without reading them.
 */
const SCHEDULES = lua`
local schedules, scheduleIds, ticks = T .. 'schedules', T .. 'scheduleIds', T .. 'ticks'
local function headOf(value)
  local revision, nextRunAt, length, from = value:match('^(%d+) (%-?%d*) (%d+):()')
  if not revision or not (nextRunAt == '-' or tonumber(nextRunAt)) then return nil end
  local lineEnd = from + tonumber(length)
  if value:sub(lineEnd, lineEnd) ~= '\n' then return nil end
  return {
    revision = tonumber(revision), path = value:sub(from, lineEnd - 1),
    score = nextRunAt == '-' and '+inf' or nextRunAt,
  }
end
-- What is stored under an id, its head, and what is wrong with it if it is no schedule.
local function storedAt(id)
  local value = redis.call('HGET', schedules, id)
  if not value then return nil end
  local head = headOf(value)
  if head then return value, head end
  return nil, nil, redis.error_reply('WRONGTYPE ' .. schedules .. ' holds no schedule of ours')
end
-- Throws where a key is foreign. Gives whether an index lacks something, or has more than there is.
local function isIncomplete()
  local count = redis.call('HLEN', schedules)
  local ofIds, ofTicks = redis.call('ZCARD', scheduleIds), redis.call('ZCARD', ticks)
  return ofIds ~= count or ofTicks ~= count
end
-- What somebody has deleted by hand is mended once, however much it is; a field that is no schedule has no path and no time.
local function mendIndexes()
  if not isIncomplete() then return end
  local isThere = {}
  for _, id in ipairs(redis.call('HKEYS', schedules)) do
    local _, head = storedAt(id)
    local member = id .. ' ' .. (head and head.path or '')
    redis.call('ZADD', scheduleIds, 0, member)
    redis.call('ZADD', ticks, head and head.score or '+inf', member)
    isThere[member] = true
  end
  for _, index in ipairs({ scheduleIds, ticks }) do
    for _, member in ipairs(redis.call('ZRANGE', index, 0, -1)) do
      if not isThere[member] then redis.call('ZREM', index, member) end
    end
  end
end
-- The schedule of a member, if it is there and of this path.
local function scheduleOf(member)
  local id, path = member:match('^(%S+) (.*)$')
  local value, head = storedAt(id or '')
  if head and head.path == path then return value, head end
end
`;

/**
 * Stores a schedule and task results, or neither.
 *
 * - KEYS: the partition.
 * - ARGV: those of enqueue.ts, in which all is to be refused where one must be; then the id and the schedule.
 * - Result: `saved`, or `changed` if the stored revision is not the one before.
 * - States: nothing → READY.
 */
export const SAVE_SCHEDULE: Script = scriptThatStores(
  SCHEDULES,
  lua`
local argumentCount = #ARGV - 2
local scheduleId, schedule = ARGV[#ARGV - 1], ARGV[#ARGV]
isIncomplete()
local after, _, before, foreign = headOf(schedule), storedAt(scheduleId)
if foreign then return foreign end
if after.revision ~= (before and before.revision or 0) + 1 then return 'changed' end
if ARGV[4] ~= '0' then
`,
  STORING,
  lua`
end
redis.call('HSET', schedules, scheduleId, schedule)
local member = scheduleId .. ' ' .. after.path
redis.call('ZADD', scheduleIds, 0, member)
redis.call('ZADD', ticks, after.score, member)
if before and before.path ~= after.path then
  redis.call('ZREM', scheduleIds, scheduleId .. ' ' .. before.path)
  redis.call('ZREM', ticks, scheduleId .. ' ' .. before.path)
end
return 'saved'
`,
);

/**
 * Reads a schedule.
 *
 * - KEYS: the partition.
 * - ARGV: the id.
 * - Result: the schedule, or nothing.
 * - States: none.
 */
export const GET_SCHEDULE: Script = script(
  KEYS_OF_A_PARTITION,
  SCHEDULES,
  lua`
local value, _, foreign = storedAt(ARGV[1])
return foreign or value
`,
);

/**
 * Deletes a schedule.
 *
 * - KEYS: the partition.
 * - ARGV: the id.
 * - Result: `deleted` or `not-found`.
 * - States: none.
 */
export const DELETE_SCHEDULE: Script = script(
  KEYS_OF_A_PARTITION,
  SCHEDULES,
  lua`
isIncomplete()
local isThere = redis.call('HDEL', schedules, ARGV[1]) == 1
-- No letter of an id lies between a space and an exclamation mark.
for _, member in ipairs(redis.call('ZRANGEBYLEX', scheduleIds, '[' .. ARGV[1] .. ' ', '(' .. ARGV[1] .. '!')) do
  redis.call('ZREM', scheduleIds, member)
  redis.call('ZREM', ticks, member)
end
return isThere and 'deleted' or 'not-found'
`,
);

/**
 * Lists schedules in the order of their ids' bytes.
 *
 * - KEYS: the partition.
 * - ARGV: the id to begin after, or `""`; how many; `*`, or the wanted path after a `=`.
 * - Result: the id to go on after, or `""` when there are no more; the schedules.
 * - States: none.
 */
export const LIST_SCHEDULES: Script = script(
  KEYS_OF_A_PARTITION,
  SCHEDULES,
  lua`
mendIndexes()
local limit, answer = tonumber(ARGV[2]), { '' }
local from = ARGV[1] == '' and '-' or '(' .. ARGV[1] .. '!'
local members = redis.call('ZRANGEBYLEX', scheduleIds, from, '+', 'LIMIT', 0, ${MOST_LOOKED_AT})
for index, member in ipairs(members) do
  local path = member:match('^%S+ (.*)$') or ''
  if ARGV[3] == '*' or ARGV[3] == '=' .. path then
    local value = scheduleOf(member)
    if value then answer[#answer + 1] = value end
  end
  if #answer > limit or index == ${MOST_LOOKED_AT} then
    answer[1] = member:match('^%S*')
    return answer
  end
end
return answer
`,
);

/**
 * Reads the schedules that are due, earliest first.
 *
 * - KEYS: the partition.
 * - ARGV: now, how many, how many due ones to pass over, then the wanted paths.
 * - Result: how many to pass over to go on, or -1 when there are no more; the earliest next time after now, or `""`; the schedules.
 * - States: none.
 */
export const DUE_SCHEDULES: Script = script(
  KEYS_OF_A_PARTITION,
  SCHEDULES,
  lua`
mendIndexes()
local now, limit, offset = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local isWanted = {}
for index = 4, #ARGV do isWanted[ARGV[index]] = true end
local following = redis.call('ZRANGEBYSCORE', ticks, '(' .. now, '(+inf', 'WITHSCORES', 'LIMIT', 0, 1)
local answer = { -1, following[2] and text(tonumber(following[2])) or '' }
local members = redis.call('ZRANGEBYSCORE', ticks, '-inf', now, 'LIMIT', offset, ${MOST_LOOKED_AT})
local removed = 0
for index, member in ipairs(members) do
  if isWanted[member:match('^%S+ (.*)$')] then
    local value, head = scheduleOf(member)
    if value and tonumber(head.score) <= tonumber(now) then
      answer[#answer + 1] = value
    else
      -- Somebody has changed it by hand: what lacks is put back at the next look.
      removed = removed + redis.call('ZREM', ticks, member)
    end
  end
  if #answer == limit + 2 or index == ${MOST_LOOKED_AT} then
    answer[1] = offset + index - removed
    return answer
  end
end
return answer
`,
);
