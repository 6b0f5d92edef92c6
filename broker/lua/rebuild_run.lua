-- rebuild_run: replaces everything that is derived of an active run by what plan and bitmaps say.
-- KEYS:
--   1 root (string): layout version; all other keys are built from it
-- ARGV:
--   1 run_id (string): the run
--   2 nodes (msgpack): list as submit_run documents it, with the steps that are left
--   3 need (msgpack): list of {node, step, upstream steps done} for partly satisfied steps
--   4 counts (msgpack): steps {succeeded, failed, skipped}
--   5 growth (string): version of the growth that was read
--   6 undone (msgpack): list of {node, step} that succeeded, and whose dynamic outputs are not known: they run again; step -1 for every step of the node
-- REPLY: OK messages | ENDED | BUSY | HELD
-- EVENTS: STEP_RESTARTED, RUN_SUCCESS, RUN_FAILURE, RUN_CANCELED
-- INVARIANTS: 3, 4
-- include: outcome
local run = ARGV[1]
local status = redis.call("HGET", key_run(run), "status")
if status ~= "QUEUED" and status ~= "STARTED" then return { "ENDED" } end
if redis.call("ZSCORE", key_held(), run) then return { "HELD" } end

local entries, counts = cmsgpack.unpack(ARGV[2]), cmsgpack.unpack(ARGV[4])
local function recorded(state)
  local sum = 0
  for node = 0, #entries - 1 do sum = sum + redis.call("BITCOUNT", key_done(run, node, state)) end
  return sum
end
-- The completion record went on after it was read: the caller reads it again.
if recorded("succeeded") ~= counts[1] or recorded("failed") ~= counts[2] or recorded("skipped") ~= counts[3] then
  return { "BUSY" }
end
if (redis.call("HGET", key_growth(run), "version") or "") ~= ARGV[5] then return { "BUSY" } end
for _, step in ipairs(cmsgpack.unpack(ARGV[6])) do
  if step[2] >= 0 then
    redis.call("SETBIT", key_done(run, step[1], "succeeded"), step[2], 0)
    emit(run, "STEP_RESTARTED", { n = step[1], s = step[2], e = step[2] + 1, m = "the keys that it gave were lost" })
  else
    for _, state in ipairs({ "succeeded", "failed", "skipped", "canceled" }) do
      redis.call("UNLINK", key_done(run, step[1], state))
    end
  end
end
counts = { recorded("succeeded"), recorded("failed"), recorded("skipped") }

-- Bounded by the steps of the namespace that wait for a retry; a repair is rare.
for _, entry in ipairs(redis.call("ZRANGE", key_delayed(), 0, -1)) do
  if string.sub(entry, 1, #run + 1) == run .. "|" then redis.call("ZREM", key_delayed(), entry) end
end
for _, fence in ipairs(redis.call("SMEMBERS", key_run_grants(run))) do
  local grant = read_grant(fence)
  if grant then
    release(grant)
    if grant.state == "running" and grant.pool ~= "" then tell_restart(grant, "the run was repaired") end
  end
end
withdraw_all(run)
forget_queues(run)
local left, pools, names = 0, {}, {}
for index, entry in ipairs(entries) do
  local node = tostring(index - 1)
  redis.call("UNLINK", key_ready(run, node))
  write_node(run, node, entry)
  left = left + entry[3]
  if not pools[entry[1]] then
    register_bundle(entry[1])
    table.insert(names, entry[1])
  end
  pools[entry[1]] = true
end
redis.call("HSET", key_nodes(run), "count", #entries, "pools", table.concat(names, ","))
redis.call("HSET", key_run(run), "ready", 0, "queued", 0, "running", 0, "unfinished", left,
  "total", left + counts[1] + counts[2] + counts[3], "succeeded", counts[1], "failed", counts[2], "skipped", counts[3])
for _, item in ipairs(cmsgpack.unpack(ARGV[3])) do
  redis.call("HSET", key_need(run), step_name(item[1], item[2]), item[3])
end
count_again(run)
for index, entry in ipairs(entries) do fill_ready(run, tostring(index - 1), entry[7]) end
end_run_if_done(run)
return { "OK", publish_touched() }
