-- Makes the sockets of one node in a presence channel exactly those given. None: the node is gone.
-- KEYS 1 infos (user -> info), 2 connections (user -> count), 3 order (users by arrival), 4 sockets of the node (socket -> user)
-- ARGV socket, user, info of each
-- Result {users that have no connection any more; users that had none before}
local wanted, added, gone = {}, {}, {}
for i = 1, #ARGV, 3 do
  local socket, user, info = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  wanted[socket] = true
  if redis.call('HSETNX', KEYS[4], socket, user) == 1 then
    if redis.call('HINCRBY', KEYS[2], user, 1) == 1 then
      local last = redis.call('ZREVRANGE', KEYS[3], 0, 0, 'WITHSCORES')
      redis.call('ZADD', KEYS[3], (tonumber(last[2]) or 0) + 1, user)
      added[#added + 1] = user
    end
    redis.call('HSETNX', KEYS[1], user, info)
  end
end
local present = redis.call('HGETALL', KEYS[4])
for i = 1, #present, 2 do
  local socket, user = present[i], present[i + 1]
  if not wanted[socket] then
    redis.call('HDEL', KEYS[4], socket)
    if redis.call('HINCRBY', KEYS[2], user, -1) <= 0 then
      redis.call('HDEL', KEYS[2], user)
      redis.call('HDEL', KEYS[1], user)
      redis.call('ZREM', KEYS[3], user)
      gone[#gone + 1] = user
    end
  end
end
return {gone, added}
