import { scriptThatEnds } from "./ending.ts";
import { lua, type Script } from "./script.ts";

/**
 * Ends attempts.
 *
 * - KEYS: the partition.
 * - ARGV: the six of ending.ts, then of each item: id, token, and what becomes of it: `S` SUCCESSFUL without an output; `O<output>` with one; `R<runAfter> <rank>
 *   <error>` READY; `F<error>` FAILED; `N<error>` the same when the handler was never started; `C<error or nothing>`
 *   CANCELLED.
 * - Result: of each item the status that it has now, or `""` when the lease was lost; an error where one met a foreign
 *   key, after the others have ended.
 * - States: RUNNING → SUCCESSFUL, READY, FAILED or CANCELLED.
 */
export const SETTLE: Script = scriptThatEnds(
  lua`
checkShared()
local STATUSES = { S = 'SUCCESSFUL', O = 'SUCCESSFUL', R = 'READY', F = 'FAILED', N = 'FAILED', C = 'CANCELLED' }
local SUCCESSFUL_ONES = { S = true, O = true }
local count = (#ARGV - 6) / 3
local answers, states, places, lanes, seen = {}, {}, {}, {}, {}
-- The status of one that this lease has ended in the same way before, as the answer to that was lost.
local function saidBefore(id, token, what)
  local kind = what:sub(1, 1)
  local status = STATUSES[kind]
  local found = fieldsOf(id, 'state', 'lease', 'output')
  if not found[1] or not found[2] or found[2]:sub(1, #token + 1) ~= token .. ' ' then return '' end
  if status == 'READY' or found[1]:match('^%S+') ~= status then return '' end
  if status == 'SUCCESSFUL' and (found[3] and 'O' .. found[3] or 'S') ~= what then return '' end
  return status
end
-- What the first attempt of one that does not expire has after its first time, and at the end of its times.
local FIRST_TIME, NO_TIMES = ' 1 0 0 ', ' - - - - '
local function isFirstAttempt(state)
  return state:sub(25, 31) == FIRST_TIME and state:sub(59, 67) == NO_TIMES
end
local RUNNING_PLACE = '^RUNNING' .. string.rep(' %S+', 11) .. ' (.*)$'
local records = T .. 'task:'
for index = 1, count do
  local token = ARGV[5 + 3 * index]
  local found = redis.pcall('HMGET', records .. ARGV[4 + 3 * index], 'state', 'lease')
  local state = found[1]
  if found.err then broken = broken or found.err end
  if isHeld(state, found[2], token) then
    local place = isFirstAttempt(state) and state:sub(68) or state:match(RUNNING_PLACE)
    local lane = place:match('^%S+ %S+ (.*)$')
    local kind = token:sub(1, 1)
    local known = lanes[kind .. lane]
    if not known then
      local priority, group = lane:match('^([^:]+):(.*)$')
      known = { priority = priority, group = group, isOwn = isOwnPlace(token, priority, group) }
      lanes[kind .. lane] = known
    end
    if known.isOwn then states[index], places[index], lanes[index] = state, place, known end
  end
end
for index = 1, count do
  local id, token, what = ARGV[4 + 3 * index], ARGV[5 + 3 * index], ARGV[6 + 3 * index]
  local state, place, lane = states[index], places[index], lanes[index]
  if not state or seen[id] then
    answers[index] = saidBefore(id, token, what)
  else
    local kind = what:sub(1, 1)
    local status = STATUSES[kind]
    local seq, rank = place:match('^(%S+) (%S+)')
    seen[id] = true
    if SUCCESSFUL_ONES[kind] then
      local middle = isFirstAttempt(state) and state:sub(12, 60) or state:match('^RUNNING %S+ (%S+ %S+ %S+ %S+ %S+ %S+ %S+)')
      if kind == 'S' then finish(id, status, middle, place, seq, lane.group)
      else finish(id, status, middle, place, seq, lane.group, 'output', what:sub(2)) end
    else
      local s = parseState(state)
      if status == 'READY' then
        local runAfter, newRank, from = what:match('^R(%S+) (%S+) ()')
        addError(id, what:sub(from))
        if s.cancel ~= '1' then s.retries = s.retries + 1 end
        status = returnToLine(id, s, runAfter, newRank)
        if status == 'READY' and tonumber(runAfter) <= now then sooner[lane.group] = true end
      else
        addError(id, what:sub(2))
        if kind == 'N' then takeBack(id, s, token) end
        finishState(id, status, s)
      end
    end
    answers[index] = status
    endLease(id, token, seq, rank, lane.priority, lane.group)
  end
end
settleEnds()
settleLine()
tellIdle(sooner)
-- The others have ended, and answer so again when this is repeated.
if broken then return redis.error_reply(broken) end
return answers
`,
);
