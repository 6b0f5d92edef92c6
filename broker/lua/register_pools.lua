-- register_pools: pools that code names, and the limits that it gives; a limit set by hand stays.
-- KEYS:
--   1 root (string): layout version; all other keys are built from it
-- ARGV:
--   1 pools (msgpack): names
--   2 limits (msgpack): flat list of pool, limit
-- REPLY: OK messages
-- EVENTS:
-- INVARIANTS: 3, 4, 5
-- include: limit
for _, pool in ipairs(cmsgpack.unpack(ARGV[1])) do redis.call("SADD", key_pools(), pool) end
local limits = cmsgpack.unpack(ARGV[2])
for i = 1, #limits, 2 do
  local pool, limit = limits[i], limits[i + 1]
  local is_by_hand = redis.call("HGET", key_limit_sources(), pool) == "hand"
  if not is_by_hand and tonumber(redis.call("HGET", key_limits(), pool)) ~= limit then change_limit(pool, limit, "code", "") end
end
return { "OK", publish_touched() }
