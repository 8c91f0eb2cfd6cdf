-- A socket of one node leaves a presence channel.
-- KEYS 1 infos (user -> info), 2 connections (user -> count), 3 order (users by arrival), 4 sockets of the node (socket -> user)
-- ARGV 1 socket
-- Result {user, 1: it has no further connection, 0: it has}; nothing: the socket is unknown
local user = redis.call('HGET', KEYS[4], ARGV[1])
if not user then return false end
redis.call('HDEL', KEYS[4], ARGV[1])
if redis.call('HINCRBY', KEYS[2], user, -1) > 0 then return {user, 0} end
redis.call('HDEL', KEYS[2], user)
redis.call('HDEL', KEYS[1], user)
redis.call('ZREM', KEYS[3], user)
return {user, 1}
