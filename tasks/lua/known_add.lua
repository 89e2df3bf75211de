-- KEYS: a scene's chunks. ARGV: entry, life (ms), most entries.
local t = redis.call('TIME')
local at = t[1] + t[2] / 1000000
redis.call('ZADD', KEYS[1], at, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', at - ARGV[2] / 1000)
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1 - ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
