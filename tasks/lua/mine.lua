-- KEYS: job. ARGV: piece, fence. Only looks, so that asking often costs no sync of the store's file.
-- Returns 1 when the piece is still this attempt's and its job goes on.
local state = state_of(KEYS[1])
if not state or TERMINAL[state] or not has(piece_of(KEYS[1], ARGV[1]), ARGV[2]) then return 0 end
return 1
