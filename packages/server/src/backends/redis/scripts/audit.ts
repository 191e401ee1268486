import { lua } from "./script.ts";

/** How many READY and RUNNING task results one sweep looks at, and of how many groups. */
const MOST_LOOKED_AT = 200;
const MOST_GROUPS = 20;
/** How often all are looked at, in milliseconds. */
const PASS_EVERY_MS = 300_000;
/** How long a worker has to show that it still runs what had no lease, in milliseconds. */
const GRACE_MS = 60_000;

/**
 * Compares records with their line and their lease, page by page, and mends what does not fit: entries, indexes and records
 * that somebody has deleted or overwritten.
 *
 * Reads what foreign-keys.ts, line.ts and ending.ts declare.
 */
export const AUDIT: string = lua`
local function putInLine(id, s)
  local seq, rank, priority, group = s.seq, s.rank, s.priority, s.group
  local member = memberOf(seq, s.runAfter, rank, priority, id)
  if redis.call('ZSCORE', key('later', group), member) or redis.call('ZSCORE', key('back', group), member) then return end
  local stream, entry = key('ready', priority .. ':' .. group), rank .. '-' .. seq
  local number = tonumber(rank)
  if number > 0 and number < 1e15 and redis.call('XRANGE', stream, entry, entry)[1] then
    local head = redis.call('HGET', key('sources', group), priority)
    if head and not isEntryBefore(entry, (head:gsub(' ', '-'))) then return end
    redis.pcall('XACK', stream, consumers, entry)
    redis.call('XDEL', stream, entry)
    dropStreamIfEmpty(stream)
  end
  enterOutOfOrder(id, s)
  if tonumber(s.runAfter) <= now then sooner[group] = true end
end
local function compare(id, group)
  local found, isForeign = fieldsOf(id, 'state')
  if isForeign then return end
  local s = found[1] and parseState(found[1])
  if not s then
    -- One that ran is forgotten when its lease is over.
    if not redis.call('ZSCORE', T .. 'leases', id) then redis.call('ZREM', key('open', group), id) end
    return
  end
  if s.status == 'READY' and isOwnLane(s.priority, group) then
    putInLine(id, s)
    if s.started == '-' and s.expires ~= '-' then redis.call('ZADD', T .. 'expiring', s.expires, id) end
  elseif s.status == 'RUNNING' and not redis.call('ZSCORE', T .. 'leases', id) then
    redis.call('ZADD', T .. 'leases', text(now + ${GRACE_MS}), id)
  end
end
local function audit()
  local cursor = redis.pcall('GET', T .. 'audit')
  if type(cursor) == 'table' then
    broken = broken or cursor.err
    return
  end
  local begun, from, group = (cursor or ''):match('^(%d+) (%S+) (.*)$')
  if cursor and not begun then
    broken = broken or 'WRONGTYPE ' .. T .. 'audit is foreign'
    return
  end
  if not begun or from == '-' then
    local age = begun and now - tonumber(begun)
    if age and age >= 0 and age < ${PASS_EVERY_MS} then return end
    begun, from, group = text(now), '0', nil
  end
  local left = ${MOST_LOOKED_AT}
  local groups = redis.call('ZRANGEBYLEX', T .. 'groups', group and '[' .. group or '-', '+', 'LIMIT', 0, ${MOST_GROUPS})
  local atEnd = #groups < ${MOST_GROUPS}
  if #groups > 0 then checkShared() end
  for _, name in ipairs(groups) do
    if left == 0 then
      atEnd = false
      break
    end
    if name ~= group then from = '0' end
    group = name
    if isOwnGroup(name) then
      local open = redis.call('ZRANGEBYSCORE', key('open', name), '(' .. from, '+inf', 'WITHSCORES', 'LIMIT', 0, left)
      for at = 1, #open, 2 do compare(open[at], name) end
      left = left - #open / 2
      from = open[#open] or from
      changedSources[name], changedLater[name], changedBack[name] = true, true, true
    end
  end
  redis.pcall('SET', T .. 'audit', begun .. ' ' .. (atEnd and left > 0 and '-' or from) .. ' ' .. (group or ''))
end
-- What ran when its record was deleted leaves its places.
local function forgetGone(id)
  for _, group in ipairs(redis.call('ZRANGE', T .. 'groups', 0, 999)) do
    local seq = isOwnGroup(group) and redis.call('ZSCORE', key('open', group), id)
    if seq then
      redis.call('ZREM', key('open', group), id)
      redis.call('HINCRBY', T .. 'running', group, -1)
      for priority = -100, 100 do
        local stream = key('ready', text(priority) .. ':' .. group)
        if redis.call('EXISTS', stream) == 1 and isOwnLane(text(priority), group) then
          local pending = redis.pcall('XPENDING', stream, consumers, '-', '+', 10000)
          for _, one in ipairs(pending) do
            if sequenceText(one[1]:match('-(%d+)$')) == sequenceText(text(tonumber(seq))) then
              redis.call('XACK', stream, consumers, one[1])
              redis.call('XDEL', stream, one[1])
              dropStreamIfEmpty(stream)
            end
          end
        end
      end
      return
    end
  end
end
`;
