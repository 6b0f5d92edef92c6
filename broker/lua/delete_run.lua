-- delete_run: forgets a run that has ended, with its events; the status of what it made stays.
-- KEYS:
--   1 root (string): layout version; all other keys are built from it
-- ARGV:
--   1 run_id (string): the run
--   2 nodes (integer): nodes of its plan
--   3 latest (msgpack): list of {asset, packed event that stands alone} where the run may have the latest materialization
-- REPLY: OK | BUSY
-- EVENTS:
-- INVARIANTS: 1
local run = ARGV[1]
if redis.call("SISMEMBER", key_active(), run) == 1 then return { "BUSY" } end
for _, item in ipairs(cmsgpack.unpack(ARGV[3])) do
  if redis.call("HGET", key_asset(item[1]), "latest_run") == run then
    redis.call("HSET", key_asset(item[1]), "latest", item[2], "latest_run", "")
  end
end
local number = redis.call("HGET", key_run(run), "number")
if number then redis.call("HDEL", key_run_numbers(), number) end
for node = 0, tonumber(ARGV[2]) - 1 do
  redis.call("UNLINK", key_made(run, node))
  for _, state in ipairs({ "succeeded", "failed", "skipped", "canceled" }) do
    redis.call("UNLINK", key_done(run, node, state))
  end
end
redis.call("UNLINK", key_run(run), key_plan(run), key_growth(run), key_events(run), key_parts(run))
redis.call("ZREM", key_runs(), run)
redis.call("ZREM", key_ended(), run)
return { "OK" }
