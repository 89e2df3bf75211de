-- KEYS: job. ARGV: chunks that the plan has, worker, lease (s), most attempts, job ttl, id.
-- Returns the merge's fence, 0 to stop, -1 chunks missing, -2 a live lease elsewhere.
local state = state_of(KEYS[1])
if not state or TERMINAL[state] then return 0 end
local chunks = redis.call('HVALS', KEYS[1] .. ':chunks')
if #chunks ~= tonumber(ARGV[1]) then return -1 end
for _, raw in ipairs(chunks) do
  if cjson.decode(raw).state ~= 'done' then return -1 end
end
local work = piece_of(KEYS[1], 'merge')
local outcome = take(KEYS[1], 'merge', work, ARGV[2], ARGV[3], ARGV[4])
if outcome == 'held' then return -2 end
if outcome == 'exhausted' then
  exhaust(KEYS[1], ARGV[6], 'merge', work, ARGV[5])
  return 0
end
redis.call('HSET', KEYS[1], 'stage', 'merging')
redis.call('HSETNX', KEYS[1], 'merge_at', string.format('%.6f', now()))
event(KEYS[1], 'merging', { worker = ARGV[2], attempt = work.attempts })
return work.fence
