import { KEYS_OF_A_PARTITION } from "./keys.ts";
import { LINE } from "./line.ts";
import { NOTICES } from "./notices.ts";
import { lua, type Script, script } from "./script.ts";

/**
 * Stores task results.
 *
 * - KEYS: the partition.
 * - ARGV: now, consumer group, channel and process, number of headers, of each header what its tasks have in common:
 *   priority, group, rank, runAfter, and what few tasks have (`""`, or JSON of `expiresAt`, `key` and `until`); then of each
 *   task: id, number of its header, its unchanging part as JSON with a newline and its input after it if it has one.
 * - Result: of each task `"stored"`, or what holds its deduplication key: `"<status> <id>"`.
 * - States: nothing → READY.
 */
export const ENQUEUE: Script = script(
  "enqueue",
  KEYS_OF_A_PARTITION,
  lua`
local now, consumers = tonumber(ARGV[1]), ARGV[2]
local channel, self = ARGV[3]:match('^(%S+) (%S+)$')
`,
  LINE,
  NOTICES,
  lua`
local headerCount = tonumber(ARGV[4])
local firstTask = 5 + 5 * headerCount
local count = (#ARGV - firstTask + 1) / 3
local headers = {}
for index = 1, headerCount do
  local at = 5 + 5 * (index - 1)
  local priority, group, rank, runAfter, few = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
  checkLine(priority, group)
  local number = tonumber(rank)
  local header = {
    priority = priority, group = group, rank = rank, runAfter = runAfter, lane = priority .. ':' .. group, expires = '-',
    isDue = tonumber(runAfter) <= now, isInOrder = number > 0 and number < 1e15,
  }
  header.stream = key('ready', header.lane)
  if few ~= '' then
    few = cjson.decode(few)
    header.expires, header.key, header.keyUntil = few.expiresAt or '-', few.key, few['until']
  end
  header.before = 'READY 00 ' .. runAfter .. ' 0 0 0 - - ' .. header.expires .. ' - - - '
  header.after = ' ' .. rank .. ' ' .. header.lane
  headers[index] = header
end

-- A key that exists is looked at; mostly none does.
local records, isAnyThere = {}, false
for index = 1, count do records[index] = taskKey(ARGV[firstTask + 3 * (index - 1)]) end
inChunks(records, 4000, function(...) isAnyThere = isAnyThere or redis.call('EXISTS', ...) > 0 end)

local time = redis.call('TIME')
local seq = math.max(tonumber(redis.call('GET', T .. 'seq') or '0') + 1, time[1] * 1000000 + time[2])
redis.call('SET', T .. 'seq', text(seq + count))

local streams = {}
local function enterStream(header, number, id)
  local lane = streams[header.lane]
  if not lane then
    lane = { isFirst = redis.call('HEXISTS', key('sources', header.group), header.priority) == 0 }
    if lane.isFirst and redis.call('EXISTS', header.stream) == 0 then
      redis.call('XGROUP', 'CREATE', header.stream, consumers, '0', 'MKSTREAM')
    end
    streams[header.lane] = lane
  end
  if lane.isBrokenOff then return false end
  local added = redis.pcall('XADD', header.stream, header.rank .. '-' .. number, 'id', id)
  if type(added) ~= 'string' then
    lane.isBrokenOff = true
    return false
  end
  if lane.isFirst then
    redis.call('HSET', key('sources', header.group), header.priority, header.rank .. ' ' .. number)
    changedSources[header.group] = true
    lane.isFirst = false
  end
  return true
end

local answers, opened, seen = {}, {}, {}
for index = 1, count do
  local at = firstTask + 3 * (index - 1)
  local id, record, header = ARGV[at], records[index], headers[tonumber(ARGV[at + 1])]
  answers[index] = 'stored'
  if not seen[id] and not (isAnyThere and redis.call('HGET', record, 'state')) then
    local held
    if header.key then
      local hold = redis.call('HGET', T .. 'holds', header.key)
      local until_, holder, freed = (hold or ''):match('^(%S+) (%S+)(.*)$')
      if hold and tonumber(until_) > now and freed == '' then
        local state = redis.call('HGET', taskKey(holder), 'state')
        held = (state and state:match('^%S+') or 'SUCCESSFUL') .. ' ' .. holder
      end
    end
    if held then
      answers[index] = held
    else
      seen[id] = true
      local number = string.format('%016.0f', seq + index - 1)
      if not (header.isDue and header.isInOrder and enterStream(header, number, id)) then
        enterOutOfOrder(id, {
          seq = number, runAfter = header.runAfter, rank = header.rank, priority = header.priority, group = header.group,
        })
      end
      redis.call('HSET', record, 'task', ARGV[at + 2], 'state', header.before .. number .. header.after)
      if header.key then
        redis.call('HSET', record, 'deduplication', header.key)
        redis.call('HSET', T .. 'holds', header.key, header.keyUntil .. ' ' .. id)
        redis.call('ZADD', T .. 'holdEnds', header.keyUntil, header.key)
      end
      if header.expires ~= '-' then redis.call('ZADD', T .. 'expiring', header.expires, id) end
      local list = listOf(opened, header.group)
      local size = #list
      list[size + 1], list[size + 2] = number, id
      if header.isDue then sooner[header.group] = true end
    end
  end
end
for group, members in pairs(opened) do
  inChunks(members, 4000, function(...) redis.call('ZADD', key('open', group), ...) end)
  redis.call('ZADD', T .. 'groups', 0, group)
end
settleLine()
tellIdle(sooner)
return answers
`,
);
