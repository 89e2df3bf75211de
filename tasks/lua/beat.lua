-- ARGV: worker's name, its heartbeat (JSON), how long that is told (ms), its generator when that is
-- ready, else ''. One script, so that it is one round trip and one write to the disk.
local t, told = now(), tonumber(ARGV[3])
redis.call('SET', 'lipchord:worker:' .. ARGV[1], ARGV[2], 'PX', told)
redis.call('ZADD', 'lipchord:workers', string.format('%.6f', t), ARGV[1])
redis.call('ZREMRANGEBYSCORE', 'lipchord:workers', '-inf', string.format('%.6f', t - told / 1000))
if ARGV[4] ~= '' then redis.call('ZADD', 'lipchord:ready', string.format('%.6f', t), ARGV[4]) end
