-- KEYS: job. ARGV: id, fence, video (JSON), job ttl. Returns 1 when this call finished the job.
local state = state_of(KEYS[1])
if not state or TERMINAL[state] then return 0 end
if redis.call('HGET', KEYS[1], 'merge_fence') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'video', ARGV[3])
finish_as(KEYS[1], ARGV[1], 'succeeded', ARGV[4])
return 1
