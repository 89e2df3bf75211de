-- KEYS: job. ARGV: chunk index, fence, blob key, frame count, '1' when its message was not the chord's.
-- Returns 1 committed, 2 committed and the merge is to be published, 0 done before,
-- -1 a stale fence or a job that is over, -2 a wrong count.
local state = state_of(KEYS[1])
local chunk = piece_of(KEYS[1], ARGV[1])
if not state or TERMINAL[state] or not chunk then return -1 end
if chunk.state == 'done' then return 0 end
if not has(chunk, ARGV[2]) then return -1 end
if chunk.n_frames ~= tonumber(ARGV[4]) then return -2 end
local t = now()
chunk.state, chunk.frames_done, chunk.key = 'done', chunk.n_frames, ARGV[3]
chunk.seconds, chunk.finished_at, chunk.lease = t - chunk.started_at, t, nil
keep(KEYS[1], ARGV[1], chunk)
redis.call('HSET', KEYS[1], 'rendered_at', string.format('%.6f', t))
local left = redis.call('HINCRBY', KEYS[1], 'left', -1)
tally('chunks:rendered')
tally('frames:rendered', chunk.n_frames)
event(KEYS[1], 'chunk', { chunk = ARGV[1], worker = chunk.worker })
-- The chord counts its own messages only: where one chunk came by another, its body never comes.
if ARGV[5] == '1' then redis.call('HSET', KEYS[1], 'outside', 1) end
if redis.call('HEXISTS', KEYS[1], 'outside') == 0 then return 1 end
-- Counted, so that not each of thousands looks at all of them. A worker of an earlier version
-- does not count: then the reaper, which looks, publishes the merge.
if left > 0 or not all_in(KEYS[1]) then return 1 end
local work = piece_of(KEYS[1], 'merge')
work.published_at = t
keep(KEYS[1], 'merge', work)
return 2
