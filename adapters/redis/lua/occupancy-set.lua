-- Sets how many subscriptions one node has to a channel.
-- KEYS 1 counts of the channel (node -> count)
-- ARGV 1 node, 2 count
-- Result {count of all nodes, 1: something changed}
local before = redis.call('HGET', KEYS[1], ARGV[1]) or '0'
if ARGV[2] == '0' then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
end
local total = 0
for _, count in ipairs(redis.call('HVALS', KEYS[1])) do total = total + tonumber(count) end
return {total, before == ARGV[2] and 0 or 1}
