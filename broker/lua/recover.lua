-- recover: takes back expired leases, readies due retries, ends runs past their time, lists unclaimed grants.
-- KEYS:
--   1 root (string): layout version; all other keys are built from it
-- ARGV:
--   1 pace_ms (ms): at most one recovery runs in this time
--   2 max_crashes (integer): crashes after which a step fails
--   3 republish_ms (ms): age at which an unclaimed grant is reported
--   4 limit (integer): most entries of each kind handled at once
-- REPLY: OK messages poisoned unclaimed next_due_ms is_idle | BUSY is_idle
-- EVENTS: STEP_WORKER_LOST, RUN_CANCELING, RUN_CANCELED, RUN_FAILURE
-- INVARIANTS: 3, 4, 7
-- include: requeue, stop, worker
local function is_due(key)
  local first = redis.call("ZRANGE", key, 0, 0, "WITHSCORES")[2]
  return first and tonumber(first) <= now
end

local is_idle = redis.call("SCARD", key_active()) == 0 and 1 or 0
-- What is due is not kept waiting by the pace.
if not redis.call("SET", key_recovery(), now, "NX", "PX", ARGV[1]) and not is_due(key_delayed()) and not is_due(key_wakes()) then
  return { "BUSY", is_idle }
end
local max_crashes, limit = tonumber(ARGV[2]), tonumber(ARGV[4])

local gone = redis.call("ZRANGEBYSCORE", key_workers(), 0, now, "LIMIT", 0, limit)
for _, worker in ipairs(gone) do forget_worker(worker) end
if #gone > 0 then count_capacity() end
-- Without a run that goes on there is nothing to take back, and an idle fleet costs next to nothing.
if is_idle == 1 then return { "OK", {}, {}, {}, -1, is_idle } end

for _, fence in ipairs(redis.call("ZRANGEBYSCORE", key_leases(), 0, now, "LIMIT", 0, limit)) do
  local grant = read_grant(fence)
  if grant then requeue(grant, true, max_crashes, "lease expired") else redis.call("ZREM", key_leases(), fence) end
end

for _, entry in ipairs(redis.call("ZRANGEBYSCORE", key_delayed(), 0, now, "LIMIT", 0, limit)) do
  redis.call("ZREM", key_delayed(), entry)
  local run, node, step = string.match(entry, "^(.*)|(%d+)|(%d+)$")
  if is_open(run) then add_ready(run, node, tonumber(step), tonumber(step) + 1) end
end

for _, run in ipairs(redis.call("ZRANGEBYSCORE", key_held(), 0, now, "LIMIT", 0, limit)) do abandon(run) end

for _, run in ipairs(redis.call("ZRANGEBYSCORE", key_deadlines(), 0, now, "LIMIT", 0, limit)) do
  redis.call("ZREM", key_deadlines(), run)
  local limit_ms = number_of(redis.call("HGET", key_run(run), "max_runtime_ms"))
  if is_open(run) then stop_run(run, string.format("the run took longer than its limit of %g s", limit_ms / 1000)) end
end

sweep_keys()
admit_all_waiting()
redis.call("ZREMRANGEBYSCORE", key_wakes(), "-inf", now)
for _, pool in ipairs(redis.call("SMEMBERS", key_pools())) do touched[pool] = true end
publish_touched()

local unclaimed = {}
for _, fence in ipairs(redis.call("ZRANGEBYSCORE", key_queued(), 0, now - tonumber(ARGV[3]), "LIMIT", 0, limit)) do
  local grant = read_grant(fence)
  if grant then
    table.insert(unclaimed, { grant.pool, grant.run, tonumber(grant.node), grant.from, grant.to, fence })
  else
    redis.call("ZREM", key_queued(), fence)
  end
end
local due = math.huge
for _, key in ipairs({ key_delayed(), key_wakes() }) do
  due = math.min(due, tonumber(redis.call("ZRANGE", key, 0, 0, "WITHSCORES")[2] or math.huge))
end
return { "OK", messages, poisoned, unclaimed, due < math.huge and math.max(0, due - now) or -1, is_idle }
