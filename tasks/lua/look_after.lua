-- KEYS: job. ARGV: id, job ttl, deadline (s), its failure (JSON), grace (s), lease (s), most attempts.
-- One look of the reaper at a job: what it returns is to be published, and is noted as published,
-- so that of two reapers one does it; one that dies in between is made good after another lease.
-- Returns {generator, piece, …}, {'', 'expired' | 'failed' | 'gone'}, or {}.
local job, id, ttl = KEYS[1], ARGV[1], ARGV[2]
local grace, lease, most = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local state, t = state_of(job), now()
if not state then return { '', 'gone' } end
if TERMINAL[state] then return {} end
local made, lane, dispatched = unpack(redis.call('HMGET', job, 'created_at', 'lane', 'dispatched_at'))
if t - made > tonumber(ARGV[3]) then
  redis.call('HSET', job, 'failure', ARGV[4])
  finish_as(job, id, 'expired', ttl)
  return { '', 'expired' }
end
if lane and not dispatched then return {} end -- it waits for its turn (tasks/dispatch.py)

local generator = cjson.decode(redis.call('HGET', job, 'request')).generator
local planned = redis.call('HEXISTS', job, 'plan') == 1

-- What is to be done next: planning, the chunks that are not in, or, with all of them in, the merge.
local pieces, queue = {}, 'render.' .. generator
if planned then
  local chunks = redis.call('HGETALL', job .. ':chunks')
  for i = 1, #chunks, 2 do
    local chunk = cjson.decode(chunks[i + 1])
    if chunk.state ~= 'done' then pieces[#pieces + 1] = { chunks[i], chunk } end
  end
end
if #pieces == 0 then
  local name = planned and 'merge' or 'plan'
  pieces, queue = { { name, piece_of(job, name) } }, 'cpu'
end
local waiting = redis.call('LLEN', queue)
local begun = tonumber(redis.call('HGET', 'lipchord:begun', queue) or 0)

-- A message that waits in a long queue is not lost, and a second one would only make the queue
-- longer. Queues give out in order: one is lost when its queue is empty, or gave out a younger one.
local first = published(job, pieces[1][1], {}) -- of all chunks alike; asked once, not for each
local function lost(piece)
  local since = piece.published_at or first
  if since == 0 then return t - (dispatched or made) > grace end
  local patience = piece.republished and math.max(lease, grace) or grace
  return t - since > patience and (waiting == 0 or begun > since + patience)
end

-- Returns true to publish, 'failed' after the last attempt, else false.
local function due(name, piece)
  if piece.state == 'done' or piece.lease and piece.lease > t then return false end
  if piece.lease then
    lapse(piece)
    event(job, 'lapsed', { piece = name, worker = piece.worker })
    if piece.attempts >= most then
      keep(job, name, piece)
      exhaust(job, id, name, piece, ttl)
      return 'failed'
    end
  elseif not lost(piece) then
    return false
  end
  piece.published_at, piece.republished = t, (piece.republished or 0) + 1
  keep(job, name, piece)
  event(job, 'republished', { piece = name })
  return true
end

local found = { generator }
for _, work in ipairs(pieces) do
  local outcome = due(unpack(work))
  if outcome == 'failed' then return { '', 'failed' } end
  if outcome then found[#found + 1] = work[1] end
end
return found[2] and found or {}
