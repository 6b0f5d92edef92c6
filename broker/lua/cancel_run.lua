-- cancel_run: from here on nothing of the run starts; what runs is told to stop.
-- KEYS:
--   1 root (string): layout version; all other keys are built from it
-- ARGV:
--   1 run_id (string): the run
-- REPLY: OK messages | ENDED | UNKNOWN_RUN
-- EVENTS: RUN_CANCELING, RUN_CANCELED
-- INVARIANTS: 1, 3, 4
-- include: outcome
local run = ARGV[1]
local status = redis.call("HGET", key_run(run), "status")
if not status then return { "UNKNOWN_RUN" } end
if status == "CANCELING" then return { "OK", {} } end
if status ~= "QUEUED" and status ~= "STARTED" then return { "ENDED" } end

redis.call("HSET", key_run(run), "status", "CANCELING")
announce(run, "RUN_CANCELING", {})
for _, fence in ipairs(redis.call("SMEMBERS", key_run_grants(run))) do
  local grant = read_grant(fence)
  if grant and grant.state == "queued" then
    redis.call("HINCRBY", key_run(run), "queued", grant.from - grant.to)
    release(grant)
  end
end
for pool in string.gmatch(redis.call("HGET", key_nodes(run), "pools") or "", "[^,]+") do
  for _, node in ipairs(redis.call("ZRANGE", key_offer(run, pool), 0, -1)) do
    count_ready(run, pool, -number_of(node_field(run, "held", node)))
  end
  redis.call("DEL", key_offer(run, pool))
  redis.call("ZREM", key_turns(pool), run)
end
if redis.call("ZSCORE", key_held(), run) then redis.call("HSET", key_run(run), "running", 0) end
local running = number_of(redis.call("HGET", key_run(run), "running"))
local unfinished = number_of(redis.call("HGET", key_run(run), "unfinished"))
redis.call("HINCRBY", key_run(run), "canceled", unfinished - running)
redis.call("HSET", key_run(run), "unfinished", running)
redis.call("PUBLISH", key_control(), cmsgpack.pack({ cancel = run }))
end_run_if_done(run)
return { "OK", grant_touched() }
