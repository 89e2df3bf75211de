-- KEYS: job, idempotency key ('' for none). ARGV: id, request, body hash, idempotency ttl.
-- Returns {'accepted'|'same', id} or {'mismatch', id}.
if KEYS[2] ~= 'lipchord:idempotency:' then
  local held = redis.call('HMGET', KEYS[2], 'id', 'body')
  if held[1] then
    return { held[2] == ARGV[3] and 'same' or 'mismatch', held[1] }
  end
  redis.call('HSET', KEYS[2], 'id', ARGV[1], 'body', ARGV[3])
  redis.call('EXPIRE', KEYS[2], ARGV[4])
end
local t = now()
redis.call('HSET', KEYS[1], 'id', ARGV[1], 'state', 'queued', 'stage', '', 'request', ARGV[2],
  'created_at', string.format('%.6f', t))
redis.call('ZADD', 'lipchord:jobs', t, ARGV[1])
redis.call('SADD', 'lipchord:jobs:active', ARGV[1])
redis.call('HINCRBY', 'lipchord:counters', 'accepted', 1)
-- Who is to be told of the job's end: `finish_as` asks.
local webhook = cjson.decode(ARGV[2]).webhook
if type(webhook) == 'string' then redis.call('HSET', KEYS[1], 'webhook', webhook) end
event(KEYS[1], 'accepted', {})
return { 'accepted', ARGV[1] }
