-- KEYS: job. ARGV: piece, fence, lease (s). Returns 1 when the piece is still this attempt's.
local state = state_of(KEYS[1])
local piece = piece_of(KEYS[1], ARGV[1])
if not state or TERMINAL[state] or not has(piece, ARGV[2]) then return 0 end
hold_on(KEYS[1], ARGV[1], piece, ARGV[3])
return 1
