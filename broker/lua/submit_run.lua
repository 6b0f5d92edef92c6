-- submit_run: accepts a run whole, puts its first steps into the ready queues and grants free slots.
-- KEYS:
--   1 root (string): layout version; all other keys are built from it
-- ARGV:
--   1 run_id (string): new and unique
--   2 plan (bytes): the symbolic plan, msgpack
--   3 details (msgpack): flat list of fields of the run hash: tags, config, priority, selection, parent
--   4 total (integer): steps of the plan
--   5 nodes (msgpack): list of {bundle, order, steps, gates, opens, batch, ready ranges as flat list, key, lanes, keys of lanes, number of its fan or ""}, in plan order
--   6 held_ms (ms): 0; for a run that the submitting process executes itself, how long it may be silent
--   7 tags (msgpack): list of what it counts under: `*`, and for each tag `customer` and `customer=acme`
-- REPLY: OK messages | EXISTS
-- EVENTS: RUN_ENQUEUED, RUN_SUCCESS
-- INVARIANTS: 1, 4, 5
-- include: outcome, admission
local run, total, held_ms = ARGV[1], tonumber(ARGV[4]), tonumber(ARGV[6])
if redis.call("EXISTS", key_run(run)) == 1 then return { "EXISTS" } end

redis.call("SET", key_plan(run), ARGV[2])
redis.call("HSET", key_run(run), "status", "QUEUED", "submitted", now, "total", total, "unfinished", total)
redis.call("HSET", key_run(run), unpack(cmsgpack.unpack(ARGV[3])))
redis.call("ZADD", key_runs(), now, run)
redis.call("SADD", key_active(), run)
if redis.call("SCARD", key_active()) == 1 then redis.call("PUBLISH", key_control(), cmsgpack.pack({ work = run })) end
if held_ms > 0 then redis.call("ZADD", key_held(), now + held_ms, run) end
redis.call("HSET", key_run(run), "counted", cjson.encode(cmsgpack.unpack(ARGV[7])))
announce(run, "RUN_ENQUEUED", { d = { steps = total } })
if held_ms == 0 and total > 0 then admit(run) end

local nodes, pools = cmsgpack.unpack(ARGV[5]), {}
for index, entry in ipairs(nodes) do
  local node = tostring(index - 1)
  write_node(run, node, entry)
  pools[entry[1]] = true
end
local names = {}
for pool in pairs(pools) do
  register_bundle(pool)
  table.insert(names, pool)
end
redis.call("HSET", key_nodes(run), "count", #nodes, "pools", table.concat(names, ","))
for index, entry in ipairs(nodes) do fill_ready(run, tostring(index - 1), entry[7]) end
end_run_if_done(run)
return { "OK", publish_touched() }
