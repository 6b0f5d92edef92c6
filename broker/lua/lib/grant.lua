-- include: clock, event, ready, pool, rate, turn, key, waiting, message
-- rare: park_run, unpark_run, note_limits, grant_first, read_limits, write_tries, tell_restart
-- Slots. A grant is a batch of consecutive steps of one node that holds one slot of its pool, from
-- before its message is published until its last step is committed or handed back.

-- All that the run has ready there counts, not the node's alone: pieces of a chain of nodes would be halved at each.
local function batch_of(run, lane, bundle, wanted)
  if wanted <= 1 or has_lanes(lane) or #rated_parts(bundle) > 0 then return 1 end
  local pool = home_of(bundle)
  local ready = math.min(
    number_of(redis.call("HGET", key_pool_ready(), pool)), number_of(redis.call("HGET", key_run(run), "ready")))
  local share = math.ceil(ready / (2 * math.max(1, read_pool(pool).capacity)))
  return math.max(1, math.min(wanted, share))
end

-- `bundle` is "" for a grant that holds no slot.
local function hold(run, bundle, node, from, to)
  local fence, pool = next_fence(), home_of(bundle) or ""
  redis.call("HSET", key_grant(fence), "run", run, "pool", pool, "node", node, "from", from, "to", to,
    "state", "queued", "since", now)
  redis.call("ZADD", key_queued(), now, fence)
  redis.call("SADD", key_run_grants(run), fence)
  if pool ~= "" then redis.call("ZADD", key_holders(pool), now, fence) end
  if bundle ~= pool then
    redis.call("HSET", key_grant(fence), "more", 1, "bundle", bundle)
    hold_shares(bundle, fence)
  end
  local rated = pool ~= "" and rated_parts(bundle) or {}
  if #rated > 0 then
    redis.call("HSET", key_grant(fence), "more", 1, "rated", table.concat(rated, ","))
    take_tokens(rated, fence)
  end
  redis.call("HINCRBY", key_run(run), "queued", to - from)
  return fence
end

-- The run waits until one of its own steps ends.
local function park_run(run, bundle)
  redis.call("ZADD", key_run_parked(run), redis.call("ZSCORE", key_turns(bundle), run), bundle)
  redis.call("ZREM", key_turns(bundle), run)
end

local function unpark_run(run)
  local parked = redis.call("ZRANGE", key_run_parked(run), 0, -1, "WITHSCORES")
  redis.call("DEL", key_run_parked(run))
  for i = 1, #parked, 2 do
    redis.call("ZADD", key_turns(parked[i]), parked[i + 1], run)
    touched[home_of(parked[i])] = true
  end
end

-- What of grant and message is for a run's limit, or for a key.
local function note_limits(fence, cap, key)
  if cap then redis.call("HSET", key_grant(fence), "more", 1, "capped", 1) end
  if not key then return end
  redis.call("HSET", key_grant(fence), "more", 1, "key", key)
  redis.call("ZADD", key_holders(key), now, fence)
end

local function grant_lane(run, bundle, lane, batch)
  local from, to = take_ready(run, lane, bundle, batch_of(run, lane, bundle, batch))
  local node = node_of(lane)
  local fence = hold(run, bundle, node, from, to)
  table.insert(messages, { home_of(bundle), run, tonumber(node), from, to, fence })
  local turn = redis.call("INCR", key_turn())
  if redis.call("ZSCORE", key_turns(bundle), run) then take_turn(run, bundle, turn) end
  return fence
end

-- Gives the slots of a bundle, which are free, to the first run in turn; false when nothing of it can go.
local function grant_next(bundle)
  while true do
    local run = redis.call("ZRANGE", key_turns(bundle), 0, 0)[1]
    if not run then return false end
    local lane = redis.call("ZRANGE", key_offer(run, bundle), 0, 0)[1]
    local state = redis.call("HMGET", key_run(run), "status", "cap")
    if not lane or (state[1] ~= "QUEUED" and state[1] ~= "STARTED") then
      redis.call("ZREM", key_turns(bundle), run)
    elseif state[2] and is_run_full(run, state[2]) then
      tell_waiting(run, bundle, "step", run, lane)
      park_run(run, bundle)
    else
      local node = node_of(lane)
      local values = redis.call("HMGET", key_nodes(run), "batch:" .. node, "key:" .. node)
      local key = has_lanes(lane) and key_of_lane(run, lane) or values[2]
      if key and free_of_key(key) <= 0 then
        tell_waiting(run, bundle, "key", key, lane)
        park_lane(run, bundle, lane, key)
      else
        local fence = grant_lane(run, bundle, lane, number_of(values[1]))
        if state[2] or key then note_limits(fence, state[2], key) end
        return true
      end
    end
  end
end

-- One grant to the first bundle in turn that fits; false when none does.
local function grant_first(pool)
  local waiting = {}
  for _, head in ipairs(heads_of(pool)) do
    local shortage, pool_without = shortage_of(head.bundle)
    if shortage == "slots" then
      table.insert(waiting, head)
    elseif shortage == "rate" then
      wake_for_token(pool_without, read_pool(pool_without).rate)
    elseif not shortage and not reserved_part(head.bundle, head.score) and grant_next(head.bundle) then
      note_passing(head.bundle, waiting)
      end_reservation(head.bundle)
      return true
    end
  end
  return false
end

-- Gives free slots of the pool to the runs that wait, in turn. Bounded by the slots of the pool.
local function grant_pool(pool)
  local found = read_pool(pool)
  if found.is_shared or found.rate then
    while grant_first(pool) do end
    return
  end
  for _ = 1, room_of(pool) do
    if not grant_next(pool) then return end
  end
end

-- Grants may free what was reserved, which touches further pools.
local function grant_touched()
  while next(touched) do
    local pools = touched
    touched = {}
    for pool in pairs(pools) do grant_pool(pool) end
  end
  tell_offered()
end

local function publish_touched()
  grant_touched()
  return to_publish()
end

local function read_limits(grant)
  local values = redis.call("HMGET", key_grant(grant.fence), "bundle", "rated", "key", "capped")
  grant.bundle, grant.rated, grant.key, grant.capped = values[1], values[2], values[3], values[4]
  return grant
end

-- What few grants have besides is read only of those: `bundle`, `rated`, `key`, `capped`, each false where it has none.
local function read_grant(fence)
  local values = redis.call("HMGET", key_grant(fence), "run", "pool", "node", "from", "to", "state", "worker", "message",
    "more")
  if not values[1] then return nil end
  local grant = {
    fence = fence, run = values[1], pool = values[2], node = values[3], from = tonumber(values[4]),
    to = tonumber(values[5]), state = values[6], worker = values[7], message = values[8], key = false,
  }
  return values[9] and read_limits(grant) or grant
end

-- Gives the slot back and forgets the grant.
local function release(grant)
  redis.call("ZREM", key_queued(), grant.fence)
  redis.call("ZREM", key_leases(), grant.fence)
  redis.call("SREM", key_run_grants(grant.run), grant.fence)
  if grant.worker then redis.call("SREM", key_worker_grants(grant.worker), grant.fence) end
  if grant.pool ~= "" then
    redis.call("ZREM", key_holders(grant.pool), grant.fence)
    touched[grant.pool] = true
  end
  if grant.state == "queued" then
    spare_message(grant)
  elseif grant.message then
    redis.call("HDEL", key_carried(), grant.message)
  end
  if grant.bundle then drop_shares(grant.bundle, grant.fence) end
  if grant.rated and grant.state == "queued" then return_tokens(grant.rated, grant.fence) end
  redis.call("DEL", key_grant(grant.fence))
  if grant.capped then unpark_run(grant.run) end
  if grant.key then
    redis.call("ZREM", key_holders(grant.key), grant.fence)
    wake_key(grant.key)
  end
end

local function step_name(node, step) return node .. ":" .. string.format("%d", step) end

local function read_tries(run, node, step)
  local text = redis.call("HGET", key_tries(run), step_name(node, step))
  if not text then return 0, 0 end
  local retries, crashes = string.match(text, "^(%d+):(%d+)$")
  return tonumber(retries), tonumber(crashes)
end

local function write_tries(run, node, step, retries, crashes)
  redis.call("HSET", key_tries(run), step_name(node, step), string.format("%d:%d", retries, crashes))
end

-- The worker begins with the first unfinished step of its batch; `detail` is told of it, as events have it.
local function start_next(grant, detail)
  local retries, crashes = read_tries(grant.run, grant.node, grant.from)
  emit(grant.run, "STEP_START",
    { n = tonumber(grant.node), s = grant.from, a = retries + crashes + 1, w = grant.worker, d = detail })
end

-- What the worker began is begun again, by it or by another one.
local function tell_restart(grant, reason)
  emit(grant.run, "STEP_RESTARTED",
    { n = tonumber(grant.node), s = grant.from, e = grant.to, w = grant.worker, m = reason })
end

-- The grant as its holder is told of it, with the tries of each of its steps, and how far the plan has grown.
local function tell_grant(grant)
  local tries = {}
  if redis.call("EXISTS", key_tries(grant.run)) == 1 then
    for step = grant.from, grant.to - 1 do
      local retries, crashes = read_tries(grant.run, grant.node, step)
      table.insert(tries, { retries, crashes })
    end
  end
  local growth = redis.call("HGET", key_growth(grant.run), "version") or ""
  return { grant.run, grant.pool, tonumber(grant.node), grant.from, grant.to, grant.fence, tries, growth }
end

local function is_held_by(grant, worker, pid)
  return grant.state == "running" and grant.worker == worker and redis.call("HGET", key_grant(grant.fence), "pid") == pid
end

-- The worker takes the grant.
local function claim_grant(grant, worker, pid, lease_ms)
  redis.call("ZREM", key_queued(), grant.fence)
  redis.call("ZADD", key_leases(), now + lease_ms, grant.fence)
  redis.call("SADD", key_worker_grants(worker), grant.fence)
  redis.call("HSET", key_grant(grant.fence), "state", "running", "worker", worker, "pid", pid, "since", now)
  if grant.rated then stamp_tokens(grant.rated, grant.fence) end
  redis.call("HINCRBY", key_run(grant.run), "queued", grant.from - grant.to)
  redis.call("HINCRBY", key_run(grant.run), "running", grant.to - grant.from)
  if redis.call("HSETNX", key_run(grant.run), "started", now) == 1 then
    redis.call("HSET", key_run(grant.run), "status", "STARTED")
    announce(grant.run, "RUN_START", {})
    local limit_ms = redis.call("HGET", key_run(grant.run), "max_runtime_ms")
    if limit_ms then redis.call("ZADD", key_deadlines(), now + tonumber(limit_ms), grant.run) end
  end
  grant.worker = worker
  local size = grant.to - grant.from
  start_next(grant, size > 1 and { b = size } or nil)
  return tell_grant(grant)
end
