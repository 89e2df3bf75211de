-- KEYS: job. ARGV: frames. Charges the tenant what its planned job truly costs, once.
-- A tag never falls below the lane's clock: nobody is put before those who wait already.
local tenant, lane, cost, dispatched, settled = unpack(redis.call('HMGET', KEYS[1],
  'tenant', 'lane', 'cost', 'dispatched_at', 'settled'))
if not dispatched or settled then return 0 end
local clock = tonumber(redis.call('GET', lane .. ':clock') or 0)

local function moved(tag)
  return string.format('%.0f', math.max(clock, tag + ARGV[1] - cost))
end

redis.call('HSET', lane .. ':finish', tenant, moved(redis.call('HGET', lane .. ':finish', tenant) or 0))
local start = redis.call('ZSCORE', lane .. ':tenants', tenant)
if start then redis.call('ZADD', lane .. ':tenants', moved(start), tenant) end
redis.call('HSET', KEYS[1], 'cost', ARGV[1], 'settled', 1)
return 1
