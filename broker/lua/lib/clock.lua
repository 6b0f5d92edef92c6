-- Server time, and fences that grow with it.
-- A fence is the server's time in microseconds, or one more than the last one given out. Being
-- tied to time it keeps growing even when a restart loses the last second of the counter.
local clock = redis.call("TIME")
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)

local function next_fence()
  local last = tonumber(redis.call("GET", key_fence()) or "0")
  local micros = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
  local fence = string.format("%.0f", math.max(micros, last + 1))
  redis.call("SET", key_fence(), fence)
  return fence
end

local function number_of(value) return tonumber(value or "0") or 0 end
