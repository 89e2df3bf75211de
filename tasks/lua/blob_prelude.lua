-- Shared by the blob store's scripts. A blob: its manifest (lipchord:blob_…) names its parts.
-- lipchord:users:PART are the blobs that have a part, lipchord:owners:BLOB the jobs that need it.
local function now()
  local t = redis.call('TIME')
  return t[1] + t[2] / 1000000
end

-- Let a key live for ms more at least, never shorter; false when it is not there.
local function extend(key, ms)
  local left = redis.call('PTTL', key)
  if left == -2 then return false end
  if left < tonumber(ms) then redis.call('PEXPIRE', key, ms) end
  redis.call('TOUCH', key) -- idle from now on: what a running put has touched is no orphan
  return true
end

local function parts_of(blob)
  local raw = redis.call('GET', 'lipchord:' .. blob)
  if not raw then return nil end
  return cjson.decode(raw).parts
end

-- Whether a blob that is there has this part; forgets those that are gone.
local function used(part)
  for _, blob in ipairs(redis.call('SMEMBERS', 'lipchord:users:' .. part)) do
    if redis.call('EXISTS', 'lipchord:' .. blob) == 1 then return true end
    redis.call('SREM', 'lipchord:users:' .. part, blob)
  end
  return false
end

-- The manifest first: a reader sees all of a blob or none of it.
local function drop(blob)
  local parts = parts_of(blob)
  redis.call('DEL', 'lipchord:' .. blob, 'lipchord:owners:' .. blob)
  for _, kind in ipairs({ 'upload', 'result', 'chunk', 'input' }) do
    redis.call('ZREM', 'lipchord:spare:' .. kind, blob)
  end
  for _, part in ipairs(parts or {}) do
    redis.call('SREM', 'lipchord:users:' .. part, blob)
    if not used(part) then redis.call('DEL', 'lipchord:part:' .. part, 'lipchord:users:' .. part) end
  end
end
