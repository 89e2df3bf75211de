-- KEYS: comparison, its tenant's list, the active ones. ARGV: id, the version that is changed (0: it
-- is new), body (JSON), '1' when it is over, ttl, created at, how many a tenant keeps, how many of
-- them may be active. Returns 1, 0 when another version came first, or -1: too many are active.
local version = tonumber(redis.call('HGET', KEYS[1], 'version') or 0)
if version ~= tonumber(ARGV[2]) then return 0 end
if version == 0 then
  local active = 0
  for _, id in ipairs(redis.call('ZRANGE', KEYS[3], 0, -1)) do
    if redis.call('ZSCORE', KEYS[2], id) then active = active + 1 end
  end
  if active >= tonumber(ARGV[8]) then return -1 end
  redis.call('ZADD', KEYS[2], ARGV[6], ARGV[1])
  redis.call('ZADD', KEYS[3], ARGV[6], ARGV[1])
  for _, old in ipairs(redis.call('ZRANGE', KEYS[2], 0, -(ARGV[7] + 1))) do
    redis.call('DEL', 'lipchord:comparison:' .. old)
    redis.call('ZREM', KEYS[2], old)
    redis.call('ZREM', KEYS[3], old)
  end
end
redis.call('HSET', KEYS[1], 'body', ARGV[3], 'version', version + 1)
redis.call('EXPIRE', KEYS[1], ARGV[5])
redis.call('EXPIRE', KEYS[2], ARGV[5])
if ARGV[4] == '1' then redis.call('ZREM', KEYS[3], ARGV[1]) end
return 1
