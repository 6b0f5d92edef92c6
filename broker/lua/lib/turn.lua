-- include: bundle, pool, rate
-- rare: all
-- Whose turn it is in a pool that several bundles use: the one whose first run has waited longest, if it fits. When it
-- does not fit, others may pass it, but only so often: after that its pools are reserved for it until it was granted.
local PASSES = 8

local function first_in(bundle)
  local head = redis.call("ZRANGE", key_turns(bundle), 0, 0, "WITHSCORES")
  if head[1] then return tonumber(head[2]) end
end

-- Why a bundle cannot be granted now: "slots" while what it needs is held by others and will be free some day, "rate"
-- while only a token is missing, "never" when no such day is in sight; nil when it fits. And the pool.
local function shortage_of(bundle)
  local found
  for number, part in ipairs(parts_of(bundle)) do
    local pool = read_pool(part.pool)
    if pool.limit then
      if pool.limit < part.weight then return "never", part.pool end
      if pool.limit - used_of(part.pool) < part.weight then found = found or part.pool end
    end
    if number == 1 and pool.window <= redis.call("ZCARD", key_holders(part.pool)) then
      if pool.capacity == 0 then return "never", part.pool end
      found = found or part.pool
    end
  end
  if found then return "slots", found end
  local pool = without_token(bundle)
  if pool then return "rate", pool end
end

-- A pool is reserved while the bundle for which it is waits before this one and can hope.
local function is_reserved(pool, bundle, score)
  local owner = redis.call("HGET", key_reserved(), pool)
  if not owner or owner == bundle then return false end
  local before = first_in(owner)
  if not before or shortage_of(owner) == "never" then
    redis.call("HDEL", key_reserved(), pool)
    return false
  end
  return before < score
end

local function reserved_part(bundle, score)
  for _, part in ipairs(parts_of(bundle)) do
    if is_reserved(part.pool, bundle, score) then return part.pool end
  end
end

local function shares_pool(one, other)
  for _, a in ipairs(parts_of(one)) do
    for _, b in ipairs(parts_of(other)) do
      if a.pool == b.pool then return true end
    end
  end
  return false
end

local function reserve_for(bundle, score)
  for _, part in ipairs(parts_of(bundle)) do
    if not is_reserved(part.pool, bundle, score) then redis.call("HSET", key_reserved(), part.pool, bundle) end
  end
end

-- `bundle` was granted while those in `waiting` were before it in turn and did not fit.
local function note_passing(bundle, waiting)
  for _, head in ipairs(waiting) do
    if shares_pool(head.bundle, bundle) and redis.call("HINCRBY", key_passed(), head.bundle, 1) >= PASSES then
      reserve_for(head.bundle, head.score)
    end
  end
end

-- A bundle was granted: what was reserved for it is free again.
local function end_reservation(bundle)
  if redis.call("HDEL", key_passed(), bundle) == 0 then return end
  for _, part in ipairs(parts_of(bundle)) do
    if redis.call("HGET", key_reserved(), part.pool) == bundle then
      redis.call("HDEL", key_reserved(), part.pool)
      touched[part.pool] = true
    end
  end
end

-- Bundles that need the pool and have runs that wait, first in turn first. Bounded by the bundles that code declares.
local function heads_of(pool)
  local heads = {}
  local function look_at(bundle)
    local score = first_in(bundle)
    if score then table.insert(heads, { bundle = bundle, score = score }) end
  end
  look_at(pool)
  for _, bundle in ipairs(redis.call("SMEMBERS", key_bundles(pool))) do look_at(bundle) end
  table.sort(heads, function(a, b)
    if a.score == b.score then return a.bundle < b.bundle end
    return a.score < b.score
  end)
  return heads
end
