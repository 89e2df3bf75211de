-- KEYS: job. ARGV: piece, worker. The worker's process has died under this piece: its lease lapses now.
-- Returns 1 when it had one.
local state = state_of(KEYS[1])
local piece = piece_of(KEYS[1], ARGV[1])
if not state or TERMINAL[state] or not piece or not piece.lease or piece.worker ~= ARGV[2] then
  return 0
end
lapse(piece)
piece.published_at = now() -- the message goes back to its queue
keep(KEYS[1], ARGV[1], piece)
event(KEYS[1], 'lapsed', { piece = ARGV[1], worker = ARGV[2] })
return 1
