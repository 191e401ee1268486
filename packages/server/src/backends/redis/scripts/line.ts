import { lua } from "./script.ts";

/**
 * The line of READY task results: entering it, leaving it, and what comes first in it.
 *
 * Reads `now` and `consumers` (the name of the consumer group), which the script declares before.
 */
export const LINE: string = lua`
local changedSources, changedBack, changedLater = {}, {}, {}
-- Groups that idle workers have to know of: something is due, or will be earlier than they know.
local sooner = {}

local function memberOf(seq, runAfter, rank, priority, id)
  return seq .. ' ' .. runAfter .. ' ' .. rank .. ' ' .. priority .. ' ' .. id
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
local function enterOutOfOrder(id, s)
  local member = memberOf(s.seq, s.runAfter, s.rank, s.priority, id)
  if tonumber(s.runAfter) > now then
    redis.call('ZADD', key('later', s.group), s.runAfter, member)
    changedLater[s.group] = true
  else
    redis.call('ZADD', key('back', s.group), s.rank, member)
    changedBack[s.group] = true
  end
end
local function dropStreamIfEmpty(stream)
  if redis.call('XLEN', stream) == 0 then redis.call('DEL', stream) end
end
local function leaveLine(id, s)
  local member = memberOf(s.seq, s.runAfter, s.rank, s.priority, id)
  if redis.call('ZREM', key('later', s.group), member) == 1 then
    changedLater[s.group] = true
  elseif redis.call('ZREM', key('back', s.group), member) == 1 then
    changedBack[s.group] = true
  else
    local stream = key('ready', s.priority .. ':' .. s.group)
    local entry = s.rank .. '-' .. s.seq
    if redis.call('XDEL', stream, entry) == 1 then
      if redis.call('HGET', key('sources', s.group), s.priority) == s.rank .. ' ' .. s.seq then
        streamHead(stream, s.priority, s.group, '(' .. entry)
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
