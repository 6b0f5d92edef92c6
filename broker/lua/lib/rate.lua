-- include: clock, bundle, pool
-- rare: all
-- Rates: at most `starts` steps of a pool begin in any `period_ms`. Each start takes one of that many tokens, which comes
-- back one period later. A grant has its token from the moment it is published, and the period counts from its claim, so
-- that a late claim cannot bunch starts together.
local WAKE_GRID_MS = 20

local function clear_returned(pool, rate)
  redis.call("ZREMRANGEBYSCORE", key_starts(pool), "-inf", now - rate.period_ms)
end

local function has_token(pool, rate)
  clear_returned(pool, rate)
  return redis.call("ZCARD", key_starts(pool)) < rate.starts
end

-- Recovery looks at the pool again at that time; workers are told, unless they know of an earlier one.
local function wake_pool(pool, due)
  due = math.ceil(due / WAKE_GRID_MS) * WAKE_GRID_MS
  local known = tonumber(redis.call("ZSCORE", key_wakes(), pool))
  if known and known > now and known <= due then return end
  redis.call("ZADD", key_wakes(), due, pool)
  redis.call("PUBLISH", key_control(), cmsgpack.pack({ wake_in_ms = due - now }))
end

-- The next token comes back by itself; while all are with grants that nobody has claimed, their claims say when.
local function wake_for_token(pool, rate)
  local oldest = tonumber(redis.call("ZRANGE", key_starts(pool), 0, 0, "WITHSCORES")[2])
  if oldest and oldest < math.huge then wake_pool(pool, oldest + rate.period_ms) end
end

-- The first pool of the bundle that has no token left.
local function without_token(bundle)
  for _, pool in ipairs(rated_parts(bundle)) do
    if not has_token(pool, read_pool(pool).rate) then return pool end
  end
end

local function take_tokens(pools, fence)
  for _, pool in ipairs(pools) do redis.call("ZADD", key_starts(pool), "+inf", fence) end
end

-- The grant was claimed: its step begins now.
local function stamp_tokens(pools, fence)
  for pool in string.gmatch(pools, "[^,]+") do
    redis.call("ZADD", key_starts(pool), "XX", now, fence)
    local rate = read_pool(pool).rate
    if rate then wake_pool(pool, now + rate.period_ms) end
  end
end

-- The grant went back and nothing of it began.
local function return_tokens(pools, fence)
  for pool in string.gmatch(pools, "[^,]+") do
    redis.call("ZREM", key_starts(pool), fence)
    touched[pool] = true
  end
end
