-- KEYS: job. ARGV: chunk index, worker, most attempts, job ttl, id.
-- Returns {'render', fence}, {'done', 0}, {'stop', 0} or {'exhausted', attempts}.
local state = state_of(KEYS[1])
local raw = redis.call('HGET', KEYS[1] .. ':chunks', ARGV[1])
if not state or TERMINAL[state] or not raw then return { 'stop', 0 } end
local chunk = cjson.decode(raw)
if chunk.state == 'done' then return { 'done', 0 } end
if chunk.attempts >= tonumber(ARGV[3]) then
  redis.call('HSET', KEYS[1], 'failure', cjson.encode({ reason = 'worker-lost',
    detail = 'Chunk ' .. ARGV[1] .. ' was started ' .. chunk.attempts .. ' times and its worker died each '
      .. 'time, last on ' .. tostring(chunk.worker) .. '. See that worker\'s log; then send the job again.' }))
  finish_as(KEYS[1], ARGV[5], 'failed', ARGV[4])
  return { 'exhausted', chunk.attempts }
end
chunk.state, chunk.worker, chunk.started_at = 'rendering', ARGV[2], now()
chunk.attempts, chunk.fence = chunk.attempts + 1, chunk.fence + 1
redis.call('HSET', KEYS[1] .. ':chunks', ARGV[1], cjson.encode(chunk))
event(KEYS[1], 'claimed', { chunk = ARGV[1], worker = ARGV[2], attempt = chunk.attempts })
return { 'render', chunk.fence }
