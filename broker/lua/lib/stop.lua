-- include: clock, event, ready, grant, outcome
-- The end of a run before its last step: nothing of it starts any more, what runs is told to stop by its worker.

-- `failure` says why the run fails; "" for a run that is canceled. The caller has checked that it goes on.
local function stop_run(run, failure)
  redis.call("HSET", key_run(run), "status", "CANCELING")
  if failure ~= "" then redis.call("HSET", key_run(run), "failure", failure) end
  announce(run, "RUN_CANCELING", failure ~= "" and { m = failure } or {})
  for _, fence in ipairs(redis.call("SMEMBERS", key_run_grants(run))) do
    local grant = read_grant(fence)
    if grant and grant.state == "queued" then
      redis.call("HINCRBY", key_run(run), "queued", grant.from - grant.to)
      release(grant)
    end
  end
  withdraw_all(run)
  if redis.call("ZSCORE", key_held(), run) then redis.call("HSET", key_run(run), "running", 0) end
  local running = number_of(redis.call("HGET", key_run(run), "running"))
  local unfinished = number_of(redis.call("HGET", key_run(run), "unfinished"))
  redis.call("HINCRBY", key_run(run), "canceled", unfinished - running)
  redis.call("HSET", key_run(run), "unfinished", running)
  redis.call("ZREM", key_deadlines(), run)
  redis.call("PUBLISH", key_control(), cmsgpack.pack({ cancel = run }))
  end_run_if_done(run)
end
