-- KEYS: job. ARGV: worker, lease (s), most attempts, job ttl, id.
-- Returns {outcome, fence}: 'plan', 'planned' (only the chord is to be published), 'held' (a live
-- lease elsewhere), 'stop' (over, or rendered already), 'exhausted' (the job has failed).
local state = state_of(KEYS[1])
if not state or TERMINAL[state] or redis.call('HEXISTS', KEYS[1], 'chord_at') == 1 then
  return { 'stop', 0 }
end
local work = piece_of(KEYS[1], 'plan')
local outcome = take(KEYS[1], 'plan', work, ARGV[1], ARGV[2], ARGV[3])
if outcome == 'exhausted' then exhaust(KEYS[1], ARGV[5], 'plan', work, ARGV[4]) end
if outcome ~= 'taken' then return { outcome, 0 } end
if redis.call('HEXISTS', KEYS[1], 'plan') == 1 then return { 'planned', work.fence } end
redis.call('HSET', KEYS[1], 'state', 'running', 'stage', 'planning')
if redis.call('HSETNX', KEYS[1], 'started_at', string.format('%.6f', now())) == 1 then
  tally_seconds('wait', now() - redis.call('HGET', KEYS[1], 'created_at'))
end
event(KEYS[1], 'planning', { worker = ARGV[1], attempt = work.attempts })
return { 'plan', work.fence }
