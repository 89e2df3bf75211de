-- KEYS: job. ARGV: chunks that the plan has. Returns the merge's fence, 0 to stop, -1 chunks missing.
local state = state_of(KEYS[1])
if not state or TERMINAL[state] then return 0 end
local chunks = redis.call('HVALS', KEYS[1] .. ':chunks')
if #chunks ~= tonumber(ARGV[1]) then return -1 end
for _, raw in ipairs(chunks) do
  if cjson.decode(raw).state ~= 'done' then return -1 end
end
redis.call('HSET', KEYS[1], 'stage', 'merging')
redis.call('HSETNX', KEYS[1], 'merge_at', string.format('%.6f', now()))
event(KEYS[1], 'merging', {})
return redis.call('HINCRBY', KEYS[1], 'merge_fence', 1)
