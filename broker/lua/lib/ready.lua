-- include: clock, bundle, lane
-- rare: order_of_lane, offer_lanes, push_all, fill_ready, withdraw_all, take_place, cut_range, cut_lane, remove_ready, open_gate
-- The ready queue: per node a sorted set of ranges, per run and bundle the nodes on offer, per bundle
-- the runs that take turns. A range of 100,000 steps is one member. The bundle of most nodes is the name of a pool.
local touched = {}
local came = {}

local function parse_range(text)
  local from, to = string.match(text, "^(%d+):(%d+)$")
  return tonumber(from), tonumber(to)
end

local function node_of(lane) return string.match(lane, "^%d+") end

local function has_lanes(lane) return string.find(lane, "|", 1, true) end

local function touch_parts(bundle)
  for _, part in ipairs(parts_of(bundle)) do touched[part.pool] = true end
end

-- A larger priority comes first; within one priority the run that waited longest.
local TURN_SPAN = 2 ^ 40

local function take_turn(run, bundle, turn)
  local values = redis.call("HMGET", key_run(run), "priority", "waits")
  if values[2] then return end -- it was not admitted yet
  redis.call("ZADD", key_turns(bundle), turn - number_of(values[1]) * TURN_SPAN, run)
end

local function node_field(run, field, node)
  return redis.call("HGET", key_nodes(run), field .. ":" .. node)
end

local function count_ready(run, bundle, steps)
  redis.call("HINCRBY", key_run(run), "ready", steps)
  redis.call("HINCRBY", key_pool_ready(), home_of(bundle), steps)
end

-- Lanes go in order of their first steps, behind the order of nodes, which are whole numbers.
local PLACES = 2 ^ 21

local function order_of_lane(run, lane)
  local node, n = string.match(lane, "^(%d+)|(%d+)$")
  local values = redis.call("HMGET", key_nodes(run), "order:" .. node, "lanes:" .. node)
  local first = redis.call("ZRANGE", key_ready(run, lane), 0, 0)[1]
  local step = first and step_at(lanes_of(values[2]), tonumber(n), tonumber(string.match(first, "^%d+"))) or 0
  return number_of(values[1]) + math.min(step, PLACES - 1) / PLACES
end

local function order_of(run, lane)
  if not has_lanes(lane) then return number_of(node_field(run, "order", lane)) end
  return order_of_lane(run, lane)
end

local function is_open(run)
  local status = redis.call("HGET", key_run(run), "status")
  return status == "QUEUED" or status == "STARTED"
end

-- `score`: the turn that it had before it was parked.
local function offer(run, lane, bundle, score)
  redis.call("ZADD", key_offer(run, bundle), order_of(run, lane), lane)
  if not redis.call("ZSCORE", key_turns(bundle), run) then
    table.insert(came, { run, bundle })
    redis.call("HSET", key_nodes(run), "since:" .. bundle, now)
    if score then
      redis.call("ZADD", key_turns(bundle), score, run)
    else
      take_turn(run, bundle, number_of(redis.call("GET", key_turn())) - 0.5) -- before the one that was just served
    end
  end
  touched[home_of(bundle)] = true
end

-- Puts a range into the node's queue, joined with its neighbours.
local function push_range(run, node, from, to)
  local key = key_ready(run, node)
  local before = redis.call("ZREVRANGEBYSCORE", key, from, "-inf", "LIMIT", 0, 1)[1]
  if before then
    local low, high = parse_range(before)
    if high == from then
      redis.call("ZREM", key, before)
      from = low
    end
  end
  local after = redis.call("ZRANGEBYSCORE", key, to, to, "LIMIT", 0, 1)[1]
  if after then
    local _, high = parse_range(after)
    redis.call("ZREM", key, after)
    to = high
  end
  redis.call("ZADD", key, from, string.format("%d:%d", from, to))
end

local function offer_lanes(run, node, bundle, lanes, from, to)
  each_lane(node, lanes_of(lanes), from, to, function(lane, low, high)
    push_range(run, lane, low, high)
    offer(run, lane, bundle)
  end)
end

-- Counts steps of a node that join its queue. Returns its bundle, and its lanes if it has some; nothing behind a closed
-- gate, where they still wait.
local function hold_ready(run, node, steps)
  redis.call("HINCRBY", key_nodes(run), "held:" .. node, steps)
  local values = redis.call("HMGET", key_nodes(run), "gates:" .. node, "pool:" .. node, "lanes:" .. node)
  if number_of(values[1]) > 0 then return end
  count_ready(run, values[2], steps)
  return values[2], values[3]
end

-- The steps from..to-1 have all their upstream steps.
local function add_ready(run, node, from, to)
  local bundle, lanes = hold_ready(run, node, to - from)
  if lanes then return offer_lanes(run, node, bundle, lanes, from, to) end
  push_range(run, node, from, to)
  if bundle then offer(run, node, bundle) end
end

-- Puts many ranges into an empty queue.
local function push_all(run, node, ranges)
  local members = {}
  for i = 1, #ranges, 2 do
    table.insert(members, ranges[i])
    table.insert(members, string.format("%d:%d", ranges[i], ranges[i + 1]))
    if #members == 1000 or i + 1 == #ranges then
      redis.call("ZADD", key_ready(run, node), unpack(members))
      members = {}
    end
  end
end

-- Fills the empty queue of a node from a flat list of ranges that do not touch; cheap for a million of them.
local function fill_ready(run, node, ranges)
  local steps = 0
  for i = 1, #ranges, 2 do steps = steps + ranges[i + 1] - ranges[i] end
  if steps == 0 then return end
  local bundle, lanes = hold_ready(run, node, steps)
  if lanes then
    for i = 1, #ranges, 2 do offer_lanes(run, node, bundle, lanes, ranges[i], ranges[i + 1]) end
    return
  end
  push_all(run, node, ranges)
  if bundle then offer(run, node, bundle) end
end

local function withdraw_if_empty(run, lane, bundle)
  if redis.call("EXISTS", key_ready(run, lane)) == 1 then return end
  redis.call("ZREM", key_offer(run, bundle), lane)
  if redis.call("EXISTS", key_offer(run, bundle)) == 0 then redis.call("ZREM", key_turns(bundle), run) end
end

-- Nothing of the run is ready any more. Bounded by the nodes of its plan.
local function withdraw_all(run)
  local values = redis.call("HMGET", key_nodes(run), "count", "pools")
  for node = 0, number_of(values[1]) - 1 do
    local fields = redis.call("HMGET", key_nodes(run), "gates:" .. node, "held:" .. node, "pool:" .. node)
    if number_of(fields[1]) == 0 and number_of(fields[2]) > 0 then count_ready(run, fields[3], -fields[2]) end
  end
  for bundle in string.gmatch(values[2] or "", "[^,]+") do
    redis.call("DEL", key_offer(run, bundle))
    redis.call("ZREM", key_turns(bundle), run)
    touch_parts(bundle)
  end
end

-- Takes the first range of a lane, at most `limit` of it.
local function take_range(run, lane, limit)
  local key = key_ready(run, lane)
  local first = redis.call("ZRANGE", key, 0, 0)[1]
  local from, to = parse_range(first)
  local stop = math.min(to, from + limit)
  redis.call("ZREM", key, first)
  if stop < to then redis.call("ZADD", key, stop, string.format("%d:%d", stop, to)) end
  return from, stop
end

local function take_place(run, lane, bundle)
  local node, n = string.match(lane, "^(%d+)|(%d+)$")
  local place = take_range(run, lane, 1)
  if redis.call("EXISTS", key_ready(run, lane)) == 1 then
    redis.call("ZADD", key_offer(run, bundle), order_of(run, lane), lane)
  end
  local step = step_at(lanes_of(node_field(run, "lanes", node)), tonumber(n), place)
  return step, step + 1
end

-- Takes at most `limit` steps from the front of the lane's queue; returns the range.
local function take_ready(run, lane, bundle, limit)
  local from, stop
  if has_lanes(lane) then
    from, stop = take_place(run, lane, bundle)
  else
    from, stop = take_range(run, lane, limit)
  end
  redis.call("HINCRBY", key_nodes(run), "held:" .. node_of(lane), from - stop)
  count_ready(run, bundle, from - stop)
  withdraw_if_empty(run, lane, bundle)
  return from, stop
end

local function cut_range(run, node, member, from, to)
  local low, high = parse_range(member)
  local key = key_ready(run, node)
  redis.call("ZREM", key, member)
  if low < from then redis.call("ZADD", key, low, string.format("%d:%d", low, from)) end
  if high > to then redis.call("ZADD", key, to, string.format("%d:%d", to, high)) end
  return math.min(high, to) - math.max(low, from)
end

local function cut_lane(run, lane, from, to)
  local key = key_ready(run, lane)
  local members = redis.call("ZRANGEBYSCORE", key, from, "(" .. to)
  local before = redis.call("ZREVRANGEBYSCORE", key, "(" .. from, "-inf", "LIMIT", 0, 1)[1]
  if before and select(2, parse_range(before)) > from then table.insert(members, before) end
  local removed = 0
  for _, member in ipairs(members) do removed = removed + cut_range(run, lane, member, from, to) end
  return removed
end

-- Removes what lies in from..to-1 from the node's queue (steps that were skipped while they waited).
local function remove_ready(run, node, from, to)
  local values = redis.call("HMGET", key_nodes(run), "gates:" .. node, "pool:" .. node, "lanes:" .. node)
  local is_offered, bundle, removed = number_of(values[1]) == 0, values[2], 0
  local function cut(lane, low, high)
    removed = removed + cut_lane(run, lane, low, high)
    if is_offered then withdraw_if_empty(run, lane, bundle) end
  end
  if is_offered and values[3] then
    each_lane(node, lanes_of(values[3]), from, to, cut)
  else
    cut(node, from, to)
  end
  if removed == 0 then return end
  redis.call("HINCRBY", key_nodes(run), "held:" .. node, -removed)
  if is_offered then count_ready(run, bundle, -removed) end
end

-- One gate of the node opens; with the last one everything held becomes ready at once.
local function open_gate(run, node)
  if redis.call("HINCRBY", key_nodes(run), "gates:" .. node, -1) ~= 0 then return end
  local held = number_of(node_field(run, "held", node))
  if held == 0 then return end
  local values = redis.call("HMGET", key_nodes(run), "pool:" .. node, "lanes:" .. node)
  count_ready(run, values[1], held)
  if not values[2] then return offer(run, node, values[1]) end
  local ranges = redis.call("ZRANGE", key_ready(run, node), 0, -1)
  redis.call("DEL", key_ready(run, node))
  for _, range in ipairs(ranges) do
    local from, to = parse_range(range)
    offer_lanes(run, node, values[1], values[2], from, to)
  end
end
