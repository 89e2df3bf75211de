-- KEYS: job. ARGV: how far planning is, 0..1. Returns 0 to stop: the job is over, or unknown.
local state = state_of(KEYS[1])
if not state or TERMINAL[state] then return 0 end
redis.call('HSET', KEYS[1], 'planning', ARGV[1])
return 1
