-- KEYS: face, the tenant's shelf. ARGV: id, tenant, seconds that a tombstone stands.
-- Returns 1: it is gone from now on, or was already; -1: the tenant never had it.
if redis.call('HGET', KEYS[1], 'tenant') ~= ARGV[2] then return -1 end
redis.call('HDEL', KEYS[1], 'made', 'revision', 'created_at')
redis.call('HSET', KEYS[1], 'deleted', 1)
redis.call('EXPIRE', KEYS[1], ARGV[3])
redis.call('ZREM', KEYS[2], ARGV[1])
return 1
