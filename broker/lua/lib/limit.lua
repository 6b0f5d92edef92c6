-- include: clock, pool, requeue
-- Limits that change. A lower one kills nothing: grants that nobody has claimed go back, and no other follows until
-- enough of what runs has ended.
local function take_back(pool)
  local limit = read_pool(pool).limit
  if not limit or used_of(pool) <= limit then return end
  for _, key in ipairs({ key_holders(pool), key_shares(pool) }) do
    for _, member in ipairs(redis.call("ZREVRANGE", key, 0, -1)) do
      if used_of(pool) <= limit then return end
      local grant = read_grant(string.match(member, "^%d+"))
      if grant and grant.state == "queued" then requeue(grant, false, 1, "limit lowered") end
    end
  end
end

local function limit_changed(pool)
  pools_read[pool] = nil
  touched[pool] = true
  for _, bundle in ipairs(redis.call("SMEMBERS", key_bundles(pool))) do touch_parts(bundle) end
  take_back(pool)
end

-- Bounded by the number of pools.
local function default_changed()
  for _, pool in ipairs(redis.call("SMEMBERS", key_pools())) do
    if redis.call("HEXISTS", key_limits(), pool) == 0 then limit_changed(pool) end
  end
end

-- The pool `*` stands for every pool without a limit of its own; a negative limit removes it.
-- `rate` is `starts/period in ms`, or "" for none.
local function change_limit(pool, limit, source, rate)
  if limit < 0 then
    redis.call("HDEL", key_limits(), pool)
    redis.call("HDEL", key_limits(), "rate:" .. pool)
    redis.call("HDEL", key_limit_sources(), pool)
  else
    redis.call("HSET", key_limits(), pool, limit)
    redis.call("HSET", key_limit_sources(), pool, source)
    if rate ~= "" then redis.call("HSET", key_limits(), "rate:" .. pool, rate) end
    if rate == "" then redis.call("HDEL", key_limits(), "rate:" .. pool) end
  end
  if pool == "*" then return default_changed() end
  local prefix = string.match(pool, "^(.*=)%*$")
  if prefix then
    pools_read = {}
    return wake_keys(prefix)
  end
  if string.find(pool, "=", 1, true) then
    limit_changed(pool)
    return wake_key(pool)
  end
  redis.call("SADD", key_pools(), pool)
  limit_changed(pool)
end
