import { FOREIGN_KEYS } from "./foreign-keys.ts";
import { KEYS_OF_A_PARTITION } from "./keys.ts";
import { LINE } from "./line.ts";
import { NOTICES } from "./notices.ts";
import { lua, type Script, script } from "./script.ts";

/**
 * Stores task results.
 *
 * - KEYS: the partition.
 * - ARGV: now, consumer group, channel and process, whether all is to be refused where one must be (1 or 0), number of
 *   lanes, of each lane its priority and group, then of each task: id, rank, runAfter, number of its lane, what few tasks
 *   have (`""`, or JSON of `expiresAt`, `key` and `until`), its unchanging part as JSON, its input.
 * - Result: of each task `"stored"`, what holds its deduplication key: `"<status> <id>"`, or `"refused <error>"`.
 * - States: nothing → READY.
 */
export const ENQUEUE: Script = script(
  "enqueue",
  KEYS_OF_A_PARTITION,
  lua`
local now, consumers = tonumber(ARGV[1]), ARGV[2]
local channel, self = ARGV[3]:match('^(%S+) (%S+)$')
`,
  FOREIGN_KEYS,
  LINE,
  NOTICES,
  lua`
local isAtomic, laneCount = ARGV[4] == '1', tonumber(ARGV[5])
local firstTask = 6 + 2 * laneCount
local count = (#ARGV - firstTask + 1) / 7
checkShared()
local last, problem = counterOf('seq')
if problem then return problem end
local problems = {}
for lane = 1, laneCount do
  broken = nil
  if not isOwnLane(ARGV[4 + 2 * lane], ARGV[5 + 2 * lane]) then problems[lane] = broken or 'WRONGTYPE' end
end
local answers, states, refused = {}, {}, 0
for index = 1, count do
  local at = firstTask + 7 * (index - 1)
  local state = redis.pcall('HGET', taskKey(ARGV[at]), 'state')
  states[index] = state
  local foreign = type(state) == 'table' and state.err or problems[tonumber(ARGV[at + 3])]
  if foreign then
    if isAtomic or count == 1 then return redis.error_reply(foreign) end
    answers[index], refused = 'refused ' .. foreign, refused + 1
  end
end
if refused == count then return answers end

local time = redis.call('TIME')
local seq = math.max(last + 1, time[1] * 1000000 + time[2])
redis.call('SET', T .. 'seq', text(seq + count))

local opened, seen = {}, {}
for index = 1, count do
  local at = firstTask + 7 * (index - 1)
  local id, rank, runAfter = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local lane, few = tonumber(ARGV[at + 3]), ARGV[at + 4]
  local priority, group = ARGV[4 + 2 * lane], ARGV[5 + 2 * lane]
  local record = taskKey(id)
  if not answers[index] and (states[index] or seen[id]) then answers[index] = 'stored' end
  if not answers[index] then
    answers[index], seen[id] = 'stored', true
    local expires, name, held = '-', nil, nil
    if few ~= '' then
      few = cjson.decode(few)
      expires, name = few.expiresAt or '-', few.key
      if name then
        local hold = redis.call('HGET', T .. 'holds', name)
        local until_, holder, freed = (hold or ''):match('^(%S+) (%S+)(.*)$')
        if until_ and tonumber(until_) > now and freed == '' then
          local state = fieldsOf(holder, 'state')[1]
          held = (state and state:match('^%S+') or 'SUCCESSFUL') .. ' ' .. holder
        end
      end
    end
    if held then
      answers[index], seen[id] = held, nil
    else
      local number = string.format('%016.0f', seq + index - 1)
      enterLine(id, number, runAfter, rank, priority, group, true)
      redis.call('HSET', record,
        'task', ARGV[at + 5], 'input', ARGV[at + 6],
        'state', 'READY ' .. runAfter .. ' 0 0 0 - - ' .. expires .. ' - - - 0 0',
        'place', number .. ' ' .. rank .. ' ' .. priority .. ':' .. group)
      if name then
        redis.call('HSET', record, 'deduplication', name)
        redis.call('HSET', T .. 'holds', name, few['until'] .. ' ' .. id)
        redis.call('ZADD', T .. 'holdEnds', few['until'], name)
      end
      if expires ~= '-' then redis.call('ZADD', T .. 'expiring', expires, id) end
      push(opened, group, number, id)
      if tonumber(runAfter) <= now then sooner[group] = true end
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
