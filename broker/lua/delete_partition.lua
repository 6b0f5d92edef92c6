-- delete_partition: deletes a key of dynamic partitions; its slot stays its own.
-- KEYS:
--   1 root (string): layout version; all other keys are built from it
-- ARGV:
--   1 name (string): of the partitions
--   2 key (string): the key
-- REPLY: OK
-- EVENTS:
-- INVARIANTS: 1
-- include: clock
if redis.call("ZREM", key_dynamic(ARGV[1]), ARGV[2]) == 1 then
  redis.call("HINCRBY", key_dynamic_versions(), ARGV[1], 1)
end
return { "OK" }
