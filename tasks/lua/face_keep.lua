-- KEYS: face, the tenant's shelf. ARGV: id, tenant, made (JSON), the tenant's most faces (0: any).
-- Returns 1, or 0: the shelf is full. Said twice is once; the second time writes too, so that a
-- WAITAOF after it covers the first.
local t = redis.call('TIME')
local now = t[1] + t[2] / 1000000
if redis.call('HEXISTS', KEYS[1], 'tenant') == 1 then
  redis.call('HSET', KEYS[1], 'tenant', ARGV[2])
  return 1
end
local most = tonumber(ARGV[4])
if most > 0 and redis.call('ZCARD', KEYS[2]) >= most then return 0 end
redis.call('HSET', KEYS[1], 'tenant', ARGV[2], 'created_at', string.format('%.6f', now),
  'revision', 1, 'made', ARGV[3])
redis.call('ZADD', KEYS[2], string.format('%.6f', now), ARGV[1])
return 1
