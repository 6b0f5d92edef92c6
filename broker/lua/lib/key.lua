-- include: clock, bundle, lane, ready, pool, turn
-- rare: all
-- Slots of one value of a concurrency key, `customer=acme`. A lane whose value is full is *parked* at the value, out of
-- every queue, and comes back when a slot of the value is free: who waits for a value is never looked at in between.
local SWEPT = 100

local function key_of_lane(run, lane)
  local node, n = string.match(lane, "^(%d+)|(%d+)$")
  return redis.call("HGET", key_lane_keys(run, node), n)
end

local function free_of_key(key)
  local limit = read_pool(key).limit
  return limit and limit - used_of(key) or SWEPT
end

local function is_run_full(run, cap)
  return redis.call("SCARD", key_run_grants(run)) >= tonumber(cap)
end

local function park_lane(run, bundle, lane, key)
  local score = redis.call("ZSCORE", key_turns(bundle), run)
  redis.call("ZADD", key_parked(key, bundle), score, run .. "|" .. lane)
  redis.call("SADD", key_parkings(key), bundle)
  redis.call("ZADD", key_parked_keys(), now, key)
  redis.call("ZREM", key_offer(run, bundle), lane)
  if redis.call("EXISTS", key_offer(run, bundle)) == 0 then redis.call("ZREM", key_turns(bundle), run) end
end

local function first_parked(key)
  local first
  for _, bundle in ipairs(redis.call("SMEMBERS", key_parkings(key))) do
    local head = redis.call("ZRANGE", key_parked(key, bundle), 0, 0, "WITHSCORES")
    if not head[1] then
      redis.call("SREM", key_parkings(key), bundle)
    elseif not first or tonumber(head[2]) < first.score then
      first = { bundle = bundle, member = head[1], score = tonumber(head[2]) }
    end
  end
  return first
end

-- Whether the lane can take the slot now; one whose pools or run are full waits there, and others can use the slot.
local function can_go(run, bundle)
  local cap = redis.call("HGET", key_run(run), "cap")
  return not shortage_of(bundle) and not (cap and is_run_full(run, cap))
end

-- Puts parked lanes back in order of their turns, until as many can go as the value has free slots.
local function wake_key(key)
  if redis.call("EXISTS", key_parkings(key)) == 0 then return end
  local free = free_of_key(key)
  while free > 0 do
    local first = first_parked(key)
    if not first then return redis.call("ZREM", key_parked_keys(), key) end
    redis.call("ZREM", key_parked(key, first.bundle), first.member)
    local run, lane = string.match(first.member, "^([^|]*)|(.*)$")
    if is_open(run) and redis.call("EXISTS", key_ready(run, lane)) == 1 then
      offer(run, lane, first.bundle, first.score)
      if can_go(run, first.bundle) then free = free - 1 end
    end
  end
end

-- Recovery looks at the values that were not looked at for longest, some at a time.
local function sweep_keys()
  for _, key in ipairs(redis.call("ZRANGE", key_parked_keys(), 0, SWEPT - 1)) do
    redis.call("ZADD", key_parked_keys(), now, key)
    wake_key(key)
  end
end

-- The limit of every value of a key changed.
local function wake_keys(prefix)
  for _, key in ipairs(redis.call("ZRANGE", key_parked_keys(), 0, -1)) do
    if string.sub(key, 1, #prefix) == prefix then wake_key(key) end
  end
end
