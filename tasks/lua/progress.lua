-- KEYS: job. ARGV: chunk index, fence, frames done, lease (s). Returns 1 to go on, 0 to stop.
local state = state_of(KEYS[1])
local chunk = piece_of(KEYS[1], ARGV[1])
if not state or TERMINAL[state] or not has(chunk, ARGV[2]) then return 0 end
-- A second attempt starts again at frame 0: what is shown never falls.
if tonumber(ARGV[3]) > chunk.frames_done then
  chunk.frames_done = tonumber(ARGV[3])
  hold_on(KEYS[1], ARGV[1], chunk, ARGV[4])
  event(KEYS[1], 'progress', { chunk = ARGV[1], frames = ARGV[3] })
end
return 1
