-- KEYS: job. ARGV: plan (JSON), then for each chunk: first frame, frame count.
-- The first plan stands; returns 1 when it was this one, 0 when another came first, -1 to stop.
local state = state_of(KEYS[1])
if not state or TERMINAL[state] then return -1 end
if redis.call('HSETNX', KEYS[1], 'plan', ARGV[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], 'stage', 'rendering', 'planned_at', string.format('%.6f', now()))
for i = 2, #ARGV, 2 do
  local index = (i - 2) / 2
  redis.call('HSET', KEYS[1] .. ':chunks', index, cjson.encode({
    first_frame = tonumber(ARGV[i]), n_frames = tonumber(ARGV[i + 1]), state = 'queued',
    frames_done = 0, attempts = 0, fence = 0 }))
end
event(KEYS[1], 'planned', { chunks = (#ARGV - 1) / 2 })
return 1
