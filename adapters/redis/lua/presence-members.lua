-- The members of a presence channel.
-- KEYS 1 infos (user -> info), 2 order (users by arrival)
-- Result {users in order, their infos}
local users = redis.call('ZRANGE', KEYS[2], 0, -1)
local infos = {}
for i, user in ipairs(users) do infos[i] = redis.call('HGET', KEYS[1], user) end
return {users, infos}
