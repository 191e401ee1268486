import { lua } from "./script.ts";

/**
 * The line of READY task results: entering it, leaving it, and what comes first in it.
 *
 * Reads `now` and `consumers` (the name of the consumer group), which the script declares before.
 */
export const LINE: string = lua`
local changedSources, changedBack, changedLater, brokenOff = {}, {}, {}, {}
-- Groups that idle workers have to know of: something is due, or will be earlier than they know.
local sooner = {}

local function memberOf(seq, runAfter, rank, priority, id)
  return seq .. ' ' .. runAfter .. ' ' .. rank .. ' ' .. priority .. ' ' .. id
end
local function placeOf(place)
  local seq, rank, priority, group = place:match('^(%S+) (%S+) ([^:]+):(.*)$')
  return seq, rank, priority, group
end
-- Sequences have 16 digits, so that they are in order as text; the server drops leading zeros.
local function sequenceText(digits) return string.rep('0', 16 - #digits) .. digits end
-- The first undelivered entry of a stream after an id.
local function streamHead(stream, source, group, after)
  local entries = redis.call('XRANGE', stream, after, '+', 'COUNT', 1)
  changedSources[group] = true
  if entries[1] then
    local rank, seq = entries[1][1]:match('^(%d+)-(%d+)$')
    seq = sequenceText(seq)
    redis.call('HSET', key('sources', group), source, rank .. ' ' .. seq)
    return rank, seq
  end
  redis.call('HDEL', key('sources', group), source)
  return nil
end
local function enterBack(group, rank, member)
  redis.call('ZADD', key('back', group), rank, member)
  changedBack[group] = true
end
local function enterLine(id, seq, runAfter, rank, priority, group, inOrder)
  if tonumber(runAfter) > now then
    redis.call('ZADD', key('later', group), runAfter, memberOf(seq, runAfter, rank, priority, id))
    changedLater[group] = true
    return
  end
  local number = tonumber(rank)
  local lane = priority .. ':' .. group
  if inOrder and number > 0 and number < 1e15 and not brokenOff[lane] then
    local stream = key('ready', lane)
    local isFirst = redis.call('HEXISTS', key('sources', group), priority) == 0
    if isFirst and redis.call('EXISTS', stream) == 0 then
      redis.call('XGROUP', 'CREATE', stream, consumers, '0', 'MKSTREAM')
    end
    local added = redis.pcall('XADD', stream, rank .. '-' .. seq, 'id', id)
    if type(added) == 'string' then
      if isFirst then
        redis.call('HSET', key('sources', group), priority, rank .. ' ' .. seq)
        changedSources[group] = true
      end
      return
    end
    brokenOff[lane] = true
  end
  enterBack(group, rank, memberOf(seq, runAfter, rank, priority, id))
end
local function dropStreamIfEmpty(stream)
  if redis.call('XLEN', stream) == 0 then redis.call('DEL', stream) end
end
local function leaveLine(id, place, runAfter)
  local seq, rank, priority, group = placeOf(place)
  local member = memberOf(seq, runAfter, rank, priority, id)
  if redis.call('ZREM', key('later', group), member) == 1 then
    changedLater[group] = true
  elseif redis.call('ZREM', key('back', group), member) == 1 then
    changedBack[group] = true
  else
    local stream = key('ready', priority .. ':' .. group)
    local entry = rank .. '-' .. seq
    if redis.call('XDEL', stream, entry) == 1 then
      if redis.call('HGET', key('sources', group), priority) == rank .. ' ' .. seq then
        streamHead(stream, priority, group, '(' .. entry)
      end
      dropStreamIfEmpty(stream)
    end
  end
end
-- Brings the indexes of what comes first up to date, once for all that has changed.
local function settleLine()
  for group in pairs(changedLater) do
    local first = redis.call('ZRANGE', key('later', group), 0, 0, 'WITHSCORES')
    if first[1] then
      local known = redis.call('ZSCORE', T .. 'later', group)
      if not known or tonumber(first[2]) < tonumber(known) then sooner[group] = true end
      redis.call('ZADD', T .. 'later', first[2], group)
    else
      redis.call('ZREM', T .. 'later', group)
    end
  end
  for group in pairs(changedBack) do
    local first = redis.call('ZRANGE', key('back', group), 0, 0)[1]
    changedSources[group] = true
    if first then
      local seq, rank = first:match('^(%S+) %S+ (%S+)')
      redis.call('HSET', key('sources', group), 'back', rank .. ' ' .. seq)
    else
      redis.call('HDEL', key('sources', group), 'back')
    end
  end
  for group in pairs(changedSources) do
    local lowest
    for _, head in ipairs(redis.call('HVALS', key('sources', group))) do
      local rank = tonumber(head:match('^%S+'))
      if not lowest or rank < lowest then lowest = rank end
    end
    if lowest then redis.call('ZADD', T .. 'heads', text(lowest), group)
    else redis.call('ZREM', T .. 'heads', group) end
  end
  changedSources, changedBack, changedLater = {}, {}, {}
end
`;
