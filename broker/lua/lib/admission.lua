-- include: clock, ready
-- rare: all
-- Runs that may start steps. A run counts under each of its tags, and under `*`, from its admission to its end; one that
-- meets a limit waits, out of every pool, at the tag whose limit it met.
local ADMITTED_AT_ONCE = 100

local function run_limit_of(tag)
  local key = string.match(tag, "^(.-)=")
  local values = redis.call("HMGET", key_run_limits(), tag, key and key .. "=*" or tag)
  return tonumber(values[1] or values[2] or nil)
end

local function is_full(tag)
  local limit = run_limit_of(tag)
  return limit and redis.call("SCARD", key_admitted(tag)) >= limit
end

local function tags_of(run)
  local packed = redis.call("HGET", key_run(run), "counted")
  return packed and cjson.decode(packed) or {}
end

-- In microseconds, because many runs are submitted in one millisecond.
local function queue_run(run, tag)
  redis.call("HSETNX", key_run(run), "asked", string.format("%.0f", tonumber(clock[1]) * 1000000 + tonumber(clock[2])))
  local values = redis.call("HMGET", key_run(run), "priority", "asked")
  redis.call("HSET", key_run(run), "waits", tag)
  redis.call("ZADD", key_admission(tag), number_of(values[2]) - number_of(values[1]) * TURN_SPAN * 4, run)
  redis.call("SADD", key_admissions(), tag)
end

local function take_turns(run)
  for bundle in string.gmatch(redis.call("HGET", key_nodes(run), "pools") or "", "[^,]+") do
    if redis.call("EXISTS", key_offer(run, bundle)) == 1 then
      take_turn(run, bundle, number_of(redis.call("GET", key_turn())) - 0.5)
      touch_parts(bundle)
    end
  end
end

-- All of its tags have room, or it waits at the first that has none.
local function admit(run)
  local tags = tags_of(run)
  for _, tag in ipairs(tags) do
    if is_full(tag) then return queue_run(run, tag) end
  end
  for _, tag in ipairs(tags) do redis.call("SADD", key_admitted(tag), run) end
  if redis.call("HDEL", key_run(run), "waits") == 1 then take_turns(run) end
end

-- Of a run that was lost where it counted, or where it waited.
local function count_again(run)
  local waits = redis.call("HGET", key_run(run), "waits")
  if not waits then
    for _, tag in ipairs(tags_of(run)) do redis.call("SADD", key_admitted(tag), run) end
    return
  end
  redis.call("ZREM", key_admission(waits), run)
  admit(run)
end

-- The tag with room whose first run has waited longest.
local function next_admission(tags)
  local chosen, best
  for _, tag in ipairs(tags) do
    local head = redis.call("ZRANGE", key_admission(tag), 0, 0, "WITHSCORES")
    if not head[1] then
      redis.call("SREM", key_admissions(), tag)
    elseif (not best or tonumber(head[2]) < best) and not is_full(tag) then
      chosen, best = tag, tonumber(head[2])
    end
  end
  return chosen
end

-- Admits who waits at some tags while they have room. One that meets another limit goes on to wait there.
local function admit_waiting(tags)
  for _ = 1, ADMITTED_AT_ONCE do
    local tag = next_admission(tags)
    if not tag then return end
    local run = redis.call("ZPOPMIN", key_admission(tag))[1]
    if is_open(run) then admit(run) end
  end
end

local function admit_all_waiting()
  admit_waiting(redis.call("SMEMBERS", key_admissions()))
end

-- The run has ended: its place under each tag is another's.
local function leave(run)
  local waits = redis.call("HGET", key_run(run), "waits")
  if waits then redis.call("ZREM", key_admission(waits), run) end
  local tags = tags_of(run)
  for _, tag in ipairs(tags) do redis.call("SREM", key_admitted(tag), run) end
  if redis.call("EXISTS", key_admissions()) == 1 then admit_waiting(tags) end
end
