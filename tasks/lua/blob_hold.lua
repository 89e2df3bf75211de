-- ARGV: job, blobs' life (ms), the books' life (ms), kind ('' for a face's), then blobs.
-- Returns the first blob that is not there, whole (then none is held), or ''.
for i = 5, #ARGV do
  local parts = parts_of(ARGV[i])
  if not parts then return ARGV[i] end
  for _, part in ipairs(parts) do
    if not extend('lipchord:part:' .. part, ARGV[2]) then return ARGV[i] end
  end
end
for i = 5, #ARGV do
  local blob = ARGV[i]
  extend('lipchord:' .. blob, ARGV[2])
  for _, part in ipairs(parts_of(blob)) do extend('lipchord:users:' .. part, ARGV[2]) end
  redis.call('SADD', 'lipchord:owners:' .. blob, ARGV[1])
  redis.call('SADD', 'lipchord:holds:' .. ARGV[1], blob)
  extend('lipchord:owners:' .. blob, ARGV[3])
  if ARGV[4] ~= '' then
    redis.call('ZADD', 'lipchord:spare:' .. ARGV[4], now(), blob)
    extend('lipchord:spare:' .. ARGV[4], ARGV[3])
  end
end
extend('lipchord:holds:' .. ARGV[1], ARGV[3])
redis.call('ZADD', 'lipchord:holders', now(), ARGV[1])
extend('lipchord:holders', ARGV[3])
return ''
