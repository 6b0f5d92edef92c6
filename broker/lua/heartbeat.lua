-- heartbeat: a worker says that it lives; its leases are renewed and its capacity counted.
-- KEYS:
--   1 root (string): layout version; all other keys are built from it
-- ARGV:
--   1 worker (string): name of the worker
--   2 details (msgpack): flat list of fields of the worker hash: host, pid, pools, concurrency, version, started, archives
--   3 lost_ms (ms): silence after which the worker counts as gone
--   4 lease_ms (ms): new length of its leases
--   5 running (msgpack): fences that its living processes are running; only these are renewed
-- REPLY: OK messages grants
-- EVENTS:
-- INVARIANTS: 3, 4
-- include: worker
local worker, lease_ms = ARGV[1], tonumber(ARGV[4])
local function capacity_of() return table.concat(redis.call("HMGET", key_worker(worker), "pools", "concurrency"), " ") end
local function joined() return redis.call("ZADD", key_workers(), now + tonumber(ARGV[3]), worker) == 1 end

local known = redis.call("EXISTS", key_worker(worker)) == 1 and capacity_of() or ""
redis.call("HSET", key_worker(worker), "seen", now, unpack(cmsgpack.unpack(ARGV[2])))
if joined() or known ~= capacity_of() then count_capacity() end

for _, fence in ipairs(cmsgpack.unpack(ARGV[5])) do
  if redis.call("HGET", key_grant(fence), "worker") == worker then
    redis.call("ZADD", key_leases(), "XX", now + lease_ms, fence)
  end
end
local held = {}
for _, fence in ipairs(redis.call("SMEMBERS", key_worker_grants(worker))) do
  local values = redis.call("HMGET", key_grant(fence), "run", "pid", "worker")
  if not values[1] or values[3] ~= worker then
    redis.call("SREM", key_worker_grants(worker), fence)
  else
    table.insert(held, { fence, tonumber(values[2]), values[1], redis.call("HGET", key_run(values[1]), "status") or "" })
  end
end
return { "OK", publish_touched(), held }
