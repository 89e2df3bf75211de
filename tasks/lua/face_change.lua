-- KEYS: face, the tenant's shelf. ARGV: the revision that was read, made (JSON).
-- Returns 1: it is the next revision now; 0: it has another one; -1: there is no such face.
local held = redis.call('HMGET', KEYS[1], 'revision', 'made')
if not held[2] then return -1 end
local revision = tonumber(held[1])
if revision == tonumber(ARGV[1]) + 1 and held[2] == ARGV[2] then -- the same call, said twice
  redis.call('HSET', KEYS[1], 'made', ARGV[2])
  return 1
end
if revision ~= tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'revision', revision + 1, 'made', ARGV[2])
return 1
