import { AUDIT } from "./audit.ts";
import { ENDING } from "./ending.ts";
import { FOREIGN_KEYS } from "./foreign-keys.ts";
import { KEYS_OF_A_PARTITION } from "./keys.ts";
import { LINE } from "./line.ts";
import { NOTICES } from "./notices.ts";
import { RECORD_FIELDS } from "./read.ts";
import { lua, type Script, script } from "./script.ts";
import { ENDING_ARGUMENTS } from "./settle.ts";

/**
 * Returns what has lost its worker, ends what has expired, and mends some of what somebody has damaged by hand.
 *
 * - KEYS: the partition.
 * - ARGV: the six of settle.ts, the most to change, the most lost attempts, then the beginnings of three errors' JSON
 *   (lost, poisoned, expired), to which the attempt's number, its worker and the rest are added, and that rest.
 * - Result: how many went back, whether more are left, then of each that ended its id and its fields.
 * - States: RUNNING → READY, FAILED or CANCELLED; READY → FAILED.
 */
export const SWEEP: Script = script(
  "sweep",
  KEYS_OF_A_PARTITION,
  ENDING_ARGUMENTS,
  FOREIGN_KEYS,
  LINE,
  NOTICES,
  ENDING,
  RECORD_FIELDS,
  AUDIT,
  lua`
local limit, mostLost = tonumber(ARGV[7]), tonumber(ARGV[8])
local lost, poisoned, expired, rest = ARGV[9], ARGV[10], ARGV[11], ARGV[12]
local returned, finished = 0, {}
local function errorOf(beginning, id, attempts)
  local worker = lastWorker(id)
  return beginning .. text(attempts) .. ',"workerId":' .. (worker and cjson.encode(worker) or 'null') .. rest
end

local over = redis.call('ZRANGEBYSCORE', T .. 'leases', '-inf', text(now), 'LIMIT', 0, limit + 1)
local left = limit - math.min(#over, limit)
local old = redis.call('ZRANGEBYSCORE', T .. 'expiring', '-inf', text(now), 'LIMIT', 0, left + 1)
if #over + #old > 0 then checkShared() end
for index = 1, math.min(#over, limit) do
  local id = over[index]
  local found, isForeign = fieldsOf(id, 'state', 'lease', 'place')
  local isRunning = found[1] and found[1]:sub(1, 8) == 'RUNNING '
  local seq, rank, priority, group
  if isRunning then seq, rank, priority, group = placeOf(found[3]) end
  if isForeign or (isRunning and not isOwnPlace(found[2] or '', priority, group)) then
    -- It stays where it is until its keys are right again.
  elseif isRunning then
    local s = parseState(found[1])
    local status
    if s.counts == '0' then
      status = returnToLine(id, s, found[3])
    else
      s.lost = s.lost + 1
      if s.cancel ~= '1' and s.lost >= mostLost then
        addError(id, errorOf(poisoned, id, s.attempts))
        finish(id, 'FAILED', middleOf(s), seq, group)
        status = 'FAILED'
      else
        addError(id, errorOf(lost, id, s.attempts))
        status = returnToLine(id, s, found[3])
      end
    end
    endLease(id, found[2], seq, rank, priority, group)
    if status == 'READY' then
      returned = returned + 1
      if tonumber(s.runAfter) <= now then sooner[group] = true end
    else
      finished[#finished + 1] = id
    end
  else
    redis.call('ZREM', T .. 'leases', id)
    if not found[1] then forgetGone(id) end
  end
end

for index = 1, math.min(#old, left) do
  local id = old[index]
  local found, isForeign = fieldsOf(id, 'state', 'place')
  local s = found[1] and parseState(found[1])
  local isToEnd = s and s.status == 'READY' and s.started == '-'
  local seq, rank, priority, group
  if isToEnd then seq, rank, priority, group = placeOf(found[2]) end
  if isForeign or (isToEnd and not isOwnLane(priority, group)) then
    -- As above.
  elseif isToEnd then
    addError(id, errorOf(expired, id, s.attempts))
    finish(id, 'FAILED', middleOf(s), seq, group)
    leaveLine(id, found[2], s.runAfter)
    finished[#finished + 1] = id
  else
    -- What was claimed comes back here when it is given back as never started.
    redis.call('ZREM', T .. 'expiring', id)
  end
end

audit()
settleEnds()
settleLine()
tellIdle(sooner)
if broken and returned == 0 and #finished == 0 then return redis.error_reply(broken) end
local answer = { returned, (#over > limit or #old > left) and 1 or 0 }
for _, id in ipairs(finished) do
  answer[#answer + 1] = id
  answer[#answer + 1] = recordOf(id)
end
return answer
`,
);
