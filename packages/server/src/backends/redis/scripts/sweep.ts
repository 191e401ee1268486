import { AUDIT } from "./audit.ts";
import { scriptThatEnds } from "./ending.ts";
import { RECORD_FIELDS } from "./read.ts";
import { lua, type Script } from "./script.ts";

/**
 * Returns what has lost its worker, ends what has expired, and mends some of what somebody has damaged by hand.
 *
 * - KEYS: the partition.
 * - ARGV: the six of ending.ts, the most to change, the most lost attempts, then the beginnings of three errors' JSON
 *   (lost, poisoned, expired), to which the attempt's number, its worker and the rest are added, and that rest.
 * - Result: how many went back, whether more are left, then of each that ended its id and its fields.
 * - States: RUNNING → READY, FAILED or CANCELLED; READY → FAILED.
 */
export const SWEEP: Script = scriptThatEnds(
  AUDIT,
  RECORD_FIELDS,
  lua`
local limit, mostLost = tonumber(ARGV[7]), tonumber(ARGV[8])
local lost, poisoned, expired, rest = ARGV[9], ARGV[10], ARGV[11], ARGV[12]
local returned, finished = 0, {}
local function errorOf(beginning, lease, attempts)
  return beginning .. text(attempts) .. ',"workerId":' .. (workerOf(lease) or 'null') .. rest
end

local over = redis.call('ZRANGEBYSCORE', T .. 'leases', '-inf', text(now), 'LIMIT', 0, limit + 1)
local left = limit - math.min(#over, limit)
local old = redis.call('ZRANGEBYSCORE', T .. 'expiring', '-inf', text(now), 'LIMIT', 0, left + 1)
if #over + #old > 0 then checkShared() end
for index = 1, math.min(#over, limit) do
  local id = over[index]
  local found, isForeign = fieldsOf(id, 'state', 'lease')
  local isRunning = found[1] and found[1]:sub(1, 8) == 'RUNNING '
  local s = isRunning and parseState(found[1])
  if isForeign or (s and not isOwnPlace(found[2] or '', s.priority, s.group)) then
    -- It stays where it is until its keys are right again.
  elseif s then
    local rank, status = s.rank, nil
    if s.counts == '0' then
      status = returnToLine(id, s)
    else
      s.lost = s.lost + 1
      if s.cancel ~= '1' and s.lost >= mostLost then
        addError(id, errorOf(poisoned, found[2], s.attempts))
        finishState(id, 'FAILED', s)
        status = 'FAILED'
      else
        addError(id, errorOf(lost, found[2], s.attempts))
        status = returnToLine(id, s)
      end
    end
    endLease(id, found[2] or '', s.seq, rank, s.priority, s.group)
    if status == 'READY' then
      returned = returned + 1
      if tonumber(s.runAfter) <= now then sooner[s.group] = true end
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
  local found, isForeign = fieldsOf(id, 'state', 'lease')
  local s = found[1] and parseState(found[1])
  local isToEnd = s and s.status == 'READY' and s.started == '-'
  if isForeign or (isToEnd and not isOwnLane(s.priority, s.group)) then
    -- As above.
  elseif isToEnd then
    addError(id, errorOf(expired, found[2], s.attempts))
    finishState(id, 'FAILED', s)
    leaveLine(id, s)
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
