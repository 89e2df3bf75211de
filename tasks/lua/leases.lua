-- Pieces of work that one worker at a time has on lease: 'plan', 'merge', or a chunk by its index.
-- A piece is queued (lease nil), in hand (lease: Unix time at which it lapses), or done.

local function place(job, name)
  if name == 'plan' or name == 'merge' then return job, name .. '_work' end
  return job .. ':chunks', name
end

-- nil: there is no such chunk.
local function piece_of(job, name)
  local key, field = place(job, name)
  local raw = redis.call('HGET', key, field)
  if raw then return cjson.decode(raw) end
  if key == job then return { state = 'queued', attempts = 0, fence = 0 } end
end

local function keep(job, name, piece)
  local key, field = place(job, name)
  redis.call('HSET', key, field, cjson.encode(piece))
end

-- Whether the attempt `fence` still has the piece. One whose lease lapsed has it until another
-- takes it: what a frozen worker has finished in the end is as good as anybody's.
local function has(piece, fence)
  return piece and piece.state ~= 'done' and piece.fence > 0 and piece.fence == tonumber(fence)
end

local function hold(job, name, piece, lease_s)
  piece.state, piece.lease = 'rendering', now() + lease_s
  keep(job, name, piece)
end

-- Hold on to a piece. A worker that was silent for longer than its lease may find it still free.
local function hold_on(job, name, piece, lease_s)
  if piece.state == 'queued' then event(job, 'resumed', { piece = name, worker = piece.worker }) end
  hold(job, name, piece, lease_s)
end

-- The queue that brings a piece's message.
local function queue_of(job, name)
  if name == 'plan' or name == 'merge' then return 'cpu' end
  return 'render.' .. cjson.decode(redis.call('HGET', job, 'request')).generator
end

-- When the piece's message was last put on its queue; 0: not yet.
local function published(job, name, piece)
  if piece.published_at then return piece.published_at end
  if name == 'plan' then return tonumber(redis.call('HGET', job, 'published') or 0) end
  local fields = name == 'merge' and { 'rendered_at', 'chord_at' } or { 'chord_at', 'planned_at' }
  local marks = redis.call('HMGET', job, unpack(fields))
  return tonumber(marks[1] or marks[2] or redis.call('HGET', job, 'planned_at') or 0)
end

-- Remember the youngest message that a queue has given out: what is older was given out, too.
local function note_begun(job, name, piece)
  local queue, since = queue_of(job, name), published(job, name, piece)
  if since > tonumber(redis.call('HGET', 'lipchord:begun', queue) or 0) then
    redis.call('HSET', 'lipchord:begun', queue, string.format('%.6f', since))
  end
end

local NAMES = { plan = 'Planning', merge = 'Joining the chunks' }

-- After the last attempt: the job fails with what the piece was last told.
local function exhaust(job, id, name, piece, ttl)
  redis.call('HSET', job, 'failure', cjson.encode({ reason = piece.reason,
    detail = (NAMES[name] or 'Chunk ' .. name) .. ' was tried ' .. piece.attempts .. ' times, last on '
      .. tostring(piece.worker) .. '. ' .. piece.error
      .. ' See that worker\'s log and send the job again; if it fails again, report it.' }))
  finish_as(job, id, 'failed', ttl)
end

-- The worker that has the piece has not been heard: it is free for another.
local function lapse(piece)
  piece.state, piece.lease, piece.reason = 'queued', nil, 'worker-lost'
  piece.error = 'The worker died or hung and left no word (memory, a crash in native code, a kill).'
end

-- Take the piece for `worker`. Returns 'taken', 'held' (a live lease elsewhere), or 'exhausted'.
-- The same worker's own lease holds nobody up: a worker does one thing at a time, so whoever
-- asks in its name is the process that came after the one that died.
local function take(job, name, piece, worker, lease_s, most)
  if piece.lease and piece.lease > now() and piece.worker ~= worker then return 'held' end
  local had = piece.lease
  if had then lapse(piece) end
  if piece.attempts >= tonumber(most) then
    if had then event(job, 'lapsed', { piece = name, worker = piece.worker }) end
    keep(job, name, piece)
    return 'exhausted'
  end
  note_begun(job, name, piece)
  piece.worker, piece.started_at = worker, now()
  piece.attempts, piece.fence = piece.attempts + 1, piece.fence + 1
  local kind = NAMES[name] and name or 'chunk'
  tally('attempts:' .. kind)
  if piece.attempts > 1 then tally('retries:' .. kind .. ':' .. (piece.reason or 'unknown')) end
  hold(job, name, piece, lease_s)
  return 'taken'
end

-- Whether all chunks of a planned job are in.
local function all_in(job)
  for _, raw in ipairs(redis.call('HVALS', job .. ':chunks')) do
    if cjson.decode(raw).state ~= 'done' then return false end
  end
  return redis.call('HEXISTS', job, 'plan') == 1
end
