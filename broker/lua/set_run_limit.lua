-- set_run_limit: changes how many runs with a tag may start steps at once; those that have begun go on.
-- KEYS:
--   1 root (string): layout version; all other keys are built from it
-- ARGV:
--   1 tag (string): `customer=acme`, `customer=*` for each value, `customer` for all values together, `*` for all runs
--   2 limit (integer): runs at once; -1 removes the limit
--   3 source (string): "hand" or "code"; code does not change what was set by hand
-- REPLY: OK messages
-- EVENTS:
-- INVARIANTS: 3, 4
-- include: admission, grant
local tag, limit, source = ARGV[1], tonumber(ARGV[2]), ARGV[3]
if source == "code" and redis.call("HGET", key_run_limit_sources(), tag) == "hand" then return { "OK", {} } end
if limit < 0 then
  redis.call("HDEL", key_run_limits(), tag)
  redis.call("HDEL", key_run_limit_sources(), tag)
else
  redis.call("HSET", key_run_limits(), tag, limit)
  redis.call("HSET", key_run_limit_sources(), tag, source)
end
admit_all_waiting()
return { "OK", publish_touched() }
