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

-- A message that waits in a long queue is not lost, and a second one would only make the queue
-- longer. Queues give out in order: one is lost when its queue is empty, or gave out a younger one.
local function lost(name, piece)
  local since = published(job, name, piece)
  if since == 0 then return t - (dispatched or made) > grace end
  local patience = piece.republished and math.max(lease, grace) or grace
  if t - since <= patience then return false end
  local queue = queue_of(job, name)
  return redis.call('LLEN', queue) == 0
    or tonumber(redis.call('HGET', 'lipchord:begun', queue) or 0) > since + patience
end

-- Returns true to publish, 'failed' after the last attempt, else false.
local function due(name)
  local piece = piece_of(job, name)
  if piece.state == 'done' or piece.lease and piece.lease > t then return false end
  if piece.lease then
    lapse(piece)
    event(job, 'lapsed', { piece = name, worker = piece.worker })
    if piece.attempts >= most then
      keep(job, name, piece)
      exhaust(job, id, name, piece, ttl)
      return 'failed'
    end
  elseif not lost(name, piece) then
    return false
  end
  piece.published_at, piece.republished = t, (piece.republished or 0) + 1
  keep(job, name, piece)
  event(job, 'republished', { piece = name })
  return true
end

local names = { 'plan' }
if redis.call('HEXISTS', job, 'plan') == 1 then
  names = all_in(job) and { 'merge' } or redis.call('HKEYS', job .. ':chunks')
end
local found = { cjson.decode(redis.call('HGET', job, 'request')).generator }
for _, name in ipairs(names) do
  local outcome = due(name)
  if outcome == 'failed' then return { '', 'failed' } end
  if outcome then found[#found + 1] = name end
end
return found[2] and found or {}
