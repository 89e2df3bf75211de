-- KEYS: job. ARGV: id, fence, video (JSON), job ttl. Returns 1 when this call finished the job.
local state = state_of(KEYS[1])
if not state or TERMINAL[state] then return 0 end
local work = piece_of(KEYS[1], 'merge')
if not has(work, ARGV[2]) then return 0 end
work.state, work.lease = 'done', nil
keep(KEYS[1], 'merge', work)
redis.call('HSET', KEYS[1], 'video', ARGV[3])
-- Counts are no reason to lose a video: a record without a plan or a start has none.
local plan, began = unpack(redis.call('HMGET', KEYS[1], 'plan', 'started_at'))
if plan and began then
  local made = cjson.decode(plan)
  local fps, per = string.match(made.fps, '^(%d+)/?(%d*)$')
  local seconds = made.n_frames * (tonumber(per) or 1) / fps
  tally('video_frames', made.n_frames)
  redis.call('HINCRBYFLOAT', 'lipchord:tallies', 'video_seconds', string.format('%.3f', seconds))
  tally_seconds('run', now() - began)
end
finish_as(KEYS[1], ARGV[1], 'succeeded', ARGV[4])
return 1
