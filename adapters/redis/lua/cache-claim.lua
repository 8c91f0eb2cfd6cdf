-- Sets a key that is free.
-- KEYS 1 the key
-- ARGV 1 value, 2 lifetime in ms, 3 now in ms, or '' for the server's clock
-- Result 1: it was free; 0: it is taken
-- A value is stored as '<end in ms> <value>'.
local now = tonumber(ARGV[3])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local present = redis.call('GET', KEYS[1])
if present and tonumber(string.match(present, '^(%d+) ')) > now then return 0 end
local lifetime = tonumber(ARGV[2])
redis.call('SET', KEYS[1], string.format('%.0f ', now + lifetime) .. ARGV[1], 'PX', lifetime)
return 1
