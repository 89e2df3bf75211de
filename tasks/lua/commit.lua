-- KEYS: job. ARGV: chunk index, fence, blob key, frame count.
-- Returns 1 committed, 0 done before, -1 a stale fence or a job that is over, -2 a wrong count.
local state = state_of(KEYS[1])
local raw = redis.call('HGET', KEYS[1] .. ':chunks', ARGV[1])
if not state or TERMINAL[state] or not raw then return -1 end
local chunk = cjson.decode(raw)
if chunk.state == 'done' then return 0 end
if chunk.fence ~= tonumber(ARGV[2]) then return -1 end
if chunk.n_frames ~= tonumber(ARGV[4]) then return -2 end
local t = now()
chunk.state, chunk.frames_done, chunk.key = 'done', chunk.n_frames, ARGV[3]
chunk.seconds = t - chunk.started_at
redis.call('HSET', KEYS[1] .. ':chunks', ARGV[1], cjson.encode(chunk))
redis.call('HSET', KEYS[1], 'rendered_at', string.format('%.6f', t))
event(KEYS[1], 'chunk', { chunk = ARGV[1], worker = chunk.worker })
return 1
