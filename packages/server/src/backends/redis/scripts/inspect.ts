import { KEYS_OF_A_PARTITION } from "./keys.ts";
import { RECORD_FIELDS } from "./read.ts";
import { lua, type Script, script } from "./script.ts";
import { STATE } from "./state.ts";

/**
 * Lists task results of a partition, the last stored first.
 *
 * - KEYS: the partition.
 * - ARGV: the sequence to begin below (or `+inf`), how many, the indexes to look in (`open`, `SUCCESSFUL`, `FAILED`,
 *   `CANCELLED`, `running`) separated by spaces, then `*` or the wanted path after a `=`, and the same of the queue.
 * - Result: whether there are no more below, then of each its id, its sequence and its fields.
 * - States: none.
 */
export const LIST: Script = script(
  KEYS_OF_A_PARTITION,
  STATE,
  RECORD_FIELDS,
  lua`
local below, count, path, queue = ARGV[1], tonumber(ARGV[2]), ARGV[4], ARGV[5]
local function isWanted(group)
  if path == '*' and queue == '*' then return true end
  local ofPath, ofQueue = pathAndQueue(group)
  return (path == '*' or path == '=' .. ofPath) and (queue == '*' or queue == '=' .. ofQueue)
end
local found = {}
-- Below this not all have been read.
local reached = -1
local function look(zset, each)
  local members = redis.call('ZREVRANGEBYSCORE', zset, '(' .. below, '-inf', 'WITHSCORES', 'LIMIT', 0, each)
  for index = 1, #members, 2 do found[#found + 1] = { members[index], tonumber(members[index + 1]) } end
  if #members == 2 * each then reached = math.max(reached, found[#found][2]) end
end
if ARGV[3] == 'running' then
  local limit = below == '+inf' and 9e15 or tonumber(below)
  for _, id in ipairs(redis.call('ZRANGE', T .. 'leases', 0, -1)) do
    local state = redis.call('HGET', taskKey(id), 'state')
    if state then
      local s = parseState(state)
      if tonumber(s.seq) < limit and isWanted(s.group) then found[#found + 1] = { id, tonumber(s.seq) } end
    end
  end
else
  local groups = {}
  for _, group in ipairs(redis.call('ZRANGE', T .. 'groups', 0, -1)) do
    if isWanted(group) then groups[#groups + 1] = group end
  end
  -- With many groups each gives little; what lies below the least of what was cut off comes with the next call.
  local each = #groups > 50 and math.max(4, math.ceil(4 * count / #groups)) or count
  for _, group in ipairs(groups) do
    for index in ARGV[3]:gmatch('%S+') do look(T .. index .. ':' .. group, math.min(each, count)) end
  end
end
table.sort(found, function(a, b) return a[2] > b[2] end)
local answer = { (#found <= count and reached < 0) and 1 or 0 }
for index = 1, math.min(count, #found) do
  local one = found[index]
  if one[2] < reached then break end
  local size = #answer
  answer[size + 1], answer[size + 2], answer[size + 3] = one[1], text(one[2]), recordOf(one[1])
end
return answer
`,
);

/**
 * Counts the task results of a page of groups.
 *
 * - KEYS: the partition.
 * - ARGV: now, the number of the first group, how many groups, the consumer group.
 * - Result: of each group: its name, READY and RUNNING ones, RUNNING ones, READY ones for later, SUCCESSFUL, FAILED and
 *   CANCELLED ones, and when the first due one became due, or `""`.
 * - States: none.
 */
export const COUNT: Script = script(
  KEYS_OF_A_PARTITION,
  lua`
local now, answer = tonumber(ARGV[1]), {}
local function runAfterOf(id)
  local state = redis.call('HGET', taskKey(id), 'state')
  return state and tonumber(state:match('^%S+ %S+ (%S+)'))
end
for _, group in ipairs(redis.call('ZRANGE', T .. 'groups', ARGV[2], ARGV[2] + ARGV[3] - 1)) do
  local oldest
  local function note(runAfter)
    if runAfter and runAfter <= now and (not oldest or runAfter < oldest) then oldest = runAfter end
  end
  local sources = redis.call('HGETALL', key('sources', group))
  for index = 1, #sources, 2 do
    if sources[index] == 'back' then
      for _, member in ipairs(redis.call('ZRANGE', key('back', group), 0, 99)) do
        note(tonumber(member:match('^%S+ (%S+)')))
      end
    else
      local rank, seq = sources[index + 1]:match('^(%S+) (%S+)$')
      local entry = redis.call('XRANGE', key('ready', sources[index] .. ':' .. group), rank .. '-' .. seq, rank .. '-' .. seq)[1]
      if entry then note(runAfterOf(entry[2][2])) end
    end
  end
  local first = redis.call('ZRANGE', key('later', group), 0, 0, 'WITHSCORES')
  if first[2] then note(tonumber(first[2])) end
  answer[#answer + 1] = {
    group,
    redis.call('ZCARD', key('open', group)),
    tonumber(redis.call('HGET', T .. 'running', group) or '0'),
    redis.call('ZCOUNT', key('later', group), '(' .. ARGV[1], '+inf'),
    redis.call('ZCARD', T .. 'SUCCESSFUL:' .. group),
    redis.call('ZCARD', T .. 'FAILED:' .. group),
    redis.call('ZCARD', T .. 'CANCELLED:' .. group),
    oldest and text(oldest) or '',
  }
end
return answer
`,
);
