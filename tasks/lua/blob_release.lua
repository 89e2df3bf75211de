-- ARGV: job, '1' to drop what nobody else owns. Returns how many blobs were dropped.
local dropped = 0
for _, blob in ipairs(redis.call('SMEMBERS', 'lipchord:holds:' .. ARGV[1])) do
  redis.call('SREM', 'lipchord:owners:' .. blob, ARGV[1])
  if ARGV[2] == '1' and redis.call('SCARD', 'lipchord:owners:' .. blob) == 0 then
    drop(blob)
    dropped = dropped + 1
  end
end
redis.call('DEL', 'lipchord:holds:' .. ARGV[1])
redis.call('ZREM', 'lipchord:holders', ARGV[1])
return dropped
