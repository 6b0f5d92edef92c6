-- include: clock, bundle
-- The ready queue: per node a sorted set of ranges, per run and bundle the nodes on offer, per bundle
-- the runs that take turns. A range of 100,000 steps is one member. The bundle of most nodes is the name of a pool.
local touched = {}

local function parse_range(text)
  local from, to = string.match(text, "^(%d+):(%d+)$")
  return tonumber(from), tonumber(to)
end

local function touch_parts(bundle)
  for _, part in ipairs(parts_of(bundle)) do touched[part.pool] = true end
end

-- A larger priority comes first; within one priority the run that waited longest.
local TURN_SPAN = 2 ^ 40

local function take_turn(run, bundle, turn)
  local priority = number_of(redis.call("HGET", key_run(run), "priority"))
  redis.call("ZADD", key_turns(bundle), turn - priority * TURN_SPAN, run)
end

local function node_field(run, field, node)
  return redis.call("HGET", key_nodes(run), field .. ":" .. node)
end

local function count_ready(run, bundle, steps)
  redis.call("HINCRBY", key_run(run), "ready", steps)
  redis.call("HINCRBY", key_pool_ready(), home_of(bundle), steps)
end

local function offer(run, node, bundle)
  redis.call("ZADD", key_offer(run, bundle), number_of(node_field(run, "order", node)), node)
  if not redis.call("ZSCORE", key_turns(bundle), run) then
    take_turn(run, bundle, number_of(redis.call("GET", key_turn())))
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

-- Steps of a node that join its queue: behind a closed gate they still wait.
local function hold_ready(run, node, steps)
  redis.call("HINCRBY", key_nodes(run), "held:" .. node, steps)
  local values = redis.call("HMGET", key_nodes(run), "gates:" .. node, "pool:" .. node)
  if number_of(values[1]) == 0 then
    count_ready(run, values[2], steps)
    offer(run, node, values[2])
  end
end

-- The steps from..to-1 have all their upstream steps.
local function add_ready(run, node, from, to)
  push_range(run, node, from, to)
  hold_ready(run, node, to - from)
end

-- Fills the empty queue of a node from a flat list of ranges that do not touch; cheap for a million of them.
local function fill_ready(run, node, ranges)
  local members, steps = {}, 0
  for i = 1, #ranges, 2 do
    local from, to = ranges[i], ranges[i + 1]
    steps = steps + to - from
    table.insert(members, from)
    table.insert(members, string.format("%d:%d", from, to))
    if #members == 1000 or i + 1 == #ranges then
      redis.call("ZADD", key_ready(run, node), unpack(members))
      members = {}
    end
  end
  if steps > 0 then hold_ready(run, node, steps) end
end

local function withdraw_if_empty(run, node, bundle)
  if redis.call("EXISTS", key_ready(run, node)) == 1 then return end
  redis.call("ZREM", key_offer(run, bundle), node)
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

-- Takes at most `limit` steps from the front of the node's queue; returns the range.
local function take_ready(run, node, bundle, limit)
  local key = key_ready(run, node)
  local first = redis.call("ZRANGE", key, 0, 0)[1]
  local from, to = parse_range(first)
  local stop = math.min(to, from + limit)
  redis.call("ZREM", key, first)
  if stop < to then redis.call("ZADD", key, stop, string.format("%d:%d", stop, to)) end
  redis.call("HINCRBY", key_nodes(run), "held:" .. node, from - stop)
  count_ready(run, bundle, from - stop)
  withdraw_if_empty(run, node, bundle)
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

-- Removes what lies in from..to-1 from the node's queue (steps that were skipped while they waited).
local function remove_ready(run, node, from, to)
  local key = key_ready(run, node)
  local members = redis.call("ZRANGEBYSCORE", key, from, "(" .. to)
  local before = redis.call("ZREVRANGEBYSCORE", key, "(" .. from, "-inf", "LIMIT", 0, 1)[1]
  if before and select(2, parse_range(before)) > from then table.insert(members, before) end
  local removed = 0
  for _, member in ipairs(members) do removed = removed + cut_range(run, node, member, from, to) end
  if removed == 0 then return end
  redis.call("HINCRBY", key_nodes(run), "held:" .. node, -removed)
  if number_of(node_field(run, "gates", node)) == 0 then
    local bundle = node_field(run, "pool", node)
    count_ready(run, bundle, -removed)
    withdraw_if_empty(run, node, bundle)
  end
end

-- One gate of the node opens; with the last one everything held becomes ready at once.
local function open_gate(run, node)
  if redis.call("HINCRBY", key_nodes(run), "gates:" .. node, -1) ~= 0 then return end
  local held = number_of(node_field(run, "held", node))
  if held == 0 then return end
  local bundle = node_field(run, "pool", node)
  count_ready(run, bundle, held)
  offer(run, node, bundle)
end
