-- include: clock, bundle, ready
-- rare: hold_shares, drop_shares
-- What is known of a pool: its limit, the processes that serve it. Read once in a script.
local pools_read = {}

-- The pool of assets that name none has no limit but its own: only what was named follows the default.
local function limit_of(own, default, pool)
  if own then return tonumber(own) end
  if default and pool ~= "default" then return tonumber(default) end
end

-- Where a limit stands that a pool has in common with others: `customer=*` for the values of a key, else `*`.
local function default_of(pool)
  local key = string.match(pool, "^(.-)=")
  return key and key .. "=*" or "*"
end

local function rate_of(text)
  if not text then return nil end
  local starts, period_ms = string.match(text, "^(%d+)/(%d+)$")
  return { starts = tonumber(starts), period_ms = tonumber(period_ms) }
end

local function read_pool(pool)
  local found = pools_read[pool]
  if found then return found end
  local values = redis.call("HMGET", key_limits(), pool, default_of(pool), "shared:" .. pool, "rate:" .. pool)
  local capacity = number_of(redis.call("HGET", key_capacity(), pool))
  found = {
    limit = limit_of(values[1], values[2], pool),
    is_shared = values[3],
    rate = rate_of(values[4]),
    capacity = capacity,
    window = capacity + math.max(1, math.floor(capacity / 4)),
  }
  pools_read[pool] = found
  return found
end

local function rated_parts(bundle)
  local found = {}
  for _, part in ipairs(parts_of(bundle)) do
    if read_pool(part.pool).rate then table.insert(found, part.pool) end
  end
  return found
end

-- Slots of the pool that are held, whoever's message they go with.
local function used_of(pool)
  local used = redis.call("ZCARD", key_holders(pool))
  if read_pool(pool).is_shared then used = used + redis.call("ZCARD", key_shares(pool)) end
  return used
end

-- Grants for which there is room in a pool that no bundle shares: by the limit, and by a window of what live workers can run and a few more, so that
-- a queue never holds more messages.
local function room_of(pool)
  local found = read_pool(pool)
  return math.min(found.limit or found.window, found.window) - redis.call("ZCARD", key_holders(pool))
end

-- Slots beyond the one that a grant has by being in its home's list of holders.
local function hold_shares(bundle, fence)
  for number, part in ipairs(parts_of(bundle)) do
    for unit = (number == 1 and 2 or 1), part.weight do
      redis.call("ZADD", key_shares(part.pool), now, fence .. "#" .. unit)
    end
  end
end

local function drop_shares(bundle, fence)
  for number, part in ipairs(parts_of(bundle)) do
    for unit = (number == 1 and 2 or 1), part.weight do
      redis.call("ZREM", key_shares(part.pool), fence .. "#" .. unit)
    end
    touched[part.pool] = true
  end
end
