-- include: clock, bundle
-- rare: all
-- Lanes: the steps of a node that have one value of its concurrency key. A key that is a tag has one value for the whole
-- node, and the lane is the node's number. A key that is a dimension of the partitions has a lane `node|n` for each of its
-- values, whose ready queue holds *places*: the steps of a value lie in strides, their places are consecutive, so that a
-- range of 100,000 steps is one range in each lane.
local function lanes_of(text)
  local offset, stride, size = string.match(text, "^(%-?%d+):(%d+):(%d+)$")
  return { offset = tonumber(offset), stride = tonumber(stride), size = tonumber(size) }
end

-- How many steps before `step` are in lane n; of a step of the lane, its place.
local function place_of(lanes, n, step)
  local at, row = step + lanes.offset, lanes.stride * lanes.size
  local before = math.max(0, math.min(lanes.stride, at % row - n * lanes.stride))
  return math.floor(at / row) * lanes.stride + before
end

local function step_at(lanes, n, place)
  local row = math.floor(place / lanes.stride)
  return row * lanes.stride * lanes.size + n * lanes.stride + place % lanes.stride - lanes.offset
end

-- Calls `act(lane, from, to)` with the places of from..to-1 in each lane. Bounded by the values of the key.
local function each_lane(node, lanes, from, to, act)
  local first = math.floor((from + lanes.offset) / lanes.stride)
  local last = math.floor((to - 1 + lanes.offset) / lanes.stride)
  for band = first, math.min(last, first + lanes.size - 1) do
    local n = band % lanes.size
    local low, high = place_of(lanes, n, from), place_of(lanes, n, to)
    if low < high then act(string.format("%s|%d", node, n), low, high) end
  end
end

-- Writes what is known of a node, as submit_run documents it.
local function write_node(run, node, entry)
  redis.call("HSET", key_nodes(run), "pool:" .. node, entry[1], "order:" .. node, entry[2],
    "left:" .. node, entry[3], "gates:" .. node, entry[4], "opens:" .. node, entry[5], "batch:" .. node, entry[6])
  if entry[8] ~= "" then redis.call("HSET", key_nodes(run), "key:" .. node, entry[8]) end
  if entry[11] ~= "" then redis.call("HSET", key_nodes(run), "fan:" .. node, entry[11]) end
  if entry[9] ~= "" then redis.call("HSET", key_nodes(run), "lanes:" .. node, entry[9]) end
  local values = entry[10]
  for i = 1, #values, 2 do redis.call("HSET", key_lane_keys(run, node), values[i], values[i + 1]) end
end

local function forget_lanes(run, node)
  local text = redis.call("HGET", key_nodes(run), "lanes:" .. node)
  if not text then return end
  for n = 0, lanes_of(text).size - 1 do redis.call("UNLINK", key_ready(run, string.format("%d|%d", node, n))) end
  redis.call("UNLINK", key_lane_keys(run, node))
end
