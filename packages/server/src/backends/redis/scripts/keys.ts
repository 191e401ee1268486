import { lua } from "./script.ts";

/**
 * The keys of one partition; all begin with its hash tag, such as `{taskwright:0}:`, which is KEYS[1].
 *
 * A group is a path and a queue, written `<bytes of the path>:<path>:<queue>`; a lane is a group with a priority, written
 * `<priority>:<group>`.
 *
 * | key | type | holds |
 * |---|---|---|
 * | `task:<id>` | hash | a task result: `task` (JSON of what never changes, a newline, and the input if there is one), `state` (see state.ts), `lease` (token and worker of the latest attempt), `workers` (of earlier ones), `errors`, `output`, `progress`, `deduplication` |
 * | `ready:<lane>` | stream | due ones in the order of their arrival, with a consumer group; an entry's id is its rank and sequence |
 * | `back:<group>` | sorted set | due ones that came out of order (delayed, retried, given back), by rank |
 * | `later:<group>` | sorted set | those that wait for their time, by it |
 * | `sources:<group>` | hash | the first undelivered of each stream (by priority) and of `back`: rank and sequence |
 * | `heads` | sorted set | groups by the rank of their first due one |
 * | `later` | sorted set | groups by the time of their next later one |
 * | `leases` | sorted set | ids by the end of their lease |
 * | `expiring` | sorted set | ids by when they expire unless they have started |
 * | `groups` | sorted set | every group that has task results |
 * | `open:<group>` | sorted set | READY and RUNNING ids by sequence |
 * | `<status>:<group>` | sorted set | finished ids by sequence |
 * | `ended:<status>` | sorted set | id and group by the time of the end |
 * | `running` | hash | how many run, by group |
 * | `holds`, `holdEnds` | hash, sorted set | deduplication keys: until when, by whom, whether freed; and by the end of their window |
 * | `idle` | hash | processes to wake, with their queues and paths |
 * | `waiting` | hash | ids with the processes that wait for their results |
 * | `seq`, `tokens`, `version` | string | the last sequence, the last token, the version of all this |
 * | `schedules` | hash | in the first partition, schedules by id: revision, next time, `<bytes of the path>:<path>`, a newline, JSON (see schedules.ts) |
 * | `scheduleIds` | sorted set | each schedule as `<id> <path>`, all with the score 0 |
 * | `ticks` | sorted set | the same by the next time, those without one at infinity |
 * | `audit` | string | when the last look at all records began, and how far it got |
 */
export const KEYS_OF_A_PARTITION: string = lua`
-- A global is found by way of a metatable, which takes longer than most of what is done with it.
local redis, KEYS, ARGV, cjson, string, table, math = redis, KEYS, ARGV, cjson, string, table, math
local ipairs, pairs, tonumber, type, unpack = ipairs, pairs, tonumber, type, unpack
local T = KEYS[1]
local function key(name, of) return T .. name .. ':' .. of end
local function taskKey(id) return T .. 'task:' .. id end
local function text(number) return string.format('%.0f', number) end
local function pathAndQueue(group)
  local length, from = group:match('^(%d+):()')
  length = tonumber(length)
  return group:sub(from, from + length - 1), group:sub(from + length + 1)
end
-- A Lua function takes so many arguments at once only.
local function inChunks(args, size, run)
  for from = 1, #args, size do run(unpack(args, from, math.min(from + size - 1, #args))) end
end
-- The list of a name, which begins empty.
local function listOf(lists, name)
  local list = lists[name]
  if not list then
    list = {}
    lists[name] = list
  end
  return list
end
`;
