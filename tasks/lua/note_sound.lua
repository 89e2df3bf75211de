-- KEYS: job. ARGV: blob key of the video's sound. From now on the beginning can be played.
-- Returns 1 when this call said so.
local state = state_of(KEYS[1])
if not state or TERMINAL[state] or redis.call('HGET', KEYS[1], 'sound') == ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'sound', ARGV[1])
event(KEYS[1], 'sound', {})
return 1
