-- keep_run: a process that executes a run by itself says that it lives.
-- KEYS:
--   1 root (string): layout version; all other keys are built from it
-- ARGV:
--   1 run_id (string): the run
--   2 lease_ms (ms): how long it may be silent from here on
-- REPLY: OK | ENDED
-- EVENTS:
-- INVARIANTS: 4
-- include: clock, event, ready, grant
if not is_open(ARGV[1]) then return { "ENDED" } end
redis.call("ZADD", key_held(), "XX", now + tonumber(ARGV[2]), ARGV[1])
return { "OK" }
