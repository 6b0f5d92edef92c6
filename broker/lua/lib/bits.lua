-- rare: set_edges
-- Ranges of bits. Cost grows with the bytes touched, not with calls.
local function set_edges(key, from, to)
  for bit = from, to - 1 do redis.call("SETBIT", key, bit, 1) end
end

-- Sets bits from..to-1; returns how many were not set before.
local function set_range(key, from, to)
  if to - from == 1 then return 1 - redis.call("SETBIT", key, from, 1) end
  local before = redis.call("BITCOUNT", key, from, to - 1, "BIT")
  local first, last = math.ceil(from / 8) * 8, math.floor(to / 8) * 8
  if first >= last then
    set_edges(key, from, to)
  else
    set_edges(key, from, first)
    redis.call("SETRANGE", key, first / 8, string.rep("\255", (last - first) / 8))
    set_edges(key, last, to)
  end
  return (to - from) - before
end

local function clear_range(key, from, to)
  if redis.call("EXISTS", key) == 0 then return end
  if redis.call("BITCOUNT", key, from, to - 1, "BIT") == 0 then return end
  for bit = from, to - 1 do redis.call("SETBIT", key, bit, 0) end
end
