-- KEYS: a part. ARGV: life (ms). Returns 1 when it is there, and lives for that long at least.
return extend(KEYS[1], ARGV[1]) and 1 or 0
