-- ARGV: lease (s), then hosts that have enough calls in hand.
-- Returns {id, url, host, fence, attempts, body or ''}, or nothing when nothing is due.
-- Of the hosts with something due, the one that waits longest has its turn; an entry that is
-- taken comes back after the lease, should its taker die.
local busy = {}
for i = 2, #ARGV do busy[ARGV[i]] = true end
local t = now()

local function next_of(host)
  local queue = WEBHOOK_QUEUE .. host
  while true do
    local first = redis.call('ZRANGE', queue, 0, 0, 'WITHSCORES')
    if not first[1] then
      redis.call('ZREM', WEBHOOK_HOSTS, host)
      return nil
    end
    if tonumber(first[2]) > t then
      redis.call('ZADD', WEBHOOK_HOSTS, first[2], host)
      return nil
    end
    local job = 'lipchord:job:' .. first[1]
    local state, url = unpack(redis.call('HMGET', job, 'webhook_state', 'webhook'))
    if state == 'pending' and redis.call('EXISTS', WEBHOOK_GONE .. url) == 0 then
      return first[1], job, url
    end
    if state == 'pending' then
      redis.call('HSET', job, 'webhook_state', 'disabled',
        'webhook_error', 'The receiver has answered 410 Gone to an earlier webhook.')
      redis.call('HDEL', job, 'webhook_next')
      tally('webhooks:disabled')
      event(job, 'webhook', { state = 'disabled' })
    end
    redis.call('ZREM', queue, first[1]) -- over, or its job's record has expired
  end
end

for _, host in ipairs(redis.call('ZRANGEBYSCORE', WEBHOOK_HOSTS, '-inf', t, 'LIMIT', 0, 1000)) do
  if not busy[host] then
    local id, job, url = next_of(host)
    if id then
      redis.call('ZADD', WEBHOOK_QUEUE .. host, t + ARGV[1], id)
      local following = redis.call('ZRANGE', WEBHOOK_QUEUE .. host, 0, 0, 'WITHSCORES')[2]
      redis.call('ZADD', WEBHOOK_HOSTS, math.max(t, tonumber(following)), host)
      local fence = redis.call('HINCRBY', job, 'webhook_fence', 1)
      local more = redis.call('HMGET', job, 'webhook_attempts', 'webhook_body')
      return { id, url, host, fence, tonumber(more[1] or 0), more[2] or '' }
    end
  end
end
return nil
