-- retire_worker: a worker leaves; what it still held goes back.
-- KEYS:
--   1 root (string): layout version; all other keys are built from it
-- ARGV:
--   1 worker (string): name of the worker
--   2 max_crashes (integer): unused crashes bound, as in return_steps
-- REPLY: OK messages poisoned
-- EVENTS: STEP_RESTARTED, RUN_CANCELED
-- INVARIANTS: 3, 4
-- include: requeue, worker
for _, fence in ipairs(redis.call("SMEMBERS", key_worker_grants(ARGV[1]))) do
  local grant = read_grant(fence)
  if grant and grant.worker == ARGV[1] then
    requeue(grant, false, tonumber(ARGV[2]), "worker " .. ARGV[1] .. " left")
  end
end
redis.call("DEL", key_worker_grants(ARGV[1]))
forget_worker(ARGV[1])
count_capacity()
return { "OK", publish_touched(), poisoned }
