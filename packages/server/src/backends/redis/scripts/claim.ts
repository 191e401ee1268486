import { KEYS_OF_A_PARTITION } from "./keys.ts";
import { LINE } from "./line.ts";
import { IDLE } from "./notices.ts";
import { lua, type Script, script } from "./script.ts";
import { STATE } from "./state.ts";

/** The most that one claim brings from later to due. */
const MOST_PROMOTED = 2_500;

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
 * - States: READY → RUNNING; what has no record leaves the line.
 */
export const CLAIM: Script = script(
  "claim",
  KEYS_OF_A_PARTITION,
  lua`
local now, consumers, worker, workerJson = tonumber(ARGV[1]), ARGV[2], ARGV[3], ARGV[4]
local paths, queues, limit, onlyId, process, interest = ARGV[5], ARGV[6], tonumber(ARGV[7]), ARGV[8], ARGV[9], ARGV[10]
local isBusyWhenFull = ARGV[11] == '1'
`,
  STATE,
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

local taken = {}
local function promote()
  local left = ${MOST_PROMOTED}
  local dueGroups = {}
  for found in groupsIn('later', -FARTHEST, now) do dueGroups[#dueGroups + 1] = found[1] end
  for _, group in ipairs(dueGroups) do
    local members = redis.call('ZRANGEBYSCORE', key('later', group), '-inf', text(now), 'LIMIT', 0, left)
    if #members > 0 then
      local ranked = {}
      for _, member in ipairs(members) do
        ranked[#ranked + 1] = member:match('^%S+ %S+ (%S+)')
        ranked[#ranked + 1] = member
      end
      inChunks(ranked, 4000, function(...) redis.call('ZADD', key('back', group), ...) end)
      redis.call('ZREMRANGEBYRANK', key('later', group), 0, #members - 1)
      changedBack[group], changedLater[group] = true, true
      left = left - #members
      if left <= 0 then break end
    end
  end
  settleLine()
end

local broken
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
  local answer = redis.pcall(unpack(read))
  if answer and answer.err then
    -- Somebody destroyed the group: what comes before the head has been delivered.
    redis.call('XGROUP', 'CREATE', stream, consumers, text(source.rank) .. '-' .. text(tonumber(source.seq) - 1))
    answer = redis.call(unpack(read))
  end
  local entries = answer and answer[1] and answer[1][2] or {}
  local last = text(source.rank) .. '-' .. source.seq
  for _, entry in ipairs(entries) do
    last = entry[1]
    taken[#taken + 1] = { id = entry[2] and entry[2][2] or '', group = source.group, stream = stream, entry = entry[1] }
  end
  local rank, seq = streamHead(stream, source.name, source.group, '(' .. last)
  if not rank then return false end
  source.rank, source.seq = tonumber(rank), seq
  return true
end
local function takeBack(source, bound, boundRank)
  local zset = key('back', source.group)
  local wanted = limit - #taken
  if bound or boundRank then wanted = math.min(wanted, 50) end
  local members = redis.call('ZRANGE', zset, 0, wanted - 1)
  local passed, early = {}, {}
  for _, member in ipairs(members) do
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
      taken[#taken + 1] = { id = id, group = source.group }
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
      local sources = redis.call('HGETALL', key('sources', pending[1]))
      for index = 1, #sources, 2 do
        local name = sources[index]
        local rank, seq = sources[index + 1]:match('^(%S+) (%S+)$')
        -- A key of the wrong type keeps nobody from the other lanes.
        local size = name == 'back' and redis.pcall('ZCARD', key('back', pending[1]))
          or redis.pcall('XLEN', key('ready', name .. ':' .. pending[1]))
        if type(size) == 'table' then broken = size.err
        else active[#active + 1] = { group = pending[1], name = name, rank = tonumber(rank), seq = seq } end
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
    if best.name == 'back' then hasMore = takeBack(best, bound, boundRank)
    else hasMore = takeFromStream(best, bound, boundRank) end
    if not hasMore then table.remove(active, at) end
  end
end

local answer = { '', 0 }
-- What follows a time of 13 digits in the state of what has never run and does not expire.
local NEVER_RUN = ' 0 0 0 - - - - - - '
local function start()
  local token = tonumber(redis.call('GET', T .. 'tokens'))
  -- No two partitions give the same one.
  local ofPartition = '-' .. T:match('(%d+)}:$')
  local time, number = text(now), tonumber
  local ends, leaseEnds, running, dropped = {}, {}, {}, {}
  local leaseTail = ' ' .. workerJson
  local firstMiddle = ' 1 0 0 ' .. time .. ' ' .. time .. ' - - - - '
  local size, endsSize = #answer, 0
  for _, one in ipairs(taken) do
    local id, group = one.id, one.group
    local record = taskKey(id)
    local found = redis.call('HMGET', record, 'task', 'state')
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
      local name = (one.stream and 's' or 'b') .. text(token) .. ofPartition
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
      if one.stream then table.insert(listOf(dropped, one.stream), one.entry) end
      -- Its own clock was ahead of that of who asks.
      if old and old:sub(1, 6) == 'READY ' then enterOutOfOrder(id, parseState(old)) end
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

redis.call('ZCARD', T .. 'leases')
redis.call('HLEN', T .. 'running')
-- The first write is one that a full memory refuses, so that it refuses all.
redis.call('INCRBY', T .. 'tokens', 0)
if onlyId ~= '' then
  local state = redis.call('HGET', taskKey(onlyId), 'state')
  local s = state and parseState(state)
  if s and s.status == 'READY' and limit > 0 and leaseOf(s.group) then
    leaveLine(onlyId, s)
    taken[1] = { id = onlyId, group = s.group }
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
