-- Replaces the info of a member.
-- KEYS 1 infos (user -> info), 2 connections (user -> count)
-- ARGV 1 user, 2 info
-- Result 1; 0: no member
if redis.call('HEXISTS', KEYS[2], ARGV[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
