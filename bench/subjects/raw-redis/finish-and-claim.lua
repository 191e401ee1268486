-- Ends what has been run under one token, and claims the next in line under another.
-- KEYS: 1 priorities in use (sorted set)  2 leases (sorted set)  3 finished (sorted set)
-- ARGV: 1 prefix  2 now  3 end of the lease  4 how long results are kept  5 worker  6 token of what ends
--       7 token of what is claimed  8 limit, then of each that ends: id, priority, entry, output
-- Answers of each that is claimed: id, priority, entry, facts
local prefix, now, worker, token = ARGV[1], ARGV[2], ARGV[5], ARGV[7]
local limit = tonumber(ARGV[8])

local function finish()
  local gone, index, entries = {}, {}, {}
  for at = 9, #ARGV, 4 do
    local id, priority = ARGV[at], ARGV[at + 1]
    local key = prefix .. 'task:' .. id
    if redis.call('HGET', key, 'token') == ARGV[6] then
      redis.call('HSET', key, 'state', 'SUCCESSFUL', 'output', ARGV[at + 3], 'finished', now, 'token', '')
      redis.call('PEXPIRE', key, ARGV[4])
      gone[#gone + 1] = id
      index[#index + 1] = now
      index[#index + 1] = id
      entries[priority] = entries[priority] or {}
      table.insert(entries[priority], ARGV[at + 2])
    end
  end
  if #gone == 0 then return end
  redis.call('ZREM', KEYS[2], unpack(gone))
  redis.call('ZADD', KEYS[3], unpack(index))
  redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', '(' .. (now - ARGV[4]))
  for priority, ended in pairs(entries) do
    redis.call('XACK', prefix .. 'ready:' .. priority, 'workers', unpack(ended))
    redis.call('XDEL', prefix .. 'ready:' .. priority, unpack(ended))
  end
end

local claimed, leases = {}, {}

local function take(priority, count)
  local stream = prefix .. 'ready:' .. priority
  local read = redis.call('XREADGROUP', 'GROUP', 'workers', worker, 'COUNT', count, 'STREAMS', stream, '>')
  if not read then return 0 end
  for _, entry in ipairs(read[1][2]) do
    local id = entry[2][2]
    local key = prefix .. 'task:' .. id
    local record = redis.call('HMGET', key, 'facts', 'attempts')
    redis.call('HSET', key, 'state', 'RUNNING', 'attempts', record[2] + 1, 'token', token, 'worker', worker, 'started', now)
    leases[#leases + 1] = ARGV[3]
    leases[#leases + 1] = id
    local size = #claimed
    claimed[size + 1], claimed[size + 2], claimed[size + 3], claimed[size + 4] = id, priority, entry[1], record[1]
  end
  return #read[1][2]
end

-- What has not been delivered of a priority, from its head on.
local function waiting(priority, count)
  local stream = prefix .. 'ready:' .. priority
  local last = redis.call('XINFO', 'GROUPS', stream)[1][8]
  return redis.call('XRANGE', stream, '(' .. last, '+', 'COUNT', count)
end

-- Takes from the stream whose head is first in line, as many as are before the next best head.
local function takeByRank(priorities)
  local left = limit
  while left > 0 do
    local best, bestRank, nextRank
    for _, priority in ipairs(priorities) do
      local head = waiting(priority, 1)[1]
      local rank = head and tonumber(head[2][4])
      if rank and (not best or rank < bestRank) then
        best, bestRank, nextRank = priority, rank, bestRank
      elseif rank and (not nextRank or rank < nextRank) then
        nextRank = rank
      end
    end
    if not best then return end
    local count = left
    if nextRank then
      count = 0
      for _, entry in ipairs(waiting(best, left)) do
        if tonumber(entry[2][4]) > nextRank then break end
        count = count + 1
      end
    end
    left = left - take(best, count)
  end
end

finish()
if limit > 0 then
  local priorities = redis.call('ZRANGE', KEYS[1], 0, -1)
  if #priorities == 1 then take(priorities[1], limit) else takeByRank(priorities) end
  if #leases > 0 then redis.call('ZADD', KEYS[2], unpack(leases)) end
end
return claimed
