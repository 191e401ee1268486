import { DUE } from "./due.ts";
import { FOREIGN_KEYS } from "./foreign-keys.ts";
import { KEYS_OF_A_PARTITION } from "./keys.ts";
import { LINE } from "./line.ts";
import { IDLE } from "./notices.ts";
import { lua, type Script, script } from "./script.ts";

/** How long a task whose record is a foreign key stays out of the way of others, in milliseconds. */
const SET_ASIDE_MS = 60_000;

/**
 * Claims what is due, lowest rank first, ties by sequence.
 *
 * - KEYS: the partition.
 * - ARGV: now, consumer group, worker's id, the same as JSON, paths with their leases (`\0:<path>\0=<ms>…\0`), queues
 *   (`\0:<queue>…\0`, or `*`), limit, the only id to claim or `""`, the process that
 *   is to be woken when there is more (`""` for none), what for, whether it is idle no more when the claim is full (1 or
 *   0), then the groups that may be claimed, or none when the groups are to be looked through.
 * - Result: the earliest time after now of what may be claimed (`""` for none), whether anything was passed over, then of
 *   each claimed one: id, token, unchanging part, input, state.
 * - States: READY → RUNNING; what has no record leaves the line, what has a foreign key in its place comes later.
 */
export const CLAIM: Script = script(
  "claim",
  KEYS_OF_A_PARTITION,
  lua`
local now, consumers, worker, workerJson = tonumber(ARGV[1]), ARGV[2], ARGV[3], ARGV[4]
local paths, queues, limit, onlyId, process, interest = ARGV[5], ARGV[6], tonumber(ARGV[7]), ARGV[8], ARGV[9], ARGV[10]
local isBusyWhenFull = ARGV[11] == '1'
`,
  FOREIGN_KEYS,
  LINE,
  IDLE,
  lua`
local leases = {}
-- The lease of a group's tasks, or nil where they are not wanted.
local function leaseOf(group)
  local lease = leases[group]
  if lease == nil then
    local path, queue = pathAndQueue(group)
    lease = false
    if queues == '*' or queues:find('\0:' .. queue .. '\0', 1, true) then
      local _, last = paths:find('\0:' .. path .. '\0=', 1, true)
      if last then lease = tonumber(paths:match('^%d+', last + 1)) end
    end
    leases[group] = lease
  end
  return lease or nil
end
`,
  DUE,
  lua`
local answer = { '', 0 }
local token
local function start()
  local ends, running, dropped = {}, {}, {}
  for _, one in ipairs(taken) do
    local record = taskKey(one.id)
    local found, isForeign = fieldsOf(one.id, 'task', 'input', 'state', 'workers', 'place')
    local runAfter, attempts, retries, lost, started, last, expires
    if found[3] then
      runAfter, attempts, retries, lost, started, last, expires =
        found[3]:match('^READY (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+)')
    end
    if not runAfter or (tonumber(runAfter) > now and onlyId == '') then
      if one.stream then push(dropped, one.stream, one.entry) end
      if isForeign then
        if one.stream then
          local rank, seq = one.entry:match('^(%d+)-(%d+)$')
          one.member = memberOf(sequenceText(seq), '0', rank, one.priority, one.id)
        end
        redis.call('ZADD', key('later', one.group), text(now + ${SET_ASIDE_MS}), one.member)
        changedLater[one.group] = true
      elseif not found[3] then
        redis.call('ZREM', key('open', one.group), one.id)
      elseif runAfter then
        -- Its own clock was ahead of that of who asks.
        local seq, rank, priority = placeOf(found[5])
        enterLine(one.id, seq, runAfter, rank, priority, one.group, false)
      end
      answer[2] = 1
    else
      token = token + 1
      local name = (one.stream and 's' or 'b') .. text(token)
      local state = 'RUNNING ' .. runAfter .. ' ' .. (attempts + 1) .. ' ' .. retries .. ' ' .. lost .. ' '
        .. (started == '-' and text(now) or started) .. ' ' .. text(now) .. ' ' .. expires
        .. ' - ' .. started .. ' ' .. last .. ' ' .. (lost == '0' and '1' or '0') .. ' 0'
      redis.call('HSET', record, 'state', state, 'lease', name,
        'workers', found[4] and found[4] .. ',' .. workerJson or workerJson)
      ends[#ends + 1] = text(now + leaseOf(one.group))
      ends[#ends + 1] = one.id
      running[one.group] = (running[one.group] or 0) + 1
      local size = #answer
      answer[size + 1], answer[size + 2], answer[size + 3], answer[size + 4], answer[size + 5] =
        one.id, name, found[1], found[2], state
    end
  end
  redis.call('SET', T .. 'tokens', text(token))
  inChunks(ends, 4000, function(...) redis.call('ZADD', T .. 'leases', ...) end)
  for group, change in pairs(running) do redis.call('HINCRBY', T .. 'running', group, change) end
  for stream, entries in pairs(dropped) do
    inChunks(entries, 4000, function(...)
      redis.call('XACK', stream, consumers, ...)
      redis.call('XDEL', stream, ...)
    end)
    dropStreamIfEmpty(stream)
  end
end

checkShared()
local problem
token, problem = counterOf('tokens')
if problem then return problem end
-- A counter that somebody has deleted must not give out again what old workers still hold.
if token == 0 then
  local time = redis.call('TIME')
  token = time[1] * 1000000 + time[2]
end
-- The first write is one that a full memory refuses, so that it refuses all.
redis.call('SET', T .. 'tokens', text(token))
if onlyId ~= '' then
  local found = redis.call('HMGET', taskKey(onlyId), 'state', 'place')
  local runAfter = found[1] and found[1]:match('^READY (%S+)')
  if runAfter and limit > 0 then
    local _, _, priority, group = placeOf(found[2])
    if leaseOf(group) then
      if not isOwnLane(priority, group) then return redis.error_reply(broken) end
      leaveLine(onlyId, found[2], runAfter)
      taken[1] = { id = onlyId, group = group }
    end
  end
else
  promote()
  takeInOrder()
end
if #taken > 0 then start() end
settleLine()
local claimed = (#answer - 2) / 5
if claimed == 0 and broken then return redis.error_reply(broken) end
if onlyId == '' then
  if claimed < limit then
    local found = groupsIn('later', now, FARTHEST)()
    if found then answer[1] = text(found[2]) end
    if process ~= '' then awaitReady(process, interest) end
  elseif process ~= '' and isBusyWhenFull then
    redis.call('HDEL', T .. 'idle', process)
  end
end
return answer
`,
);
