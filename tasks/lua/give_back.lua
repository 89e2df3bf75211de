-- KEYS: job. ARGV: piece, fence, reason and error ('' and '' for a piece that is handed on
-- unharmed: that is no attempt), seconds until its message comes again, most attempts, ttl, id.
-- Returns 'queued', 'exhausted' (the job has failed) or 'stale'.
local state = state_of(KEYS[1])
local piece = piece_of(KEYS[1], ARGV[1])
if not state or TERMINAL[state] or not has(piece, ARGV[2]) then return 'stale' end
piece.state, piece.lease, piece.fence = 'queued', nil, piece.fence + 1
piece.published_at = now() + ARGV[5]
if ARGV[3] == '' then
  piece.attempts = piece.attempts - 1
else
  piece.reason, piece.error = ARGV[3], ARGV[4]
end
keep(KEYS[1], ARGV[1], piece)
event(KEYS[1], 'given-back', { piece = ARGV[1], worker = piece.worker, reason = ARGV[3] })
if piece.attempts < tonumber(ARGV[6]) then return 'queued' end
exhaust(KEYS[1], ARGV[8], ARGV[1], piece, ARGV[7])
return 'exhausted'
