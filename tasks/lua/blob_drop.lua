-- ARGV: blob. Forgets it, and those of its parts that no other blob has.
drop(ARGV[1])
return 1
