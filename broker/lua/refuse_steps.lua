-- refuse_steps: a worker with another definition of the op hands a batch back, for one that has the right one.
-- KEYS:
--   1 root (string): layout version; all other keys are built from it
-- ARGV:
--   1 fence (string): the grant's fence
--   2 worker (string): who holds the lease
--   3 patience_ms (ms): how long the op may be refused while no step of it runs elsewhere or succeeds
--   4 reason (string): for the event
-- REPLY: OK messages | STALE | EXPIRED
-- EVENTS: STEP_RESTARTED, RUN_CANCELED
-- INVARIANTS: 1, 3, 4
-- include: requeue
local HELD_WHILE_REFUSING_MS = 2000
local grant = read_grant(ARGV[1])
if not grant or grant.state ~= "running" or grant.worker ~= ARGV[2] then return { "STALE" } end

-- Bounded by the slots of the run's pools.
local function runs_elsewhere()
  for _, fence in ipairs(redis.call("SMEMBERS", key_run_grants(grant.run))) do
    local values = redis.call("HMGET", key_grant(fence), "node", "state", "since")
    local is_other = fence ~= grant.fence and values[1] == grant.node and values[2] == "running"
    if is_other and number_of(values[3]) < now - HELD_WHILE_REFUSING_MS then return true end
  end
  return false
end

local good = tostring(redis.call("BITCOUNT", key_done(grant.run, grant.node, "succeeded")))
local since, good_then = string.match(node_field(grant.run, "refused", grant.node) or "", "^(%d+):(%d+)$")
if good_then ~= good or runs_elsewhere() then
  since = string.format("%d", now)
  redis.call("HSET", key_nodes(grant.run), "refused:" .. grant.node, since .. ":" .. good)
end
if is_open(grant.run) and now - tonumber(since) >= tonumber(ARGV[3]) then return { "EXPIRED" } end
requeue(grant, false, 0, ARGV[4])
return { "OK", publish_touched() }
