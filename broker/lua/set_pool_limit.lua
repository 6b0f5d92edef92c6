-- set_pool_limit: changes a limit at once; a lower one also takes back grants that nobody has claimed.
-- KEYS:
--   1 root (string): layout version; all other keys are built from it
-- ARGV:
--   1 pool (string): name of the pool; `*` for every pool without a limit of its own
--   2 limit (integer): new limit; -1 removes it, and the rate
--   3 rate (string): `starts/period in ms`; empty for none
-- REPLY: OK messages
-- EVENTS:
-- INVARIANTS: 3, 4, 5
-- include: limit
change_limit(ARGV[1], tonumber(ARGV[2]), "hand", ARGV[3])
return { "OK", publish_touched() }
