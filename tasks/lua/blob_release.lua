-- ARGV: holder (a job, or a revision of a face), '1' to drop what nobody else owns, life (ms) of
-- what stays. Returns how many blobs were dropped.
local function of_a_face(blob)
  for _, owner in ipairs(redis.call('SMEMBERS', 'lipchord:owners:' .. blob)) do
    if string.sub(owner, 1, 5) == 'face_' then return true end
  end
  return false
end

local dropped = 0
for _, blob in ipairs(redis.call('SMEMBERS', 'lipchord:holds:' .. ARGV[1])) do
  redis.call('SREM', 'lipchord:owners:' .. blob, ARGV[1])
  if ARGV[2] == '1' and redis.call('SCARD', 'lipchord:owners:' .. blob) == 0 then
    drop(blob)
    dropped = dropped + 1
  elseif redis.call('PTTL', 'lipchord:' .. blob) > tonumber(ARGV[3]) and not of_a_face(blob) then
    -- A face had it kept for years, and is gone: it ages like others. Without a manifest its parts
    -- are orphans, which hygiene collects.
    redis.call('PEXPIRE', 'lipchord:' .. blob, ARGV[3])
  end
end
redis.call('DEL', 'lipchord:holds:' .. ARGV[1])
redis.call('ZREM', 'lipchord:holders', ARGV[1])
return dropped
