-- Returns {webhooks that are due now, webhooks that are to be sent in all}; of 1000 hosts, the
-- first in time. One that is in a worker's hands is not due before its lease is over.
local due, waiting, t = 0, 0, string.format('%.6f', now())
for _, host in ipairs(redis.call('ZRANGE', WEBHOOK_HOSTS, 0, 999)) do
  due = due + redis.call('ZCOUNT', WEBHOOK_QUEUE .. host, '-inf', t)
  waiting = waiting + redis.call('ZCARD', WEBHOOK_QUEUE .. host)
end
return { due, waiting }
