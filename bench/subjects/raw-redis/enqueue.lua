-- Stores tasks in the stream of their priority, and leaves a token for a worker that waits.
-- KEYS: 1 priorities in use (sorted set)  2 wake (list)
-- ARGV: 1 prefix  2 priority  3 rank, then of each task: id, facts
local prefix, priority, rank = ARGV[1], ARGV[2], ARGV[3]
local stream = prefix .. 'ready:' .. priority
if redis.call('ZADD', KEYS[1], 'NX', priority, priority) == 1 then
  redis.call('XGROUP', 'CREATE', stream, 'workers', '0', 'MKSTREAM')
end
for at = 4, #ARGV, 2 do
  redis.call('HSET', prefix .. 'task:' .. ARGV[at], 'facts', ARGV[at + 1], 'state', 'READY', 'attempts', 0)
  redis.call('XADD', stream, '*', 'id', ARGV[at], 'rank', rank)
end
if redis.call('EXISTS', KEYS[2]) == 0 then
  redis.call('LPUSH', KEYS[2], 1)
end
