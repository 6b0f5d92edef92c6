-- include: clock, ready, grant
-- The fleet: who lives, and how many processes each pool has.
local function forget_worker(worker)
  redis.call("ZREM", key_workers(), worker)
  redis.call("DEL", key_worker(worker))
end

-- Recounts the capacity of every pool; called when a worker joins or leaves.
local function count_capacity()
  redis.call("DEL", key_capacity(), key_processes())
  for _, pool in ipairs(redis.call("SMEMBERS", key_pools())) do forget_spares(pool) end
  for _, worker in ipairs(redis.call("ZRANGE", key_workers(), 0, -1)) do
    local values = redis.call("HMGET", key_worker(worker), "pools", "concurrency")
    redis.call("INCRBY", key_processes(), number_of(values[2]))
    for pool in string.gmatch(values[1] or "", "[^,]+") do
      redis.call("HINCRBY", key_capacity(), pool, number_of(values[2]))
      touched[pool] = true
    end
  end
end
