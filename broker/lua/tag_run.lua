-- tag_run: replaces the tags of a run, if they are still what was read.
-- KEYS:
--   1 root (string): layout version; all other keys are built from it
-- ARGV:
--   1 run_id (string): the run
--   2 expected (bytes): its tags as they were read, packed
--   3 tags (bytes): all its tags from here on, packed
-- REPLY: OK | BUSY
-- EVENTS:
-- INVARIANTS: 1
if redis.call("HGET", key_run(ARGV[1]), "tags") ~= ARGV[2] then return { "BUSY" } end
redis.call("HSET", key_run(ARGV[1]), "tags", ARGV[3])
return { "OK" }
