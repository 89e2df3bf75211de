-- KEYS: lane. ARGV: tenant, id of a job that waits ('' for one that would come now), its cost.
-- Returns frames that are likely to be rendered before its end: of jobs under way, of waiting
-- ones, and its own.
local EXACTLY = 16 -- jobs under way whose chunks are looked at; the rest count whole
local lane, tenant, id, cost = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])

local function left(job, exactly)
  local chunks = exactly and redis.call('HVALS', job .. ':chunks') or {}
  if #chunks == 0 then return tonumber(redis.call('HGET', job, 'cost') or 0) end
  local frames = 0
  for _, raw in ipairs(chunks) do
    local chunk = cjson.decode(raw)
    frames = frames + chunk.n_frames - chunk.frames_done
  end
  return frames
end

local under = 0
for i, other in ipairs(redis.call('ZRANGE', lane .. ':underway', 0, -1)) do
  under = under + left('lipchord:job:' .. other, i <= EXACTLY)
end

local backlog = redis.call('HGETALL', lane .. ':backlog')
local own = tonumber(redis.call('HGET', lane .. ':backlog', tenant) or 0)
if id ~= '' then
  local line = lane .. ':waiting:' .. tenant
  local place = redis.call('ZRANK', line, id)
  -- Under way already: what it is in is counted, itself included.
  if not place then return { under, 0, 0 } end
  cost = tonumber(redis.call('HGET', 'lipchord:job:' .. id, 'cost') or 1)
  own = own * place / redis.call('ZCARD', line)
end
-- While this tenant gets `own` and the job itself, no other one gets more than that.
local waiting = own
for i = 1, #backlog, 2 do
  if backlog[i] ~= tenant then
    waiting = waiting + math.min(tonumber(backlog[i + 1]), own + cost)
  end
end
return { under, math.floor(waiting), cost }
