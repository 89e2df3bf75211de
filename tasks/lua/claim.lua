-- KEYS: job. ARGV: chunk index, worker, lease (s), most attempts, job ttl, id.
-- Returns {'render', fence}, {'done', 0}, {'held', 0}, {'stop', 0} or {'exhausted', 0}.
local state = state_of(KEYS[1])
local chunk = piece_of(KEYS[1], ARGV[1])
if not state or TERMINAL[state] or not chunk then return { 'stop', 0 } end
if chunk.state == 'done' then return { 'done', 0 } end
local outcome = take(KEYS[1], ARGV[1], chunk, ARGV[2], ARGV[3], ARGV[4])
if outcome == 'exhausted' then exhaust(KEYS[1], ARGV[6], ARGV[1], chunk, ARGV[5]) end
if outcome ~= 'taken' then return { outcome, 0 } end
event(KEYS[1], 'claimed', { chunk = ARGV[1], worker = ARGV[2], attempt = chunk.attempts })
return { 'render', chunk.fence }
