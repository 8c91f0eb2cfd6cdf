-- Adds 1 to a counter of a fixed window.
-- KEYS 1 the key
-- ARGV 1 window in ms from the first use, 2 now in ms, or '' for the server's clock
-- Result {count, end of the window in ms as text}
-- A counter is stored as '<end in ms> <count>'.
local now = tonumber(ARGV[2])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local count, ends = 0, now + tonumber(ARGV[1])
local present = redis.call('GET', KEYS[1])
if present then
  local presentEnd, presentCount = string.match(present, '^(%d+) (%d+)$')
  if presentEnd and tonumber(presentEnd) > now then
    ends = tonumber(presentEnd)
    count = tonumber(presentCount)
  end
end
count = count + 1
local text = string.format('%.0f', ends)
redis.call('SET', KEYS[1], text .. ' ' .. string.format('%.0f', count), 'PX', math.max(1, ends - now))
return {count, text}
