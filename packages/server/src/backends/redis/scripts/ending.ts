import { FOREIGN_KEYS } from "./foreign-keys.ts";
import { KEYS_OF_A_PARTITION } from "./keys.ts";
import { LINE } from "./line.ts";
import { NOTICES } from "./notices.ts";
import { lua, type Script, script } from "./script.ts";
import { STATE } from "./state.ts";

/** Of every script that ends task results: ARGV 1 to 6. */
const ENDING_ARGUMENTS = lua`
local now, consumers = tonumber(ARGV[1]), ARGV[2]
local channel, self = ARGV[3]:match('^(%S+) (%S+)$')
local ttls = { SUCCESSFUL = ARGV[4], FAILED = ARGV[5], CANCELLED = ARGV[6] }
`;

/**
 * How task results end, and how they go back to their line; the indexes change once for a whole batch.
 *
 * Reads `now` and `ttls` (milliseconds by status), and what state.ts, line.ts and notices.ts declare.
 */
const ENDING = lua`
local noLonger, gone, added, ended, running, acknowledged, expiringGone = {}, {}, {}, {}, {}, {}, {}
local endedIds, nowText = {}, text(now)

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
local function isEntryBefore(left, right)
  local leftRank, leftSeq = left:match('^(%d+)-(%d+)$')
  local rightRank, rightSeq = right:match('^(%d+)-(%d+)$')
  leftRank, rightRank = tonumber(leftRank), tonumber(rightRank)
  return leftRank < rightRank or (leftRank == rightRank and tonumber(leftSeq) < tonumber(rightSeq))
end
-- A lease is over: the entry of its stream goes with it.
local function endLease(id, token, seq, rank, priority, group)
  noLonger[#noLonger + 1] = id
  running[group] = (running[group] or 0) - 1
  if token:sub(1, 1) == 's' then
    local entries = listOf(acknowledged, priority .. ':' .. group)
    entries[#entries + 1] = rank .. '-' .. seq
  end
end
local function finish(id, status, middle, place, seq, group, ...)
  local record = taskKey(id)
  redis.call('HSET', record, 'state', status .. ' 00 ' .. middle .. ' ' .. nowText .. ' - - ' .. place, ...)
  redis.call('PEXPIRE', record, ttls[status])
  local ids = listOf(gone, group)
  ids[#ids + 1] = id
  local sequences = listOf(listOf(added, status), group)
  local size = #sequences
  sequences[size + 1], sequences[size + 2] = seq, id
  local times = listOf(ended, status)
  size = #times
  times[size + 1], times[size + 2] = nowText, id .. ' ' .. group
  if middle:sub(-2) ~= ' -' then expiringGone[#expiringGone + 1] = id end
  if status ~= 'SUCCESSFUL' then freeHold(id, false) end
  endedIds[#endedIds + 1] = id
end
local function finishState(id, status, s)
  finish(id, status, middleOf(s), placeOf(s), s.seq, s.group)
end
-- Entries before all that are undelivered or held go together, which costs far less than one by one.
local function deleteEntries(lane, stream, entries)
  local first = redis.pcall('XPENDING', stream, consumers)[2]
  local head = redis.call('HGET', key('sources', lane:match(':(.*)$')), lane:match('^[^:]+'))
  if head then
    local headId = head:gsub(' ', '-')
    if not first or isEntryBefore(headId, first) then first = headId end
  end
  local left = first and {} or entries
  if first then
    redis.call('XTRIM', stream, 'MINID', first)
    for _, entry in ipairs(entries) do
      if isEntryBefore(first, entry) then left[#left + 1] = entry end
    end
  end
  inChunks(left, 4000, function(...) redis.call('XDEL', stream, ...) end)
end
local function settleEnds()
  inChunks(noLonger, 4000, function(...) redis.call('ZREM', T .. 'leases', ...) end)
  inChunks(expiringGone, 4000, function(...) redis.call('ZREM', T .. 'expiring', ...) end)
  for group, ids in pairs(gone) do
    inChunks(ids, 4000, function(...) redis.call('ZREM', key('open', group), ...) end)
  end
  for status, byGroup in pairs(added) do
    for group, pairs_ in pairs(byGroup) do
      inChunks(pairs_, 4000, function(...) redis.call('ZADD', T .. status .. ':' .. group, ...) end)
    end
  end
  for status, pairs_ in pairs(ended) do
    inChunks(pairs_, 4000, function(...) redis.call('ZADD', key('ended', status), ...) end)
  end
  for group, change in pairs(running) do redis.call('HINCRBY', T .. 'running', group, change) end
  for lane, entries in pairs(acknowledged) do
    local stream = key('ready', lane)
    inChunks(entries, 4000, function(...) redis.pcall('XACK', stream, consumers, ...) end)
    deleteEntries(lane, stream, entries)
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
local function addError(id, json)
  if json == '' then return end
  local errors = redis.call('HGET', taskKey(id), 'errors')
  redis.call('HSET', taskKey(id), 'errors', errors and errors .. ',' .. json or json)
end
local function workerOf(lease)
  return lease and lease:match('^%S+ (.+)$')
end
-- Takes back the attempt's number: its handler was never called.
local function takeBack(id, s, token)
  s.attempts = s.attempts - 1
  s.started, s.last = s.beforeStarted, s.beforeLast
  redis.call('HSET', taskKey(id), 'lease', token .. ' ')
end
-- Back to the line, unless somebody asked to cancel it; gives its status.
local function returnToLine(id, s, runAfter, rank)
  if s.cancel == '1' then
    finishState(id, 'CANCELLED', s)
    return 'CANCELLED'
  end
  s.runAfter, s.rank = runAfter or s.runAfter, rank or s.rank
  redis.call('HSET', taskKey(id), 'state', 'READY 00 ' .. middleOf(s) .. ' - - - ' .. placeOf(s))
  local kept = redis.call('HMGET', taskKey(id), 'lease', 'workers')
  local worker = workerOf(kept[1])
  if worker then redis.call('HSET', taskKey(id), 'workers', kept[2] and kept[2] .. ',' .. worker or worker) end
  redis.call('HDEL', taskKey(id), 'lease')
  enterOutOfOrder(id, s)
  if s.started == '-' and s.expires ~= '-' then redis.call('ZADD', T .. 'expiring', s.expires, id) end
  return 'READY'
end
`;

/**
 * A script that ends task results or puts them back in line, with all that takes.
 *
 * Its first six arguments are now, the consumer group, channel and process, and for how many milliseconds to keep
 * SUCCESSFUL, FAILED and CANCELLED ones.
 */
export function scriptThatEnds(...parts: readonly string[]): Script {
  return script(KEYS_OF_A_PARTITION, ENDING_ARGUMENTS, STATE, FOREIGN_KEYS, LINE, NOTICES, ENDING, ...parts);
}
