-- set_pool_limit: changes a limit at once; a lower one also takes back grants that nobody has claimed.
-- KEYS:
--   1 root (string): layout version; all other keys are built from it
-- ARGV:
--   1 pool (string): name of the pool
--   2 limit (integer): new limit; -1 removes it
-- REPLY: OK messages
-- EVENTS:
-- INVARIANTS: 3, 4, 5
-- include: requeue
local pool, limit = ARGV[1], tonumber(ARGV[2])
redis.call("SADD", key_pools(), pool)
touched[pool] = true
if limit < 0 then
  redis.call("HDEL", key_limits(), pool)
  return { "OK", grant_touched() }
end
redis.call("HSET", key_limits(), pool, limit)
local over = redis.call("ZCARD", key_holders(pool)) - limit
for _, fence in ipairs(redis.call("ZREVRANGE", key_holders(pool), 0, -1)) do
  if over <= 0 then break end
  local grant = read_grant(fence)
  if grant and grant.state == "queued" then
    requeue(grant, false, 1, "limit lowered")
    over = over - 1
  end
end
return { "OK", grant_touched() }
