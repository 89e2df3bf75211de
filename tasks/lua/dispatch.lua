-- KEYS: lane. ARGV: most jobs under way. Returns the ids that are to be published, in order.
-- Start-time fair queueing; see tasks/dispatch.py.
local lane = KEYS[1]
local under = lane .. ':underway'

-- The tenant that has had least; of those that have had as little, the job that ranks first.
local function first_in_line()
  local least = redis.call('ZRANGE', lane .. ':tenants', 0, 0, 'WITHSCORES')
  if not least[1] then return nil end
  local tenant, id, rank
  for _, other in ipairs(redis.call('ZRANGEBYSCORE', lane .. ':tenants', least[2], least[2])) do
    local head = redis.call('ZRANGE', lane .. ':waiting:' .. other, 0, 0, 'WITHSCORES')
    if not rank or tonumber(head[2]) < rank then
      tenant, id, rank = other, head[1], tonumber(head[2])
    end
  end
  return tenant, id, least[2]
end

-- Its job starts at the tenant's virtual time; the next one starts where this one ends.
local function dispatch(tenant, id, start, cost)
  local job = 'lipchord:job:' .. id
  local finish = string.format('%.0f', start + cost)
  redis.call('SET', lane .. ':clock', start)
  redis.call('HSET', lane .. ':finish', tenant, finish)
  redis.call('ZADD', lane .. ':tenants', 'XX', finish, tenant)
  redis.call('ZADD', under, now(), id)
  redis.call('HSET', job, 'dispatched_at', string.format('%.6f', now()))
  event(job, 'dispatched', {})
end

-- A record that the store lost must not hold its place for ever.
for _, id in ipairs(redis.call('ZRANGE', under, 0, -1)) do
  local state = state_of('lipchord:job:' .. id)
  if not state or TERMINAL[state] then redis.call('ZREM', under, id) end
end

local picked, room = {}, tonumber(ARGV[1]) - redis.call('ZCARD', under)
while #picked < room do
  local tenant, id, start = first_in_line()
  if not id then break end
  local state, cost = unpack(redis.call('HMGET', 'lipchord:job:' .. id, 'state', 'cost'))
  leave_line(lane, tenant, id, cost or 0)
  if state and not TERMINAL[state] then
    dispatch(tenant, id, start, cost)
    picked[#picked + 1] = id
  end
end
return picked
