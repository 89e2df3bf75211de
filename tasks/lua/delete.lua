-- KEYS: job. Its video is gone from now on. Returns 1 when the job is over, 0: it runs, -1: none.
local state = state_of(KEYS[1])
if not state then return -1 end
if not TERMINAL[state] then return 0 end
if redis.call('HSETNX', KEYS[1], 'deleted_at', string.format('%.6f', now())) == 1 then
  redis.call('HDEL', KEYS[1], 'video')
  event(KEYS[1], 'deleted', {})
end
return 1
