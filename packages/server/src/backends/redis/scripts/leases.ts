import { KEYS_OF_A_PARTITION } from "./keys.ts";
import { NOTICES } from "./notices.ts";
import { lua, type Script, script } from "./script.ts";
import { STATE } from "./state.ts";

const HELD = lua`
local function held(id, token)
  local found = redis.pcall('HMGET', taskKey(id), 'state', 'lease')
  -- A foreign key in the place of a record proves no lease, and keeps nobody from renewing others.
  return isHeld(found[1], found[2], token) and found[1] or nil
end
`;

/**
 * Makes the expiry of leases count as a lost attempt.
 *
 * - KEYS: the partition.
 * - ARGV: of each item: id, token.
 * - Result: of each item 1, or 0 when the lease was lost.
 * - States: RUNNING, which it stays.
 */
export const BEGIN: Script = script(
  KEYS_OF_A_PARTITION,
  STATE,
  HELD,
  lua`
local answers = {}
for index = 1, #ARGV / 2 do
  local id = ARGV[2 * index - 1]
  local state = held(id, ARGV[2 * index])
  answers[index] = state and 1 or 0
  if state then redis.call('HSET', taskKey(id), 'state', withFlags(state, '1')) end
end
return answers
`,
);

/**
 * Moves the ends of leases.
 *
 * - KEYS: the partition.
 * - ARGV: of each item: id, token, when the lease ends now.
 * - Result: of each item 1, 2 when a cancel was asked for, or 0 when the lease was lost.
 * - States: RUNNING, which it stays.
 */
export const RENEW: Script = script(
  KEYS_OF_A_PARTITION,
  STATE,
  HELD,
  lua`
local answers, ends = {}, {}
for index = 1, #ARGV / 3 do
  local id = ARGV[3 * index - 2]
  local state = held(id, ARGV[3 * index - 1])
  answers[index] = state and (state:sub(10, 10) == '1' and 2 or 1) or 0
  if state then
    ends[#ends + 1] = ARGV[3 * index]
    ends[#ends + 1] = id
  end
end
inChunks(ends, 4000, function(...) redis.call('ZADD', T .. 'leases', ...) end)
return answers
`,
);

/**
 * Stores the progress of running attempts.
 *
 * - KEYS: the partition.
 * - ARGV: channel and process, then of each item: id, token, progress.
 * - Result: of each item 1, or 0 when the lease was lost.
 * - States: RUNNING, which it stays.
 */
export const PROGRESS: Script = script(
  KEYS_OF_A_PARTITION,
  "local channel, self = ARGV[1]:match('^(%S+) (%S+)$')",
  NOTICES,
  STATE,
  HELD,
  lua`
redis.call('HLEN', T .. 'waiting')
local answers, changed = {}, {}
for index = 1, (#ARGV - 1) / 3 do
  local id = ARGV[3 * index - 1]
  local state = held(id, ARGV[3 * index])
  answers[index] = state and 1 or 0
  if state then
    redis.call('HSET', taskKey(id), 'progress', ARGV[3 * index + 1])
    changed[#changed + 1] = id
  end
end
tellWaiting(changed, false)
return answers
`,
);
