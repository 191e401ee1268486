import { KEYS_OF_A_PARTITION } from "./keys.ts";
import { LINE } from "./line.ts";
import { NOTICES } from "./notices.ts";
import { lua, type Script, script } from "./script.ts";

/**
 * Stores task results.
 *
 * - KEYS: the partition.
 * - ARGV: now, consumer group, channel and process, number of lanes, of each lane its priority and group, then of each task: id, rank,
 *   runAfter, number of its lane, what few tasks have (`""`, or JSON of `expiresAt`, `key` and `until`), its unchanging
 *   part as JSON, its input.
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
local laneCount = tonumber(ARGV[4])
local firstTask = 5 + 2 * laneCount
local count = (#ARGV - firstTask + 1) / 7
for lane = 1, laneCount do checkLine(ARGV[3 + 2 * lane], ARGV[4 + 2 * lane]) end

local time = redis.call('TIME')
local seq = math.max(tonumber(redis.call('GET', T .. 'seq') or '0') + 1, time[1] * 1000000 + time[2])
redis.call('SET', T .. 'seq', text(seq + count))

local answers, opened = {}, {}
for index = 1, count do
  local at = firstTask + 7 * (index - 1)
  local id, rank, runAfter = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local lane, few = tonumber(ARGV[at + 3]), ARGV[at + 4]
  local priority, group = ARGV[3 + 2 * lane], ARGV[4 + 2 * lane]
  local record = taskKey(id)
  answers[index] = 'stored'
  if not redis.call('HGET', record, 'state') then
    local expires, name, held = '-', nil, nil
    if few ~= '' then
      few = cjson.decode(few)
      expires, name = few.expiresAt or '-', few.key
      if name then
        local hold = redis.call('HGET', T .. 'holds', name)
        local until_, holder, freed = (hold or ''):match('^(%S+) (%S+)(.*)$')
        if hold and tonumber(until_) > now and freed == '' then
          local state = redis.call('HGET', taskKey(holder), 'state')
          held = (state and state:match('^%S+') or 'SUCCESSFUL') .. ' ' .. holder
        end
      end
    end
    if held then
      answers[index] = held
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
