-- KEYS: job. ARGV: body. The first body stands, for every attempt must say the same bytes.
-- Returns the body that stands, '' when the job's record has expired.
if redis.call('EXISTS', KEYS[1]) == 0 then return '' end
redis.call('HSETNX', KEYS[1], 'webhook_body', ARGV[1])
return redis.call('HGET', KEYS[1], 'webhook_body')
