-- KEYS: job. ARGV: id, host, fence, outcome (delivered, retry, failed, disabled), HTTP status or
-- '', trouble in words or '', seconds until the next attempt (retry), seconds for which the URL
-- counts as gone (disabled). Returns 1 when noted, 0 when a later attempt has the entry.
-- A delivery is a fact, whoever reports it, and however late; a failure counts only from the
-- attempt that holds the entry.
if redis.call('HGET', KEYS[1], 'webhook_state') ~= 'pending' then return 0 end
if ARGV[4] ~= 'delivered' and redis.call('HGET', KEYS[1], 'webhook_fence') ~= ARGV[3] then
  return 0
end
local t, queue = now(), WEBHOOK_QUEUE .. ARGV[2]
redis.call('HINCRBY', KEYS[1], 'webhook_attempts', 1)
redis.call('HSET', KEYS[1], 'webhook_status', ARGV[5], 'webhook_error', ARGV[6])
if ARGV[4] == 'retry' then
  local at = t + ARGV[7]
  redis.call('HSET', KEYS[1], 'webhook_next', string.format('%.6f', at))
  redis.call('ZADD', queue, at, ARGV[1])
  redis.call('ZADD', WEBHOOK_HOSTS, 'LT', at, ARGV[2])
else
  redis.call('HSET', KEYS[1], 'webhook_state', ARGV[4])
  redis.call('HDEL', KEYS[1], 'webhook_next')
  redis.call('ZREM', queue, ARGV[1])
end
if ARGV[4] == 'disabled' then
  redis.call('SET', WEBHOOK_GONE .. redis.call('HGET', KEYS[1], 'webhook'), 1, 'EX', ARGV[8])
end
tally('webhooks:' .. ARGV[4])
event(KEYS[1], 'webhook', { state = ARGV[4], status = ARGV[5] })
return 1
