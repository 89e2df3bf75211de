-- KEYS: job. ARGV: the merge's fence, chunk index, reason, error, most attempts, job ttl, id.
-- A chunk whose video turned out to be missing or damaged is to be rendered again; the merge that
-- found it ends, and comes again when all is in. What is shown as done stays as it was.
-- Returns 'queued', 'exhausted' (the job has failed) or 'stale'.
local state = state_of(KEYS[1])
local work, chunk = piece_of(KEYS[1], 'merge'), piece_of(KEYS[1], ARGV[2])
if not state or TERMINAL[state] or not has(work, ARGV[1]) or not chunk or chunk.state ~= 'done' then
  return 'stale'
end
work.state, work.lease, work.fence = 'queued', nil, work.fence + 1
work.attempts, work.published_at = work.attempts - 1, nil -- the chunk's attempts bound it
keep(KEYS[1], 'merge', work)
-- A new fence, so that the old attempt's commit, said once more, does not bring the old video.
chunk.state, chunk.key, chunk.reused, chunk.fence = 'queued', nil, nil, chunk.fence + 1
chunk.reason, chunk.error, chunk.published_at = ARGV[3], ARGV[4], now()
keep(KEYS[1], ARGV[2], chunk)
redis.call('HINCRBY', KEYS[1], 'left', 1)
event(KEYS[1], 'reopened', { chunk = ARGV[2], reason = ARGV[3] })
if chunk.attempts >= tonumber(ARGV[5]) then
  exhaust(KEYS[1], ARGV[7], ARGV[2], chunk, ARGV[6])
  return 'exhausted'
end
redis.call('HSET', KEYS[1], 'stage', 'rendering')
return 'queued'
