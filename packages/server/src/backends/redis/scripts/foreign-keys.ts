import { lua } from "./script.ts";

/**
 * Keys that another program has put in the place of ours are found before anything is written: a script that fails in the
 * middle would stay half done.
 */
export const FOREIGN_KEYS: string = lua`
-- What the server says of the first foreign key that was met.
local broken
local function isOwn(command, name)
  local answer = redis.pcall(command, name)
  if type(answer) ~= 'table' then return true end
  broken = broken or answer.err
  return false
end
-- Throws where a key that all groups share is foreign.
local function checkShared()
  for _, name in ipairs({
    'heads', 'later', 'leases', 'expiring', 'groups', 'holdEnds', 'ended:SUCCESSFUL', 'ended:FAILED', 'ended:CANCELLED',
  }) do redis.call('ZCARD', T .. name) end
  for _, name in ipairs({ 'running', 'holds', 'idle', 'waiting' }) do redis.call('HLEN', T .. name) end
end
local ownGroups, ownLanes = {}, {}
local function isOwnGroup(group)
  local known = ownGroups[group]
  if known == nil then
    known = isOwn('HLEN', key('sources', group)) and isOwn('ZCARD', key('back', group))
      and isOwn('ZCARD', key('later', group)) and isOwn('ZCARD', key('open', group))
      and isOwn('ZCARD', T .. 'SUCCESSFUL:' .. group) and isOwn('ZCARD', T .. 'FAILED:' .. group)
      and isOwn('ZCARD', T .. 'CANCELLED:' .. group)
    ownGroups[group] = known
  end
  return known
end
local function isOwnLane(priority, group)
  local lane = priority .. ':' .. group
  if ownLanes[lane] == nil then ownLanes[lane] = isOwn('XLEN', key('ready', lane)) and isOwnGroup(group) end
  return ownLanes[lane]
end
-- What was not claimed from a stream ends without one.
local function isOwnPlace(token, priority, group)
  if token:sub(1, 1) == 's' then return isOwnLane(priority, group) end
  return isOwnGroup(group)
end
-- The fields of a record; none where there is no record, or a foreign key in its place.
local function fieldsOf(id, ...)
  local found = redis.pcall('HMGET', taskKey(id), ...)
  if not found.err then return found end
  broken = broken or found.err
  return {}, true
end
-- The number in a key, which is of our own making; gives what is wrong with it else.
local function counterOf(name)
  local number = tonumber(redis.call('GET', T .. name) or '0')
  if number and number >= 0 and number < 9e15 then return number end
  return nil, redis.error_reply('WRONGTYPE ' .. T .. name .. ' holds no number of ours')
end
`;
