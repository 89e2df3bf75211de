-- KEYS: job. ARGV: id, fence, video (JSON), job ttl. Returns 1 when this call finished the job.
local state = state_of(KEYS[1])
if not state or TERMINAL[state] then return 0 end
local work = piece_of(KEYS[1], 'merge')
if not has(work, ARGV[2]) then return 0 end
work.state, work.lease = 'done', nil
keep(KEYS[1], 'merge', work)
redis.call('HSET', KEYS[1], 'video', ARGV[3])
local made = cjson.decode(redis.call('HGET', KEYS[1], 'plan'))
local fps, per = string.match(made.fps, '^(%d+)/?(%d*)$')
tally('video_frames', made.n_frames)
redis.call('HINCRBYFLOAT', 'lipchord:tallies', 'video_seconds',
  string.format('%.3f', made.n_frames * (tonumber(per) or 1) / fps))
tally_seconds('run', now() - (redis.call('HGET', KEYS[1], 'started_at') or now()))
finish_as(KEYS[1], ARGV[1], 'succeeded', ARGV[4])
return 1
