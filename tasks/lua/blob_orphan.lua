-- ARGV: part, grace (s). Returns 1 when it was dropped: no blob has it, and none is being put.
local key = 'lipchord:part:' .. ARGV[1]
local idle = redis.call('OBJECT', 'IDLETIME', key)
if not idle or idle < tonumber(ARGV[2]) or used(ARGV[1]) then return 0 end
return redis.call('DEL', key)
