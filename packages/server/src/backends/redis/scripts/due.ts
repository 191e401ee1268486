import { lua } from "./script.ts";

/** The most that one claim brings from later to due. */
const MOST_PROMOTED = 2_500;

/**
 * What is due: bringing there what waited for its time, and taking it in order.
 *
 * Reads `now`, `consumers`, `worker`, `limit`, `leaseOf` and the groups that may be claimed, from ARGV 12, all of claim.ts.
 */
export const DUE: string = lua`
local named = {}
for index = 12, #ARGV do named[#named + 1] = ARGV[index] end
-- The wanted groups of an index, as pairs of group and score, lowest score first.
local function groupsIn(index, lowest, highest)
  local found = {}
  if #named > 0 then
    inChunks(named, 4000, function(...)
      local names = { ... }
      for at, score in ipairs(redis.call('ZMSCORE', T .. index, ...)) do
        score = tonumber(score or nil)
        if score and score > lowest and score <= highest then found[#found + 1] = { names[at], score } end
      end
    end)
    table.sort(found, function(a, b) return a[2] < b[2] end)
    return function() return table.remove(found, 1) end
  end
  local offset, at, page = 0, 1, {}
  return function()
    while true do
      if at > #page then
        page = redis.call('ZRANGEBYSCORE', T .. index, '(' .. text(lowest), text(highest), 'WITHSCORES', 'LIMIT', offset, 100)
        offset, at = offset + 100, 1
        if #page == 0 then return nil end
      end
      at = at + 2
      if leaseOf(page[at - 2]) then return { page[at - 2], tonumber(page[at - 1]) } end
    end
  end
end
local FARTHEST = 9e15

-- The ids of what was taken, and beside them their groups, the streams and entries they came from, or else their members.
local taken, groups, streams, entries, members = {}, {}, {}, {}, {}
local function promote()
  local left = ${MOST_PROMOTED}
  local dueGroups = {}
  for found in groupsIn('later', -FARTHEST, now) do dueGroups[#dueGroups + 1] = found[1] end
  for _, group in ipairs(dueGroups) do
    local due = not isOwnGroup(group) and {} or redis.call('ZRANGEBYSCORE', key('later', group), '-inf', text(now), 'LIMIT', 0, left)
    if #due > 0 then
      local ranked = {}
      for _, member in ipairs(due) do
        ranked[#ranked + 1] = member:match('^%S+ %S+ (%S+)')
        ranked[#ranked + 1] = member
      end
      inChunks(ranked, 4000, function(...) redis.call('ZADD', key('back', group), ...) end)
      redis.call('ZREMRANGEBYRANK', key('later', group), 0, #due - 1)
      changedBack[group], changedLater[group] = true, true
      left = left - #due
      if left <= 0 then break end
    end
  end
  settleLine()
end

local function isBefore(a, b) return a.rank < b.rank or (a.rank == b.rank and a.seq < b.seq) end

-- Takes what comes before a bound: another source, or a rank.
local function takeFromStream(source, bound, boundRank)
  local lane = source.name .. ':' .. source.group
  local stream = key('ready', lane)
  local wanted = limit - #taken
  if bound or boundRank then
    local stop = bound and '(' .. text(bound.rank) .. '-' .. bound.seq or '(' .. text(boundRank) .. '-0'
    local first = text(source.rank) .. '-' .. source.seq
    wanted = math.max(1, #redis.call('XRANGE', stream, first, stop, 'COUNT', wanted))
  end
  local read = { 'XREADGROUP', 'GROUP', consumers, worker, 'COUNT', wanted, 'STREAMS', stream, '>' }
  -- Somebody deleted the stream: nothing is left of it but its place among the sources.
  local answer = redis.call('EXISTS', stream) == 1 and redis.pcall(unpack(read))
  if answer and answer.err then
    -- Somebody destroyed the group: what comes before the head has been delivered.
    redis.call('XGROUP', 'CREATE', stream, consumers, text(source.rank) .. '-' .. text(tonumber(source.seq) - 1))
    answer = redis.call(unpack(read))
  end
  local last = text(source.rank) .. '-' .. source.seq
  local size, group = #taken, source.group
  for _, entry in ipairs(answer and answer[1] and answer[1][2] or {}) do
    last = entry[1]
    size = size + 1
    taken[size], groups[size], streams[size], entries[size] = entry[2] and entry[2][2] or '', group, stream, last
  end
  local rank, seq = streamHead(stream, source.name, source.group, '(' .. last)
  if not rank then return false end
  source.rank, source.seq = tonumber(rank), seq
  return true
end
local function takeFromBack(source, bound, boundRank)
  local zset = key('back', source.group)
  local wanted = limit - #taken
  if bound or boundRank then wanted = math.min(wanted, 50) end
  local size = #taken
  local passed, early = {}, {}
  for _, member in ipairs(redis.call('ZRANGE', zset, 0, wanted - 1)) do
    local seq, runAfter, rank, id = member:match('^(%S+) (%S+) (%S+) %S+ (.*)$')
    local place = { rank = tonumber(rank), seq = seq }
    local isIn = #passed == 0 or not (bound or boundRank)
      or (bound and isBefore(place, bound)) or (boundRank and place.rank < boundRank)
    if not isIn then break end
    passed[#passed + 1] = member
    if tonumber(runAfter) > now then
      early[#early + 1] = runAfter
      early[#early + 1] = member
    else
      size = size + 1
      taken[size], groups[size], members[size] = id, source.group, member
    end
  end
  inChunks(passed, 4000, function(...) redis.call('ZREM', zset, ...) end)
  if #early > 0 then
    inChunks(early, 4000, function(...) redis.call('ZADD', key('later', source.group), ...) end)
    changedLater[source.group] = true
  end
  changedBack[source.group] = true
  local first = redis.call('ZRANGE', zset, 0, 0)[1]
  if not first then return false end
  local seq, rank = first:match('^(%S+) %S+ (%S+)')
  source.rank, source.seq = tonumber(rank), seq
  return true
end

local function takeInOrder()
  local nextGroup = groupsIn('heads', -FARTHEST, FARTHEST)
  local pending = nextGroup()
  local active = {}
  while #taken < limit do
    local best, at
    local function findBest()
      best, at = nil, nil
      for index, source in ipairs(active) do
        if not best or isBefore(source, best) then best, at = source, index end
      end
    end
    findBest()
    while pending and (not best or pending[2] <= best.rank) do
      -- Foreign keys keep nobody from the other groups.
      local sources = isOwnGroup(pending[1]) and redis.call('HGETALL', key('sources', pending[1])) or {}
      for index = 1, #sources, 2 do
        local name = sources[index]
        local rank, seq = sources[index + 1]:match('^(%S+) (%S+)$')
        if name == 'back' or isOwnLane(name, pending[1]) then
          active[#active + 1] = { group = pending[1], name = name, rank = tonumber(rank), seq = seq }
        end
      end
      pending = nextGroup()
      findBest()
    end
    if not best then return end
    local bound
    for index, source in ipairs(active) do
      if index ~= at and (not bound or isBefore(source, bound)) then bound = source end
    end
    local boundRank = pending and pending[2] or nil
    if bound and boundRank then
      if bound.rank < boundRank then boundRank = nil else bound = nil end
    end
    local hasMore
    if best.name == 'back' then hasMore = takeFromBack(best, bound, boundRank)
    else hasMore = takeFromStream(best, bound, boundRank) end
    if not hasMore then table.remove(active, at) end
  end
end
`;
