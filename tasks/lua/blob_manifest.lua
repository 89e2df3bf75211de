-- KEYS: manifest. ARGV: blob, manifest (JSON), life (ms), then its parts.
-- Returns 0 when a part is not there (it was collected under a put that took too long), else 1.
for i = 4, #ARGV do
  if not extend('lipchord:part:' .. ARGV[i], ARGV[3]) then return 0 end
end
for i = 4, #ARGV do
  redis.call('SADD', 'lipchord:users:' .. ARGV[i], ARGV[1])
  extend('lipchord:users:' .. ARGV[i], ARGV[3])
end
if not extend(KEYS[1], ARGV[3]) then redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
return 1
