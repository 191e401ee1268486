import { FOREIGN_KEYS } from "./foreign-keys.ts";
import { KEYS_OF_A_PARTITION } from "./keys.ts";
import { LINE } from "./line.ts";
import { NOTICES } from "./notices.ts";
import { lua, type Script, script } from "./script.ts";

/** What begins the scripts that store: ARGV 1 to 3 are now, the consumer group, and channel and process. */
const BEGINNING = lua`
local now, consumers = tonumber(ARGV[1]), ARGV[2]
local channel, self = ARGV[3]:match('^(%S+) (%S+)$')
`;

/** Puts a script together that stores task results, of which {@link STORING} has to be a part. */
export function scriptThatStores(...parts: readonly string[]): Script {
  return script(KEYS_OF_A_PARTITION, BEGINNING, FOREIGN_KEYS, LINE, NOTICES, ...parts);
}

/**
 * Stores task results, which ARGV 4 to `argumentCount` say as enqueue.ts lists them.
 *
 * What it has to refuse is found before anything is written; `answers` says what became of each. Reads `argumentCount`, which
 * the script declares before.
 */
export const STORING: string = lua`
checkShared()
local last, problem = counterOf('seq')
if problem then return problem end
local headerCount, isAtomic = tonumber(ARGV[4]), ARGV[5] == '1'
local firstTask = 6 + 5 * headerCount
local count = (argumentCount - firstTask + 1) / 3
local headers, answers = {}, {}
local refused = 0
for index = 1, headerCount do
  local at = 6 + 5 * (index - 1)
  local priority, group, rank, runAfter, few = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
  broken = nil
  local isOwnKeys = isOwnLane(priority, group)
  local number = tonumber(rank)
  local header = {
    priority = priority, group = group, rank = rank, runAfter = runAfter, lane = priority .. ':' .. group, expires = '-',
    problem = not isOwnKeys and (broken or 'WRONGTYPE') or nil,
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

-- A record that is there is looked at; mostly none is.
local records, states, isAnyThere = {}, {}, false
for index = 1, count do records[index] = taskKey(ARGV[firstTask + 3 * (index - 1)]) end
inChunks(records, 4000, function(...) isAnyThere = isAnyThere or redis.call('EXISTS', ...) > 0 end)
for index = 1, count do
  local state = isAnyThere and redis.pcall('HGET', records[index], 'state')
  states[index] = state
  local foreign = type(state) == 'table' and state.err or headers[tonumber(ARGV[firstTask + 3 * (index - 1) + 1])].problem
  if foreign then
    if isAtomic or count == 1 then return redis.error_reply(foreign) end
    answers[index], refused = 'refused ' .. foreign, refused + 1
  end
end
if refused == count and count > 0 then return answers end

local time = redis.call('TIME')
local seq = math.max(last + 1, time[1] * 1000000 + time[2])
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

local opened, seen = {}, {}
for index = 1, count do
  local at = firstTask + 3 * (index - 1)
  local id, record, header = ARGV[at], records[index], headers[tonumber(ARGV[at + 1])]
  local isRefused = answers[index] ~= nil
  answers[index] = answers[index] or 'stored'
  if not isRefused and not states[index] and not seen[id] then
    local held
    if header.key then
      local hold = redis.call('HGET', T .. 'holds', header.key)
      local until_, holder, freed = (hold or ''):match('^(%S+) (%S+)(.*)$')
      if until_ and tonumber(until_) > now and freed == '' then
        local state = fieldsOf(holder, 'state')[1]
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
`;
