-- KEYS: job. ARGV: 'published' (its planning is on the queue) or 'chord_at' (its chunks are).
local state = state_of(KEYS[1])
if not state then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.6f', now()))
if ARGV[1] == 'chord_at' then
  local work = piece_of(KEYS[1], 'plan')
  work.state, work.lease = 'done', nil
  keep(KEYS[1], 'plan', work)
end
return 1
