-- include: clock
-- What is known of a pool: its limit, the processes that serve it. Read once in a script.
local pools_read = {}

-- The pool of assets that name none has no limit but its own: only what was named follows the default.
local function limit_of(own, default, pool)
  if own then return tonumber(own) end
  if default and pool ~= "default" then return tonumber(default) end
end

local function read_pool(pool)
  local found = pools_read[pool]
  if found then return found end
  local values = redis.call("HMGET", key_limits(), pool, "*")
  local capacity = number_of(redis.call("HGET", key_capacity(), pool))
  found = {
    limit = limit_of(values[1], values[2], pool),
    capacity = capacity,
    window = capacity + math.max(1, math.floor(capacity / 4)),
  }
  pools_read[pool] = found
  return found
end
