-- add_partitions: adds keys to dynamic partitions; each gets a slot that it keeps for ever.
-- KEYS:
--   1 root (string): layout version; all other keys are built from it
-- ARGV:
--   1 name (string): of the partitions
--   2 keys (msgpack): list of keys, bounded by the caller
-- REPLY: OK
-- EVENTS:
-- INVARIANTS: 1
-- include: clock
local name, changed = ARGV[1], false
for _, key in ipairs(cmsgpack.unpack(ARGV[2])) do
  if not redis.call("ZSCORE", key_dynamic(name), key) then
    redis.call("HSETNX", key_slots(name), key, redis.call("HLEN", key_slots(name)))
    local last = redis.call("ZREVRANGE", key_dynamic(name), 0, 0, "WITHSCORES")[2]
    redis.call("ZADD", key_dynamic(name), number_of(last) + 1, key)
    changed = true
  end
end
if changed then redis.call("HINCRBY", key_dynamic_versions(), name, 1) end
return { "OK" }
