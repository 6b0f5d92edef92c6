-- record_steps: a process that executes a run by itself records what it did, and keeps its hold on the run.
-- KEYS:
--   1 root (string): layout version; all other keys are built from it
-- ARGV:
--   1 run_id (string): the run
--   2 turn (integer): number of this record, one more than the last; a repeated one changes nothing
--   3 events (msgpack): list of packed events
--   4 index (msgpack): list of {number in events, asset, kind, check}
--   5 ended (msgpack): list of {node, from, to, state}, and of {growth} where the plan grew in between
--   6 assets (msgpack): list of {asset, identity, from, to, latest, number in events, 0 if it failed}
--   7 versions (msgpack): list of {asset, identity, first index, marks, given}
--   8 running (integer): steps under way now
--   9 lease_ms (ms): how long the process may be silent from here on
--   10 is_last (integer): 1 when nothing more comes; what has not ended then is canceled
--   11 made (msgpack): list of {node, from, to}: partitions made by steps that did not succeed as a whole
-- REPLY: OK | ENDED
-- EVENTS: RUN_START, RUN_SUCCESS, RUN_FAILURE, RUN_CANCELED
-- INVARIANTS: 1, 2
-- include: outcome, growth, asset, version
local run, turn, is_last = ARGV[1], tonumber(ARGV[2]), ARGV[10] == "1"
if number_of(redis.call("HGET", key_run(run), "turn")) >= turn then return { "OK" } end
if not is_open(run) then return { "ENDED" } end
redis.call("HSET", key_run(run), "turn", turn, "running", ARGV[8])
redis.call("ZADD", key_held(), now + tonumber(ARGV[9]), run)
if redis.call("HSETNX", key_run(run), "started", now) == 1 then
  redis.call("HSET", key_run(run), "status", "STARTED")
  announce(run, "RUN_START", {})
end

local ids = {}
for number, event in ipairs(cmsgpack.unpack(ARGV[3])) do
  ids[number] = redis.call("XADD", key_events(run), "*", "e", event)
end
local positions = remember_all(run, ids, cmsgpack.unpack(ARGV[4]))
record_assets(run, cmsgpack.unpack(ARGV[6]), positions)
record_versions(cmsgpack.unpack(ARGV[7]))
for _, item in ipairs(cmsgpack.unpack(ARGV[11])) do record_made(run, tostring(item[1]), { { item[2], item[3] } }) end
for number, item in ipairs(cmsgpack.unpack(ARGV[5])) do
  if item[2] then
    end_steps(run, tostring(item[1]), item[2], item[3], item[4])
  else
    grow(run, item[1], string.format("%d.%d", turn, number), true)
  end
end

if is_last then
  local left = number_of(redis.call("HGET", key_run(run), "unfinished"))
  if left > 0 then redis.call("HSET", key_run(run), "status", "CANCELING", "canceled", left, "unfinished", 0) end
  end_run_if_done(run)
end
return { "OK" }
