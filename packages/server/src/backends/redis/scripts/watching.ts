import { KEYS_OF_A_PARTITION } from "./keys.ts";
import { IDLE } from "./notices.ts";
import { lua, type Script, script } from "./script.ts";

/**
 * Says that a process is to be woken when something is due in some queues.
 *
 * - KEYS: the partition.
 * - ARGV: the process, what it is to be woken for, or `""` to withdraw.
 * - States: none.
 */
export const AWAIT_READY: Script = script(
  KEYS_OF_A_PARTITION,
  IDLE,
  lua`
if ARGV[2] == '' then redis.call('HDEL', T .. 'idle', ARGV[1])
else awaitReady(ARGV[1], ARGV[2]) end
return 1
`,
);

/** After this time without a repetition nobody waits any more, in milliseconds. */
const FORGOTTEN_AFTER_MS = 600_000;

/**
 * Says that a process waits for results; said again now and then.
 *
 * - KEYS: the partition.
 * - ARGV: the process, then ids.
 * - States: none.
 */
export const AWAIT_RESULTS: Script = script(
  KEYS_OF_A_PARTITION,
  lua`
for index = 2, #ARGV do
  local processes = redis.call('HGET', T .. 'waiting', ARGV[index])
  if not processes then redis.call('HSET', T .. 'waiting', ARGV[index], ARGV[1])
  elseif not (' ' .. processes .. ' '):find(' ' .. ARGV[1] .. ' ', 1, true) then
    redis.call('HSET', T .. 'waiting', ARGV[index], processes .. ' ' .. ARGV[1])
  end
end
redis.call('PEXPIRE', T .. 'waiting', ${FORGOTTEN_AFTER_MS})
return 1
`,
);

/**
 * Says that a process waits for a result no longer.
 *
 * - KEYS: the partition.
 * - ARGV: the process, then ids.
 * - States: none.
 */
export const FORGO_RESULTS: Script = script(
  KEYS_OF_A_PARTITION,
  lua`
for index = 2, #ARGV do
  local processes = redis.call('HGET', T .. 'waiting', ARGV[index])
  if processes then
    local others = {}
    for process in processes:gmatch('%S+') do
      if process ~= ARGV[1] then others[#others + 1] = process end
    end
    if #others == 0 then redis.call('HDEL', T .. 'waiting', ARGV[index])
    else redis.call('HSET', T .. 'waiting', ARGV[index], table.concat(others, ' ')) end
  end
end
return 1
`,
);
