-- KEYS: job. ARGV: id, state (failed, canceled, expired), failure (JSON or ''), job ttl.
-- Returns 1 when this call ended the job, 0 when it was over, -1 when there is none.
local state = state_of(KEYS[1])
if not state then return -1 end
if TERMINAL[state] then return 0 end
if ARGV[3] ~= '' then redis.call('HSET', KEYS[1], 'failure', ARGV[3]) end
finish_as(KEYS[1], ARGV[1], ARGV[2], ARGV[4])
return 1
