-- include: clock, event, ready, grant, outcome
-- Steps of a grant that ended without a commit go back; a crash counts against the step under way.
local poisoned = {}

-- A step that lost too many workers is held, slotless, for the one who will record its failure.
local function quarantine(grant, step, crashes, reason)
  local fence = hold(grant.run, "", grant.node, step, step + 1)
  redis.call("ZREM", key_queued(), fence)
  redis.call("ZADD", key_leases(), now + 5000, fence)
  redis.call("HSET", key_grant(fence), "state", "running", "worker", "recovery", "pid", 0,
    "why", reason)
  redis.call("HINCRBY", key_run(grant.run), "queued", -1)
  redis.call("HINCRBY", key_run(grant.run), "running", 1)
  table.insert(poisoned, { grant.run, tonumber(grant.node), step, fence, crashes, reason })
end

local function cancel_steps(grant)
  end_steps(grant.run, grant.node, grant.from, grant.to, "canceled")
  end_run_if_done(grant.run)
end

local function count_crash(grant, max_crashes, reason)
  local retries, crashes = read_tries(grant.run, grant.node, grant.from)
  if grant.pool == "" then -- nothing ran: whoever was to record the failure is gone
    quarantine(grant, grant.from, crashes)
    return true
  end
  crashes = crashes + 1
  write_tries(grant.run, grant.node, grant.from, retries, crashes)
  redis.call("HSET", key_nodes(grant.run), "batch:" .. grant.node, 1)
  emit(grant.run, "STEP_WORKER_LOST",
    { n = tonumber(grant.node), s = grant.from, a = retries + crashes, w = grant.worker, m = reason })
  if crashes < max_crashes then return false end
  quarantine(grant, grant.from, crashes, reason)
  return true
end

-- `crashed`: the worker died; otherwise the steps are handed back untouched.
local function requeue(grant, crashed, max_crashes, reason)
  local steps = grant.to - grant.from
  local why = redis.call("HGET", key_grant(grant.fence), "why")
  redis.call("HINCRBY", key_run(grant.run), grant.state, -steps)
  release(grant)
  if not is_open(grant.run) then return cancel_steps(grant) end
  local from = grant.from
  if why then -- who was to record the failure is gone as well: no further crash of the step
    local _, crashes = read_tries(grant.run, grant.node, from)
    return quarantine(grant, from, crashes, why)
  end
  if crashed and grant.state == "running" then
    if count_crash(grant, max_crashes, reason) then from = from + 1 end
  elseif grant.state == "running" then
    tell_restart(grant, reason)
  end
  if from < grant.to then add_ready(grant.run, grant.node, from, grant.to) end
end
