-- A node says that it lives, and hears who does not. The clock is the server's, so nodes need not agree on the time.
-- KEYS 1 alive (nodes by their last heartbeat), 2 dead (nodes by the time they were given up)
-- ARGV 1 node, 2 silence in ms after which a node is dead, 3 how long a dead node is remembered, in ms
-- Result {'new' | 'known' | 'dead': what the node was, 1: it leads (the smallest living id), dead nodes to be cleared away}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - tonumber(ARGV[3]))
if redis.call('ZSCORE', KEYS[2], ARGV[1]) then return {'dead', 0, {}} end
local was = redis.call('ZSCORE', KEYS[1], ARGV[1]) and 'known' or 'new'
redis.call('ZADD', KEYS[1], now, ARGV[1])
local silent = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[2]))
local leads = 1
for _, node in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. (now - tonumber(ARGV[2])), '+inf')) do
  if node < ARGV[1] then leads = 0 end
end
return {was, leads, silent}
