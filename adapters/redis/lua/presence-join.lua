-- A socket of one node joins a presence channel as a user.
-- KEYS 1 infos (user -> info), 2 connections (user -> count), 3 order (users by arrival), 4 sockets of the node (socket -> user)
-- ARGV 1 socket, 2 user, 3 info, 4 most users, or '' for any number
-- Result {1: the user was not present, 0: it was, -1: the channel is full; users in order; their infos}
local known = redis.call('HGET', KEYS[4], ARGV[1])
local isFirst = 0
if known then
  -- Joining again replaces the info; another name does not count (divergence D24).
  if known == ARGV[2] then redis.call('HSET', KEYS[1], ARGV[2], ARGV[3]) end
else
  local isPresent = redis.call('HEXISTS', KEYS[2], ARGV[2]) == 1
  if not isPresent and ARGV[4] ~= '' and redis.call('HLEN', KEYS[2]) >= tonumber(ARGV[4]) then
    return {-1, {}, {}}
  end
  redis.call('HSET', KEYS[4], ARGV[1], ARGV[2])
  redis.call('HINCRBY', KEYS[2], ARGV[2], 1)
  redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
  if not isPresent then
    isFirst = 1
    local last = redis.call('ZREVRANGE', KEYS[3], 0, 0, 'WITHSCORES')
    redis.call('ZADD', KEYS[3], (tonumber(last[2]) or 0) + 1, ARGV[2])
  end
end
local users = redis.call('ZRANGE', KEYS[3], 0, -1)
local infos = {}
for i, user in ipairs(users) do infos[i] = redis.call('HGET', KEYS[1], user) end
return {isFirst, users, infos}
