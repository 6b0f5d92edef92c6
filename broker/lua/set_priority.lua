-- set_priority: a run that waits gets another place in every queue; what it holds stays.
-- KEYS:
--   1 root (string): layout version; all other keys are built from it
-- ARGV:
--   1 run_id (string): the run
--   2 priority (integer): a larger one goes first
-- REPLY: OK messages | ENDED | UNKNOWN_RUN
-- EVENTS:
-- INVARIANTS: 6
-- include: admission, grant
local run, priority = ARGV[1], tonumber(ARGV[2])
local values = redis.call("HMGET", key_run(run), "status", "priority", "waits")
if not values[1] then return { "UNKNOWN_RUN" } end
if not is_open(run) then return { "ENDED" } end
local change = (number_of(values[2]) - priority) * TURN_SPAN
redis.call("HSET", key_run(run), "priority", priority)
for bundle in string.gmatch(redis.call("HGET", key_nodes(run), "pools") or "", "[^,]+") do
  if redis.call("ZSCORE", key_turns(bundle), run) then redis.call("ZINCRBY", key_turns(bundle), change, run) end
  if redis.call("ZSCORE", key_run_parked(run), bundle) then redis.call("ZINCRBY", key_run_parked(run), change, bundle) end
  touch_parts(bundle)
end
if values[3] then queue_run(run, values[3]) end
return { "OK", publish_touched() }
