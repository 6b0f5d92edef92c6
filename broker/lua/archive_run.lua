-- archive_run: everything of an ended run stands in its archive: what is left of it here is its hash.
-- KEYS:
--   1 root (string): layout version; all other keys are built from it
-- ARGV:
--   1 run_id (string): the run
--   2 nodes (integer): nodes of its plan
--   3 latest (msgpack): list of {asset, packed event that stands alone} where the run made the latest materialization
-- REPLY: OK | BUSY | UNKNOWN_RUN
-- EVENTS:
-- INVARIANTS: 1
-- include: clock
local run = ARGV[1]
if redis.call("EXISTS", key_run(run)) == 0 then return { "UNKNOWN_RUN" } end
if redis.call("SISMEMBER", key_active(), run) == 1 or redis.call("XLEN", key_events(run)) > 0 then return { "BUSY" } end
for _, item in ipairs(cmsgpack.unpack(ARGV[3])) do
  if redis.call("HGET", key_asset(item[1]), "latest_run") == run then
    redis.call("HSET", key_asset(item[1]), "latest", item[2], "latest_run", "")
  end
end
for node = 0, tonumber(ARGV[2]) - 1 do
  redis.call("UNLINK", key_made(run, node))
  for _, state in ipairs({ "succeeded", "failed", "skipped", "canceled" }) do
    redis.call("UNLINK", key_done(run, node, state))
  end
end
redis.call("UNLINK", key_plan(run), key_growth(run), key_events(run))
redis.call("ZREM", key_ended(), run)
redis.call("HSETNX", key_run(run), "archived", now)
return { "OK" }
