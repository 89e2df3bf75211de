-- Shared by every script: the store's clock, the event stream, and what "over" means.
local function now()
  local t = redis.call('TIME')
  return t[1] + t[2] / 1000000
end

local TERMINAL = { succeeded = true, failed = true, canceled = true, expired = true }

local function event(job, kind, fields)
  local flat = { 'type', kind, 'at', string.format('%.6f', now()) }
  for k, v in pairs(fields) do
    flat[#flat + 1] = k
    flat[#flat + 1] = tostring(v)
  end
  redis.call('XADD', job .. ':events', 'MAXLEN', '~', 10000, '*', unpack(flat))
end

local function state_of(job)
  return redis.call('HGET', job, 'state')
end

-- Counts that only grow, for /metrics (tasks/numbers.py).
local function tally(what, by)
  redis.call('HINCRBY', 'lipchord:tallies', what, by or 1)
end

-- One duration more: in the bucket that ends at the next power of two seconds, and in the sum.
local function tally_seconds(what, seconds)
  tally(what .. ':' .. math.ceil(math.log(math.max(seconds, 0.001)) / math.log(2)))
  redis.call('HINCRBYFLOAT', 'lipchord:tallies', what .. ':sum', string.format('%.3f', seconds))
end

-- A job leaves its tenant's line (tasks/dispatch.py); whether it stood there.
local function leave_line(lane, tenant, id, cost)
  local line = lane .. ':waiting:' .. tenant
  if redis.call('ZREM', line, id) == 0 then return false end
  redis.call('ZREM', lane .. ':arrivals', id)
  if redis.call('EXISTS', line) == 1 then
    redis.call('HINCRBY', lane .. ':backlog', tenant, -cost)
  else
    redis.call('HDEL', lane .. ':backlog', tenant)
    redis.call('ZREM', lane .. ':tenants', tenant)
    if redis.call('EXISTS', lane .. ':tenants') == 0 then redis.call('SREM', 'lipchord:lanes', lane) end
  end
  return true
end

-- The outbox of webhooks: each host has a queue of job ids, by the time at which each is due, and
-- stands among the hosts by the time of its first. So a dead receiver holds up no other one.
local WEBHOOK_HOSTS, WEBHOOK_QUEUE = 'lipchord:webhooks:hosts', 'lipchord:webhooks:host:'
local WEBHOOK_GONE = 'lipchord:webhooks:gone:'

local function post_webhook(job, id, url, ttl)
  local host, at = string.match(url, '^%w+://([^/?]+)') or url, string.format('%.6f', now())
  host = string.lower(host)
  redis.call('HSET', job, 'webhook_state', 'pending', 'webhook_next', at)
  redis.call('ZADD', WEBHOOK_QUEUE .. host, at, id)
  redis.call('EXPIRE', WEBHOOK_QUEUE .. host, ttl)
  redis.call('ZADD', WEBHOOK_HOSTS, 'LT', at, host)
end

-- The one way into a terminal state: for ever, counted once, kept for ttl seconds.
local function finish_as(job, id, state, ttl)
  redis.call('HSET', job, 'state', state, 'stage', '', 'finished_at', string.format('%.6f', now()))
  redis.call('SREM', 'lipchord:jobs:active', id)
  redis.call('HINCRBY', 'lipchord:counters', state, 1)
  local tenant, lane, cost = unpack(redis.call('HMGET', job, 'tenant', 'lane', 'cost'))
  if tenant then
    redis.call('SREM', 'lipchord:tenant:' .. tenant .. ':active', id)
    redis.call('ZREM', lane .. ':underway', id)
    leave_line(lane, tenant, id, cost)
  end
  event(job, state, {})
  local webhook = redis.call('HGET', job, 'webhook')
  if webhook then post_webhook(job, id, webhook, ttl) end
  redis.call('EXPIRE', job, ttl)
  redis.call('EXPIRE', job .. ':chunks', ttl)
  redis.call('EXPIRE', job .. ':events', ttl)
end
