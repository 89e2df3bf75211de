-- KEYS: job. ARGV: chunk index, fence, frames done. Returns 1 to go on, 0 to stop.
local state = state_of(KEYS[1])
local raw = redis.call('HGET', KEYS[1] .. ':chunks', ARGV[1])
if not state or TERMINAL[state] or not raw then return 0 end
local chunk = cjson.decode(raw)
if chunk.state == 'done' or chunk.fence ~= tonumber(ARGV[2]) then return 0 end
-- A second attempt starts again at frame 0: what is shown never falls.
if tonumber(ARGV[3]) > chunk.frames_done then
  chunk.frames_done = tonumber(ARGV[3])
  redis.call('HSET', KEYS[1] .. ':chunks', ARGV[1], cjson.encode(chunk))
  event(KEYS[1], 'progress', { chunk = ARGV[1], frames = ARGV[3] })
end
return 1
