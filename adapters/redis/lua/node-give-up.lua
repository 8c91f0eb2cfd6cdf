-- Declares a silent node dead: from now on its heartbeats are refused, it has to come back as another node.
-- KEYS 1 alive (nodes by their last heartbeat), 2 dead (nodes by the time they were given up)
-- ARGV 1 node, 2 silence in ms after which a node is dead
-- Result 1: it is dead; 0: it has been heard of
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local last = redis.call('ZSCORE', KEYS[1], ARGV[1])
if last and tonumber(last) > now - tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[2], 'NX', now, ARGV[1])
return 1
