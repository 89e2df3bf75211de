-- KEYS: job. ARGV: plan (JSON), then for each chunk: first frame, frame count, and the key of its
-- blob where an earlier job has rendered it, else ''.
-- The first plan stands; returns 1 when it was this one, 0 when another came first, -1 to stop.
local state = state_of(KEYS[1])
if not state or TERMINAL[state] then return -1 end
if redis.call('HSETNX', KEYS[1], 'plan', ARGV[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], 'stage', 'rendering', 'planned_at', string.format('%.6f', now()))
local reused, reused_frames = 0, 0
-- Fences of a plan that was given up are not given again (replan.lua).
local fence = 1000 * tonumber(redis.call('HGET', KEYS[1], 'replanned') or 0)
for i = 2, #ARGV, 3 do
  local chunk = {
    first_frame = tonumber(ARGV[i]), n_frames = tonumber(ARGV[i + 1]), state = 'queued',
    frames_done = 0, attempts = 0, fence = fence }
  if ARGV[i + 2] ~= '' then
    chunk.state, chunk.frames_done, chunk.key, chunk.reused = 'done', chunk.n_frames, ARGV[i + 2], true
    reused, reused_frames = reused + 1, reused_frames + chunk.n_frames
  end
  redis.call('HSET', KEYS[1] .. ':chunks', (i - 2) / 3, cjson.encode(chunk))
end
redis.call('HSET', KEYS[1], 'left', (#ARGV - 1) / 3 - reused)
tally('chunks:reused', reused)
tally('frames:reused', reused_frames)
event(KEYS[1], 'planned', { chunks = (#ARGV - 1) / 3, reused = reused })
return 1
