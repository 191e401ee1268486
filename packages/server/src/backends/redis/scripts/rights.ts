import { KEYS_OF_A_PARTITION } from "./keys.ts";
import { lua, type Script, script } from "./script.ts";

/**
 * Finds out which commands of the other scripts the user may not use, and changes nothing: each is sent in a way that does
 * nothing at a key that is not there. A script that met a forbidden one in its middle would stay half done; only PUBLISH
 * may fail there, which doctor looks at.
 *
 * - KEYS: the partition.
 * - Result: the names of the commands, small.
 * - States: none.
 */
export const RIGHTS: Script = script(
  KEYS_OF_A_PARTITION,
  lua`
local at = T .. 'rights'
local attempts = {
  { 'EXISTS', at }, { 'DEL', at }, { 'PERSIST', at }, { 'PEXPIRE', at, 1 }, { 'TIME' },
  { 'GET', at }, { 'SET', at, '', 'XX' },
  { 'HDEL', at, '' }, { 'HEXISTS', at, '' }, { 'HGET', at, '' }, { 'HGETALL', at }, { 'HINCRBY', at, '', 'no number' },
  { 'HKEYS', at }, { 'HLEN', at }, { 'HMGET', at, '' }, { 'HSET', at, '', '', 'one too many' }, { 'HVALS', at },
  { 'XACK', at, 'group', '0-1' }, { 'XADD', at, 'no id', '', '' }, { 'XDEL', at, '0-1' },
  { 'XGROUP', 'CREATE', at, 'group', '0' }, { 'XGROUP', 'DELCONSUMER', at, 'group', 'consumer' },
  { 'XINFO', 'CONSUMERS', at, 'group' }, { 'XLEN', at }, { 'XPENDING', at, 'group' }, { 'XRANGE', at, '-', '+' },
  { 'XTRIM', at, 'MINID', '0' }, { 'XREADGROUP', 'GROUP', 'group', 'consumer', 'STREAMS', at, '>' },
  { 'ZADD', at, 'XX', 0, '' }, { 'ZCARD', at }, { 'ZCOUNT', at, 0, 0 }, { 'ZMSCORE', at, '' },
  { 'ZRANDMEMBER', at, 1 }, { 'ZRANGE', at, 0, 0 }, { 'ZRANGEBYLEX', at, '-', '+' }, { 'ZRANGEBYSCORE', at, 0, 0 },
  { 'ZREM', at, '' }, { 'ZREMRANGEBYRANK', at, 0, 0 }, { 'ZREVRANGEBYSCORE', at, 0, 0 }, { 'ZSCORE', at, '' },
}
local forbidden = {}
for _, attempt in ipairs(attempts) do
  local answer = redis.pcall(unpack(attempt))
  local problem = type(answer) == 'table' and answer.err or ''
  if problem:find('NOPERM', 1, true) or problem:find('user executing the script', 1, true) then
    forbidden[#forbidden + 1] = attempt[1]:lower()
  end
end
return forbidden
`,
);
