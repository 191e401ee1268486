import { lua } from "./script.ts";

/**
 * How task results end, and how they go back to their line; the indexes change once for a whole batch.
 *
 * Reads `now` and `ttls` (milliseconds by status), and what line.ts and notices.ts declare.
 */
export const ENDING: string = lua`
local noLonger, gone, added, ended, running, acknowledged, expiringGone = {}, {}, {}, {}, {}, {}, {}
local endedIds = {}

-- Marks the deduplication key of one that went wrong as free for others.
local function freeHold(id, isGone)
  local name = redis.call('HGET', taskKey(id), 'deduplication')
  if not name then return end
  local hold = redis.call('HGET', T .. 'holds', name)
  if not hold then return end
  local until_, holder = hold:match('^(%S+) (%S+)')
  if holder ~= id then return end
  if isGone then
    redis.call('HDEL', T .. 'holds', name)
    redis.call('ZREM', T .. 'holdEnds', name)
  else
    redis.call('HSET', T .. 'holds', name, until_ .. ' ' .. id .. ' freed')
  end
end
local function holdAgain(id)
  local name = redis.call('HGET', taskKey(id), 'deduplication')
  local hold = name and redis.call('HGET', T .. 'holds', name)
  if not hold then return end
  local until_, holder = hold:match('^(%S+) (%S+)')
  if holder == id then redis.call('HSET', T .. 'holds', name, until_ .. ' ' .. id) end
end
-- A lease is over: the entry of its stream goes with it.
local function endLease(id, token, seq, rank, priority, group)
  noLonger[#noLonger + 1] = id
  running[group] = (running[group] or 0) - 1
  if token:sub(1, 1) == 's' then push(acknowledged, priority .. ':' .. group, rank .. '-' .. seq) end
end
-- middle: runAfter, attempts, retriesUsed, lostAttempts, startedAt, lastAttemptedAt, expiresAt.
local function finish(id, status, middle, seq, group, ...)
  local record = taskKey(id)
  redis.call('HSET', record, 'state', status .. ' ' .. middle .. ' ' .. text(now) .. ' - - 0 0', ...)
  redis.call('PEXPIRE', record, ttls[status])
  push(gone, group, id)
  push(added, status .. ':' .. group, seq, id)
  push(ended, status, text(now), id .. ' ' .. group)
  if middle:sub(-2) ~= ' -' then expiringGone[#expiringGone + 1] = id end
  if status ~= 'SUCCESSFUL' then freeHold(id, false) end
  endedIds[#endedIds + 1] = id
end
local function settleEnds()
  inChunks(noLonger, 4000, function(...) redis.call('ZREM', T .. 'leases', ...) end)
  inChunks(expiringGone, 4000, function(...) redis.call('ZREM', T .. 'expiring', ...) end)
  for group, ids in pairs(gone) do
    inChunks(ids, 4000, function(...) redis.call('ZREM', key('open', group), ...) end)
  end
  for name, pairs_ in pairs(added) do
    inChunks(pairs_, 4000, function(...) redis.call('ZADD', T .. name, ...) end)
  end
  for status, pairs_ in pairs(ended) do
    inChunks(pairs_, 4000, function(...) redis.call('ZADD', key('ended', status), ...) end)
  end
  for group, change in pairs(running) do redis.call('HINCRBY', T .. 'running', group, change) end
  for lane, entries in pairs(acknowledged) do
    local stream = key('ready', lane)
    inChunks(entries, 4000, function(...)
      redis.pcall('XACK', stream, consumers, ...)
      redis.call('XDEL', stream, ...)
    end)
    dropStreamIfEmpty(stream)
  end
  tellWaiting(endedIds, true)
end
local function forgetIfEmpty(group)
  local names = { key('open', group), T .. 'SUCCESSFUL:' .. group, T .. 'FAILED:' .. group, T .. 'CANCELLED:' .. group }
  if redis.call('EXISTS', unpack(names)) > 0 then return end
  redis.call('ZREM', T .. 'groups', group)
  redis.call('HDEL', T .. 'running', group)
end
local function parseState(state)
  local status, runAfter, attempts, retries, lost, started, last, expires, finished, beforeStarted, beforeLast, counts, cancel =
    state:match('^(%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S) (%S)$')
  return {
    status = status, runAfter = runAfter, attempts = tonumber(attempts), retries = retries, lost = tonumber(lost),
    started = started, last = last, expires = expires, finished = finished,
    beforeStarted = beforeStarted, beforeLast = beforeLast, counts = counts, cancel = cancel,
  }
end
local function middleOf(s)
  return s.runAfter .. ' ' .. s.attempts .. ' ' .. s.retries .. ' ' .. s.lost .. ' ' .. s.started .. ' ' .. s.last .. ' ' .. s.expires
end
local function addError(id, json)
  if json == '' then return end
  local errors = redis.call('HGET', taskKey(id), 'errors')
  redis.call('HSET', taskKey(id), 'errors', errors and errors .. ',' .. json or json)
end
local function lastWorker(id)
  local workers = redis.call('HGET', taskKey(id), 'workers')
  if not workers then return nil end
  local all = cjson.decode('[' .. workers .. ']')
  return all[#all], all
end
-- Takes back the attempt's number: its handler was never called.
local function takeBack(id, s)
  s.attempts = s.attempts - 1
  s.started, s.last = s.beforeStarted, s.beforeLast
  local _, all = lastWorker(id)
  if all and #all > 1 then
    all[#all] = nil
    redis.call('HSET', taskKey(id), 'workers', cjson.encode(all):sub(2, -2))
  else
    redis.call('HDEL', taskKey(id), 'workers')
  end
end
-- Back to the line, unless somebody asked to cancel it; gives its status.
local function returnToLine(id, s, place, runAfter, rank)
  local seq, oldRank, priority, group = placeOf(place)
  if s.cancel == '1' then
    finish(id, 'CANCELLED', middleOf(s), seq, group)
    return 'CANCELLED'
  end
  s.runAfter = runAfter or s.runAfter
  rank = rank or oldRank
  redis.call('HSET', taskKey(id), 'state', 'READY ' .. middleOf(s) .. ' - - - 0 0', 'place', seq .. ' ' .. rank .. ' ' .. priority .. ':' .. group)
  redis.call('HDEL', taskKey(id), 'lease')
  enterLine(id, seq, s.runAfter, rank, priority, group, false)
  if s.started == '-' and s.expires ~= '-' then redis.call('ZADD', T .. 'expiring', s.expires, id) end
  return 'READY'
end
`;
