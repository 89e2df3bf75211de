-- KEYS: job. Returns 'plan', 'planned' (a redelivery: only the chord is to be published), or 'stop'.
local state = state_of(KEYS[1])
if not state or TERMINAL[state] then return 'stop' end
if redis.call('HEXISTS', KEYS[1], 'plan') == 1 then return 'planned' end
redis.call('HSET', KEYS[1], 'state', 'running', 'stage', 'planning')
redis.call('HSETNX', KEYS[1], 'started_at', string.format('%.6f', now()))
event(KEYS[1], 'planning', {})
return 'plan'
