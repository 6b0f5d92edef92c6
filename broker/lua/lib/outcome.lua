-- include: clock, bits, event, ready, grant, admission
-- rare: forget_queues, forget_frontier, final_status, abandon, end_run, size_of_fan
-- How steps end, and how a run ends with its last step.
local ENDINGS = { succeeded = true, failed = true, skipped = true, canceled = true }

-- A gate stays closed behind a node of which some steps did not succeed.
local function is_broken(run, node)
  return redis.call("EXISTS", key_done(run, node, "failed"), key_done(run, node, "skipped")) > 0
end

-- What collects a fan goes on without steps that were left out. Where one failed, it was skipped itself.
local function opens_gates(run, node, state)
  if (state ~= "succeeded" and state ~= "skipped") or not is_open(run) then return false end
  if node_field(run, "fan", node) then return redis.call("EXISTS", key_done(run, node, "failed")) == 0 end
  return state == "succeeded" and not is_broken(run, node)
end

local function end_steps(run, node, from, to, state)
  local ended = set_range(key_done(run, node, state), from, to)
  if ended == 0 then return 0 end
  redis.call("HINCRBY", key_run(run), state, ended)
  redis.call("HINCRBY", key_run(run), "unfinished", -ended)
  local left = redis.call("HINCRBY", key_nodes(run), "left:" .. node, -ended)
  if left == 0 and opens_gates(run, node, state) then
    for gated in string.gmatch(node_field(run, "opens", node) or "", "%d+") do open_gate(run, gated) end
  end
  return ended
end

-- The step made these partitions {from, to} whatever becomes of the others; its next attempt leaves them out.
local function record_made(run, node, ranges)
  for _, range in ipairs(ranges) do set_range(key_made(run, node), range[1], range[2]) end
end

-- All steps of a node of a fan: one virtual step while they are not known.
local function size_of_fan(run, node)
  return tonumber(redis.call("HGET", key_growth(run), "count:" .. (node_field(run, "fan", node) or "")) or 1)
end

-- Everything downstream of a failed or skipped step is skipped with it, as ranges; to -1 where it is all of a fan.
local function skip_ranges(run, ranges, cause)
  for _, range in ipairs(ranges) do
    local node, from, to = range[1], range[2], range[3]
    if to < 0 then to = size_of_fan(run, node) end
    if to > from then remove_ready(run, node, from, to) end
    if to > from and end_steps(run, node, from, to, "skipped") > 0 then
      emit(run, "STEP_SKIPPED", { n = node, s = from, e = to, m = cause })
    end
  end
end

local function is_ended(run, node, step)
  return redis.call("GETBIT", key_done(run, node, "skipped"), step) == 1
end

-- An upstream step of each step in the ranges {node, from, to, need} succeeded.
local function satisfy(run, ranges)
  local some_skipped = number_of(redis.call("HGET", key_run(run), "skipped")) > 0
  for _, range in ipairs(ranges) do
    local node, from, to, need = range[1], range[2], range[3], range[4]
    if need == 1 and not some_skipped then
      add_ready(run, node, from, to)
    else
      for step = from, to - 1 do
        local field = step_name(node, step)
        if redis.call("HINCRBY", key_need(run), field, 1) >= need then
          redis.call("HDEL", key_need(run), field)
          if not is_ended(run, node, step) then add_ready(run, node, step, step + 1) end
        end
      end
    end
  end
end

local function forget_queues(run)
  local count = number_of(redis.call("HGET", key_nodes(run), "count"))
  for pool in string.gmatch(redis.call("HGET", key_nodes(run), "pools") or "", "[^,]+") do
    redis.call("DEL", key_offer(run, pool))
    redis.call("ZREM", key_turns(pool), run)
  end
  for node = 0, count - 1 do
    redis.call("UNLINK", key_ready(run, node))
    forget_lanes(run, node)
  end
  redis.call("UNLINK", key_need(run), key_run_grants(run), key_nodes(run), key_run_parked(run))
end

local function forget_frontier(run)
  forget_queues(run)
  redis.call("UNLINK", key_tries(run))
end

-- Its status, and why, where the run was stopped as a failure.
local function final_status(run)
  local values = redis.call("HMGET", key_run(run), "status", "failed", "failure")
  if values[3] then return "FAILURE", values[3] end
  if values[1] == "CANCELING" then return "CANCELED" end
  if number_of(values[2]) > 0 then return "FAILURE" end
  return "SUCCESS"
end

-- The process that executed the run by itself is gone: nobody else has its code, so the run fails where it stands.
local function abandon(run)
  redis.call("ZREM", key_held(), run)
  redis.call("ZREM", key_deadlines(), run)
  if not is_open(run) then return end
  local left = number_of(redis.call("HGET", key_run(run), "unfinished"))
  redis.call("HSET", key_run(run), "status", "FAILURE", "ended", now, "running", 0, "unfinished", 0)
  redis.call("HINCRBY", key_run(run), "canceled", left)
  redis.call("SREM", key_active(), run)
  redis.call("ZADD", key_ended(), now, run)
  announce(run, "RUN_FAILURE", { m = "the process that executed the run is gone" })
  forget_frontier(run)
  leave(run)
end

local function end_run(run)
  local status, failure = final_status(run)
  redis.call("HSET", key_run(run), "status", status, "ended", now)
  redis.call("HSETNX", key_run(run), "started", now)
  redis.call("SREM", key_active(), run)
  redis.call("ZADD", key_ended(), now, run)
  redis.call("ZREM", key_held(), run)
  redis.call("ZREM", key_deadlines(), run)
  announce(run, "RUN_" .. status, failure and { m = failure } or {})
  forget_frontier(run)
  leave(run)
end

-- Ends the run when no step is unfinished; true if it did.
local function end_run_if_done(run)
  if number_of(redis.call("HGET", key_run(run), "unfinished")) > 0 then return false end
  end_run(run)
  return true
end
