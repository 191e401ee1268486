import { lua } from "./script.ts";

/**
 * The state of a task result, words in one text: status, two flags (whether the lease's end counts, whether a cancel was
 * asked for), runAfter, attempts, retriesUsed, lostAttempts, startedAt, lastAttemptedAt, expiresAt, finishedAt, the
 * startedAt and lastAttemptedAt before the latest attempt, sequence, rank, lane; `-` for none.
 */
export const STATE: string = lua`
local function parseState(state)
  local status, counts, cancel, runAfter, attempts, retries, lost, started, last, expires, finished, beforeStarted, beforeLast, seq, rank, priority, group =
    state:match('^(%S+) (%S)(%S) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) ([^:]+):(.*)$')
  return {
    status = status, counts = counts, cancel = cancel, runAfter = runAfter, attempts = tonumber(attempts),
    retries = tonumber(retries), lost = tonumber(lost), started = started, last = last, expires = expires,
    finished = finished, beforeStarted = beforeStarted, beforeLast = beforeLast,
    seq = seq, rank = rank, priority = priority, group = group,
  }
end
-- runAfter to expiresAt.
local function middleOf(s)
  return s.runAfter .. ' ' .. s.attempts .. ' ' .. s.retries .. ' ' .. s.lost .. ' ' .. s.started .. ' ' .. s.last .. ' ' .. s.expires
end
-- Sequence, rank and lane.
local function placeOf(s)
  return s.seq .. ' ' .. s.rank .. ' ' .. s.priority .. ':' .. s.group
end
local function isHeld(state, lease, token)
  return state and state:sub(1, 8) == 'RUNNING ' and lease and lease:sub(1, #token + 1) == token .. ' '
end
local function withFlags(state, counts, cancel)
  return state:sub(1, 8) .. (counts or state:sub(9, 9)) .. (cancel or state:sub(10, 10)) .. state:sub(11)
end
`;
