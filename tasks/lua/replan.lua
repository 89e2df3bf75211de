-- KEYS: job. ARGV: chunk index, its fence, most times, the failure after them (JSON), ttl, id.
-- The workers that the job was planned for are gone: it is planned anew for those that are there.
-- What has a fence keeps counting it up, so that nobody of the old plan can say a word to the new.
-- Returns 'queued', 'exhausted' (the job has failed) or 'stale'.
local job = KEYS[1]
local state = state_of(job)
if not state or TERMINAL[state] or not has(piece_of(job, ARGV[1]), ARGV[2]) then return 'stale' end
event(job, 'replanned', { chunk = ARGV[1] })
if redis.call('HINCRBY', job, 'replanned', 1) > tonumber(ARGV[3]) then
  redis.call('HSET', job, 'failure', ARGV[4])
  finish_as(job, ARGV[6], 'failed', ARGV[5])
  return 'exhausted'
end
local done, all = 0, 0
for _, raw in ipairs(redis.call('HVALS', job .. ':chunks')) do
  local chunk = cjson.decode(raw)
  done, all = done + chunk.frames_done, all + chunk.n_frames
end
local shown = math.max(done / all, tonumber(redis.call('HGET', job, 'shown') or 0))
redis.call('DEL', job .. ':chunks')
redis.call('HDEL', job, 'plan', 'renderers', 'planning', 'planned_at', 'chord_at', 'rendered_at',
  'merge_at')
-- The chord of the old plan counts its own chunks: the last commit publishes the merge.
redis.call('HSET', job, 'stage', 'planning', 'outside', 1, 'shown', shown)
for _, name in ipairs({ 'plan', 'merge' }) do
  local work = piece_of(job, name)
  work.state, work.lease, work.attempts, work.fence = 'queued', nil, 0, work.fence + 1
  work.published_at = name == 'plan' and now() or nil
  keep(job, name, work)
end
return 'queued'
