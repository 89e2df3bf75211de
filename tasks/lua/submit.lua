-- KEYS: job, idempotency key ('' for none), lane.
-- ARGV: id, request, body hash, idempotency ttl, tenant, cost (frames), head start (seconds that a
-- later job of no cost may come and still go first), the tenant's most unfinished jobs (0: any).
-- Returns {'accepted'|'same'|'mismatch', id} or {'quota', unfinished jobs}.
-- What finds an earlier acceptance writes too, so that a WAITAOF after it covers that one.
local id, tenant, lane, cost = ARGV[1], ARGV[5], KEYS[3], ARGV[6]
local own = 'lipchord:tenant:' .. tenant

local function again(outcome, held)
  redis.call('HINCRBY', 'lipchord:counters', 'repeated', 1)
  return { outcome, held }
end

-- The same call said twice: the connection broke before its answer.
if redis.call('EXISTS', KEYS[1]) == 1 then return again('accepted', id) end
if KEYS[2] ~= '' then
  local held = redis.call('HMGET', KEYS[2], 'id', 'body')
  if held[1] and redis.call('EXISTS', 'lipchord:job:' .. held[1]) == 1 then
    return again(held[2] == ARGV[3] and 'same' or 'mismatch', held[1])
  end
end

local most = tonumber(ARGV[8])
if most > 0 and redis.call('SCARD', own .. ':active') >= most then
  -- A record that the store lost must not count for ever: a few are looked at.
  for _, other in ipairs(redis.call('SRANDMEMBER', own .. ':active', 20)) do
    local state = state_of('lipchord:job:' .. other)
    if not state or TERMINAL[state] then redis.call('SREM', own .. ':active', other) end
  end
  local unfinished = redis.call('SCARD', own .. ':active')
  if unfinished >= most then return { 'quota', unfinished } end
end

if KEYS[2] ~= '' then
  redis.call('HSET', KEYS[2], 'id', id, 'body', ARGV[3])
  redis.call('EXPIRE', KEYS[2], ARGV[4])
end
local t = now()
redis.call('HSET', KEYS[1], 'id', id, 'state', 'queued', 'stage', '', 'request', ARGV[2],
  'created_at', string.format('%.6f', t), 'tenant', tenant, 'lane', lane, 'cost', cost)
-- Lists of jobs do not grow for ever: for each that comes, the two oldest are looked at, and
-- leave when their records have expired.
for _, list in ipairs({ 'lipchord:jobs', own .. ':jobs' }) do
  for _, old in ipairs(redis.call('ZRANGE', list, 0, 1)) do
    if redis.call('EXISTS', 'lipchord:job:' .. old) == 0 then redis.call('ZREM', list, old) end
  end
  redis.call('ZADD', list, t, id)
end
redis.call('SADD', own .. ':active', id)
redis.call('SADD', 'lipchord:jobs:active', id)
redis.call('HINCRBY', 'lipchord:counters', 'accepted', 1)

-- Into the tenant's line; see tasks/dispatch.py. A tenant that had none waiting starts at the
-- lane's present virtual time, or where its own last job ended.
redis.call('SADD', 'lipchord:lanes', lane)
redis.call('ZADD', lane .. ':waiting:' .. tenant, t + ARGV[7], id)
redis.call('ZADD', lane .. ':arrivals', t, id)
redis.call('HINCRBY', lane .. ':backlog', tenant, cost)
if not redis.call('ZSCORE', lane .. ':tenants', tenant) then
  local clock = tonumber(redis.call('GET', lane .. ':clock') or 0)
  local finish = tonumber(redis.call('HGET', lane .. ':finish', tenant) or 0)
  redis.call('ZADD', lane .. ':tenants', string.format('%.0f', math.max(clock, finish)), tenant)
end
-- Who is to be told of the job's end: `finish_as` asks.
local webhook = cjson.decode(ARGV[2]).webhook
if type(webhook) == 'string' then redis.call('HSET', KEYS[1], 'webhook', webhook) end
event(KEYS[1], 'accepted', {})
return { 'accepted', id }
