import { lua } from "./script.ts";

/**
 * Telling processes that wait, but for the one that asks, which tells itself.
 *
 * Reads `channel` and `self`, which the script declares before.
 */
export const NOTICES: string = lua`
local function contains(names, name)
  return names == '*' or names:find('\0:' .. name .. '\0', 1, true) ~= nil
end
local function tellIdle(groups)
  if redis.call('EXISTS', T .. 'idle') == 0 then return end
  local seconds = tonumber(redis.call('TIME')[1])
  local idle = redis.call('HGETALL', T .. 'idle')
  for index = 1, #idle, 2 do
    local until_, queues, paths = idle[index + 1]:match('^(.-)\1(.-)\1(.*)$')
    if idle[index] == self then
      -- Told by itself.
    elseif tonumber(until_) < seconds then
      redis.call('HDEL', T .. 'idle', idle[index])
    else
      for group in pairs(groups) do
        local path, queue = pathAndQueue(group)
        if contains(queues, queue) and contains(paths, path) then
          redis.pcall('PUBLISH', channel .. ':to:' .. idle[index], 'ready')
          break
        end
      end
    end
  end
end
-- Results that have ended, or have new progress.
local function tellWaiting(ids, isEnd)
  if #ids == 0 or redis.call('EXISTS', T .. 'waiting') == 0 then return end
  local byProcess = {}
  for _, id in ipairs(ids) do
    local processes = redis.call('HGET', T .. 'waiting', id)
    if processes then
      if isEnd then redis.call('HDEL', T .. 'waiting', id) end
      for process in processes:gmatch('%S+') do
        if process ~= self then table.insert(listOf(byProcess, process), id) end
      end
    end
  end
  for process, found in pairs(byProcess) do
    redis.pcall('PUBLISH', channel .. ':to:' .. process, 'results ' .. table.concat(found, ' '))
  end
end
`;

/** For how long a process counts as idle without saying so again, in seconds: two looks on a cluster, and some. */
const IDLE_FOR_S = 900;

/** Noting that a process is to be woken. */
export const IDLE: string = lua`
local function awaitReady(process, interest)
  redis.call('HSET', T .. 'idle', process, text(redis.call('TIME')[1] + ${IDLE_FOR_S}) .. '\1' .. interest)
end
`;
