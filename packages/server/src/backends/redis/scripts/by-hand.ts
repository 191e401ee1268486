import { scriptThatEnds } from "./ending.ts";
import { lua, type Script } from "./script.ts";

const FIND = lua`
local id = ARGV[7]
local found = redis.call('HMGET', taskKey(id), 'state', 'lease')
local s
if found[1] then
  s = parseState(found[1])
  checkShared()
  if not isOwnLane(s.priority, s.group) then return redis.error_reply(broken) end
end
`;

/**
 * Cancels a task result.
 *
 * - KEYS: the partition.
 * - ARGV: the six of ending.ts, the id.
 * - Result: `cancelled`, `requested`, `finished` or `not-found`.
 * - States: READY → CANCELLED; RUNNING stays that, with a flag, and its worker is told.
 */
export const CANCEL: Script = scriptThatEnds(
  FIND,
  lua`
if not s then return 'not-found' end
if s.status == 'RUNNING' then
  redis.call('HSET', taskKey(id), 'state', withFlags(found[1], nil, '1'))
  local worker = workerOf(found[2])
  if worker then redis.pcall('PUBLISH', channel .. ':cancels:' .. cjson.decode('[' .. worker .. ']')[1], id) end
  return 'requested'
end
if s.status ~= 'READY' then return 'finished' end
finishState(id, 'CANCELLED', s)
leaveLine(id, s)
settleEnds()
settleLine()
return 'cancelled'
`,
);

/**
 * Puts a task result that went wrong back in line.
 *
 * - KEYS: the partition.
 * - ARGV: the six of ending.ts, the id, runAfter, rank.
 * - Result: `requeued`, `not-retryable` or `not-found`.
 * - States: FAILED or CANCELLED → READY.
 */
export const REQUEUE: Script = scriptThatEnds(
  FIND,
  lua`
if not s then return 'not-found' end
if s.status ~= 'FAILED' and s.status ~= 'CANCELLED' then return 'not-retryable' end
local status = s.status
s.retries, s.lost, s.expires, s.cancel = 0, 0, '-', '0'
returnToLine(id, s, ARGV[8], ARGV[9])
redis.call('PERSIST', taskKey(id))
redis.call('ZREM', T .. status .. ':' .. s.group, id)
redis.call('ZREM', key('ended', status), id .. ' ' .. s.group)
redis.call('ZADD', key('open', s.group), s.seq, id)
redis.call('ZADD', T .. 'groups', 0, s.group)
holdAgain(id)
settleLine()
if tonumber(ARGV[8]) <= now then sooner[s.group] = true end
tellIdle(sooner)
return 'requeued'
`,
);

/**
 * Deletes a task result and frees its deduplication key.
 *
 * - KEYS: the partition.
 * - ARGV: the six of ending.ts, the id.
 * - Result: `deleted`, `running` or `not-found`.
 * - States: READY or finished → nothing.
 */
export const DELETE: Script = scriptThatEnds(
  FIND,
  lua`
if not s then return 'not-found' end
if s.status == 'RUNNING' then return 'running' end
freeHold(id, true)
if s.status == 'READY' then
  leaveLine(id, s)
  redis.call('ZREM', key('open', s.group), id)
  redis.call('ZREM', T .. 'expiring', id)
else
  redis.call('ZREM', T .. s.status .. ':' .. s.group, id)
  redis.call('ZREM', key('ended', s.status), id .. ' ' .. s.group)
end
redis.call('DEL', taskKey(id))
forgetIfEmpty(s.group)
settleLine()
return 'deleted'
`,
);
