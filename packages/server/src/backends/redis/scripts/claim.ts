import { DUE } from "./due.ts";
import { FOREIGN_KEYS } from "./foreign-keys.ts";
import { KEYS_OF_A_PARTITION } from "./keys.ts";
import { LINE } from "./line.ts";
import { IDLE } from "./notices.ts";
import { lua, type Script, script } from "./script.ts";
import { STATE } from "./state.ts";

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
 *   each claimed one: id, token, unchanging part and input, state.
 * - States: READY → RUNNING; what has no record leaves the line, what has a foreign key in its place comes later.
 */
export const CLAIM: Script = script(
  KEYS_OF_A_PARTITION,
  lua`
local now, consumers, worker, workerJson = tonumber(ARGV[1]), ARGV[2], ARGV[3], ARGV[4]
local paths, queues, limit, onlyId, process, interest = ARGV[5], ARGV[6], tonumber(ARGV[7]), ARGV[8], ARGV[9], ARGV[10]
local isBusyWhenFull = ARGV[11] == '1'
`,
  STATE,
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
-- What follows a time of 13 digits in the state of what has never run and does not expire.
local NEVER_RUN = ' 0 0 0 - - - - - - '
local token
local function start()
  -- No two partitions give the same one.
  local ofPartition = '-' .. T:match('(%d+)}:$')
  local time, number = text(now), tonumber
  local ends, leaseEnds, running, dropped = {}, {}, {}, {}
  local leaseTail = ' ' .. workerJson
  local firstMiddle = ' 1 0 0 ' .. time .. ' ' .. time .. ' - - - - '
  local size, endsSize = #answer, 0
  local records = T .. 'task:'
  for index, id in ipairs(taken) do
    local group, stream = groups[index], streams[index]
    local record = records .. id
    local found = redis.pcall('HMGET', record, 'task', 'state')
    local old = found[2]
    local state
    if old and old:sub(23, 41) == NEVER_RUN and old:sub(1, 9) == 'READY 00 ' then
      local runAfter = old:sub(10, 22)
      if number(runAfter) <= now or onlyId ~= '' then
        state = 'RUNNING 10 ' .. runAfter .. firstMiddle .. old:sub(42)
      end
    elseif old then
      local runAfter, attempts, retries, lost, started, last, expires, place =
        old:match('^READY %S+ (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) %S+ %S+ %S+ (.*)$')
      if runAfter and (number(runAfter) <= now or onlyId ~= '') then
        state = (lost == '0' and 'RUNNING 10 ' or 'RUNNING 00 ') .. runAfter .. ' ' .. (attempts + 1) .. ' ' .. retries .. ' ' .. lost
          .. ' ' .. (started == '-' and time or started) .. ' ' .. time .. ' ' .. expires .. ' - ' .. started .. ' ' .. last .. ' ' .. place
      end
    end
    if state then
      token = token + 1
      local name = (stream and 's' or 'b') .. text(token) .. ofPartition
      redis.call('HSET', record, 'state', state, 'lease', name .. leaseTail)
      local leaseEnd = leaseEnds[group]
      if not leaseEnd then
        leaseEnd = text(now + leaseOf(group))
        leaseEnds[group] = leaseEnd
      end
      ends[endsSize + 1], ends[endsSize + 2] = leaseEnd, id
      endsSize = endsSize + 2
      running[group] = (running[group] or 0) + 1
      answer[size + 1], answer[size + 2], answer[size + 3], answer[size + 4] = id, name, found[1], state
      size = size + 4
    else
      if stream then table.insert(listOf(dropped, stream), entries[index]) end
      if found.err then
        broken = broken or found.err
        local member = members[index]
        if stream then
          local rank, seq = entries[index]:match('^(%d+)-(%d+)$')
          member = memberOf(sequenceText(seq), '0', rank, stream:sub(#key('ready', '') + 1, -#group - 2), id)
        end
        redis.call('ZADD', key('later', group), text(now + ${SET_ASIDE_MS}), member)
        changedLater[group] = true
      elseif not old then
        redis.call('ZREM', key('open', group), id)
      elseif old:sub(1, 6) == 'READY ' then
        -- Its own clock was ahead of that of who asks.
        enterOutOfOrder(id, parseState(old))
      end
      answer[2] = 1
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
  local state = redis.call('HGET', taskKey(onlyId), 'state')
  local s = state and parseState(state)
  if s and s.status == 'READY' and limit > 0 and leaseOf(s.group) then
    if not isOwnLane(s.priority, s.group) then return redis.error_reply(broken) end
    leaveLine(onlyId, s)
    taken[1], groups[1] = onlyId, s.group
  end
else
  promote()
  takeInOrder()
end
if #taken > 0 then start() end
settleLine()
local claimed = (#answer - 2) / 4
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
