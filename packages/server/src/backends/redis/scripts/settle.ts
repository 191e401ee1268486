import { ENDING } from "./ending.ts";
import { FOREIGN_KEYS } from "./foreign-keys.ts";
import { KEYS_OF_A_PARTITION } from "./keys.ts";
import { LINE } from "./line.ts";
import { NOTICES } from "./notices.ts";
import { lua, type Script, script } from "./script.ts";
import { STATE } from "./state.ts";

/** What begins every script that ends attempts: ARGV 1 to 6. */
export const ENDING_ARGUMENTS: string = lua`
local now, consumers = tonumber(ARGV[1]), ARGV[2]
local channel, self = ARGV[3]:match('^(%S+) (%S+)$')
local ttls = { SUCCESSFUL = ARGV[4], FAILED = ARGV[5], CANCELLED = ARGV[6] }
`;

/**
 * Ends attempts.
 *
 * - KEYS: the partition.
 * - ARGV: now, consumer group, channel and process, milliseconds to keep SUCCESSFUL, FAILED and CANCELLED ones, then of each item: id,
 *   token, status, and two more: of SUCCESSFUL the output after a `+`, or `""` for none; of READY `<runAfter> <rank>` and the
 *   error; of FAILED whether the handler was started (1 or 0) and the error; of CANCELLED `""` and the error or `""`.
 * - Result: of each item the status that it has now, or `""` when the lease was lost; an error where one met a foreign
 *   key, after the others have ended.
 * - States: RUNNING → SUCCESSFUL, READY, FAILED or CANCELLED.
 */
export const SETTLE: Script = script(
  "settle",
  KEYS_OF_A_PARTITION,
  ENDING_ARGUMENTS,
  STATE,
  FOREIGN_KEYS,
  LINE,
  NOTICES,
  ENDING,
  lua`
checkShared()
-- What follows the first time in the state of a first attempt, and what ends the times of one that does not expire.
local FIRST_TIME = ' 1 0 0 '
local answers, held, lanes, seen = {}, {}, {}, {}
local count = (#ARGV - 6) / 5
-- The status of one that this lease has ended in the same way before, as the answer to that was lost.
local function saidBefore(at)
  local id, token, status = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local found = fieldsOf(id, 'state', 'lease', 'output')
  if not found[1] or not found[2] or found[2]:sub(1, #token + 1) ~= token .. ' ' then return '' end
  if status == 'READY' or found[1]:match('^%S+') ~= status then return '' end
  if status == 'SUCCESSFUL' and (found[3] and '+' .. found[3] or '') ~= ARGV[at + 3] then return '' end
  return status
end
for index = 1, count do
  local at = 7 + 5 * (index - 1)
  local token = ARGV[at + 1]
  local found = fieldsOf(ARGV[at], 'state', 'lease')
  if isHeld(found[1], found[2], token) then
    local state, one = found[1]
    if state:sub(25, 31) == FIRST_TIME and state:sub(59, 67) == ' - - - - ' then
      one = { middle = state:sub(12, 60), place = state:sub(68), seq = state:sub(68, 83) }
      one.rank, one.lane = one.place:match('^%S+ (%S+) (.*)$')
    else
      one = {}
      one.middle, one.place, one.seq, one.rank, one.lane =
        state:match('^RUNNING %S+ (%S+ %S+ %S+ %S+ %S+ %S+ %S+) %S+ %S+ %S+ ((%S+) (%S+) (.*))$')
    end
    one.state = state
    local name = token:sub(1, 1) .. one.lane
    local lane = lanes[name]
    if not lane then
      local priority, group = one.lane:match('^([^:]+):(.*)$')
      lane = { priority = priority, group = group, isOwn = isOwnPlace(token, priority, group) }
      lanes[name] = lane
    end
    if lane.isOwn then
      one.priority, one.group = lane.priority, lane.group
      held[index] = one
    end
  end
end
for index = 1, count do
  local one = held[index]
  local at = 7 + 5 * (index - 1)
  local id, token, status, detail = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  if not one or seen[id] then
    answers[index] = saidBefore(at)
  else
    seen[id] = true
    answers[index] = status
    if status == 'SUCCESSFUL' then
      if detail == '' then finish(id, status, one.middle, one.place, one.seq, one.group)
      else finish(id, status, one.middle, one.place, one.seq, one.group, 'output', detail:sub(2)) end
    else
      local s = parseState(one.state)
      addError(id, ARGV[at + 4])
      if status == 'READY' then
        local runAfter, rank = detail:match('^(%S+) (%S+)$')
        if s.cancel ~= '1' then s.retries = s.retries + 1 end
        answers[index] = returnToLine(id, s, runAfter, rank)
        if answers[index] == 'READY' and tonumber(runAfter) <= now then sooner[one.group] = true end
      else
        if status == 'FAILED' and detail == '0' then takeBack(id, s, token) end
        finishState(id, status, s)
      end
    end
    endLease(id, token, one.seq, one.rank, one.priority, one.group)
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
