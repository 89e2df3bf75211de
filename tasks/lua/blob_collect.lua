-- ARGV: blob, then the jobs that may lose it. Returns 1 when it was dropped, 0: another owns it.
local over = {}
for i = 2, #ARGV do over[ARGV[i]] = true end
local owners = redis.call('SMEMBERS', 'lipchord:owners:' .. ARGV[1])
for _, job in ipairs(owners) do
  if not over[job] then return 0 end
end
for _, job in ipairs(owners) do redis.call('SREM', 'lipchord:holds:' .. job, ARGV[1]) end
drop(ARGV[1])
return 1
