-- commit_steps: records how steps of a claimed batch ended, advances the DAG, grants freed slots.
-- KEYS:
--   1 root (string): layout version; all other keys are built from it
-- ARGV:
--   1 run_id (string): the run
--   2 fence (string): the grant's fence
--   3 worker (string): who holds the lease
--   4 outcomes (msgpack): list of {step, state, started, attempt, delay_ms, message, error, events, index, assets, versions, made, satisfied, skips, cause, grows}, steps in order
--   5 batch (integer): steps that should travel together from now on; 0 leaves it
--   6 chain (msgpack): pools from which the worker takes a further grant at once; empty for none
--   7 pid (integer): process that runs the steps
--   8 lease_ms (ms): length of the lease of a chained grant
--   9 begun (integer): 1 where the step behind these is under way already, or about to be; 0 where it waits for the reply
-- REPLY: OK messages chained | CANCELED messages | STALE | OUT_OF_ORDER
-- EVENTS: STEP_START, STEP_SUCCESS, STEP_FAILURE, STEP_SKIPPED, STEP_UP_FOR_RETRY, RUN_SUCCESS, RUN_FAILURE, RUN_CANCELED
-- INVARIANTS: 1, 2, 3, 5, 6, 7
-- include: outcome, growth, asset, version
local PATIENCE_MS, LOOKED_AT = 100, 8
local run, fence, worker = ARGV[1], ARGV[2], ARGV[3]
local grant = read_grant(fence)
if not grant or grant.run ~= run or grant.state ~= "running" or grant.worker ~= worker then return { "STALE" } end
local outcomes = cmsgpack.unpack(ARGV[4])
-- Recorded already: the reply was lost on the way and the holder asks again.
if #outcomes > 0 and outcomes[#outcomes].step < grant.from then return { "OK", {}, {} } end
for i, outcome in ipairs(outcomes) do
  if outcome.step ~= grant.from + i - 1 or outcome.step >= grant.to then return { "OUT_OF_ORDER" } end
end

local EVENT_OF = { succeeded = "STEP_SUCCESS", failed = "STEP_FAILURE", skipped = "STEP_SKIPPED", retry = "STEP_UP_FOR_RETRY" }

local function retry_later(outcome)
  local retries, crashes = read_tries(run, grant.node, outcome.step)
  write_tries(run, grant.node, outcome.step, retries + 1, crashes)
  if outcome.delay_ms <= 0 then return add_ready(run, grant.node, outcome.step, outcome.step + 1) end
  redis.call("ZADD", key_delayed(), now + outcome.delay_ms,
    run .. "|" .. grant.node .. "|" .. string.format("%d", outcome.step))
  redis.call("PUBLISH", key_control(), cmsgpack.pack({ wake_in_ms = outcome.delay_ms }))
end

local open = is_open(run)
local ids, index, assets, versions = {}, {}, {}, {}
local ended, satisfied = nil, {}

-- Consecutive steps that end alike are counted together, and what waits for them hears of them together.
local function end_together()
  if ended then end_steps(run, grant.node, ended.from, ended.to, ended.state) end
  if open then satisfy(run, satisfied) end
  ended, satisfied = nil, {}
end

local function note_end(step, state)
  if ended and ended.to == step and ended.state == state then
    ended.to = step + 1
  else
    end_together()
    ended = { from = step, to = step + 1, state = state }
  end
end

local function note_satisfied(range)
  local last = satisfied[#satisfied]
  if last and last[1] == range[1] and last[3] == range[2] and last[4] == range[4] then
    last[3] = range[3]
  else
    table.insert(satisfied, range)
  end
end

-- Numbers of events are those in the step's own list; in the record they are those in the list of all steps.
local function keep_record(outcome)
  local before = #ids
  for _, event in ipairs(outcome.events) do
    table.insert(ids, redis.call("XADD", key_events(run), "*", "e", event))
  end
  for _, item in ipairs(outcome.index) do
    item[1] = item[1] + before
    table.insert(index, item)
  end
  for _, entry in ipairs(outcome.assets) do
    if entry[6] > 0 then entry[6] = entry[6] + before end
    table.insert(assets, entry)
  end
  for _, entry in ipairs(outcome.versions) do table.insert(versions, entry) end
  record_made(run, grant.node, outcome.made)
end

local has_tries = redis.call("EXISTS", key_tries(run)) == 1
for i, outcome in ipairs(outcomes) do
  local mark = { n = tonumber(grant.node), s = outcome.step, a = outcome.attempt, w = worker }
  if i > 1 then -- the start of the first one was told when it began
    emit(run, "STEP_START", { n = mark.n, s = mark.s, a = mark.a, w = worker, ts = outcome.started })
  end
  keep_record(outcome)
  mark.m = outcome.message
  emit(run, EVENT_OF[outcome.state], mark, outcome.error)
  if outcome.state == "retry" then
    if open then retry_later(outcome) else note_end(outcome.step, "canceled") end
  else
    if has_tries then redis.call("HDEL", key_tries(run), step_name(grant.node, outcome.step)) end
    for _, growth in ipairs(outcome.grows) do grow(run, growth, fence, false) end
    note_end(outcome.step, outcome.state)
    for _, range in ipairs(outcome.satisfied) do note_satisfied(range) end
    if open and #outcome.skips > 0 then
      end_together()
      skip_ranges(run, outcome.skips, outcome.cause)
    end
  end
end
end_together()
record_assets(run, assets, remember_all(run, ids, index))
record_versions(versions)
redis.call("HINCRBY", key_run(run), "running", -#outcomes)

grant.from = grant.from + #outcomes
local is_cut = not open and grant.from < grant.to
if is_cut then -- nothing more of a canceled run begins, and the worker is told
  local cut = grant.from + tonumber(ARGV[9])
  redis.call("HINCRBY", key_run(run), "running", cut - grant.to)
  if cut < grant.to then end_steps(run, grant.node, cut, grant.to, "canceled") end
  redis.call("HSET", key_grant(fence), "to", cut)
  grant.to = cut
end
if grant.from == grant.to then
  release(grant)
else
  redis.call("HSET", key_grant(fence), "from", grant.from)
  start_next(grant)
end
if open and tonumber(ARGV[5]) > 0 then redis.call("HSET", key_nodes(run), "batch:" .. grant.node, ARGV[5]) end
end_run_if_done(run)
grant_touched()
if is_cut then return { "CANCELED", to_publish() } end

local wanted = {}
for _, pool in ipairs(cmsgpack.unpack(ARGV[6])) do wanted[pool] = true end

-- A message that waits because every worker chains comes first.
local function oldest_waiting()
  for _, waiting in ipairs(redis.call("ZRANGEBYSCORE", key_queued(), 0, now - PATIENCE_MS, "LIMIT", 0, LOOKED_AT)) do
    local candidate = read_grant(waiting)
    if candidate and wanted[candidate.pool] and is_open(candidate.run) then
      spare_message(candidate)
      return candidate
    end
  end
end

local function newly_granted()
  for i, message in ipairs(messages) do
    if wanted[message[1]] then
      table.remove(messages, i)
      return read_grant(message[6])
    end
  end
end

-- A message of earlier steps of the node may still be on its way: it gets the later ones, so that a chain keeps order.
-- Among those of one value of a concurrency key: each value has slots of its own.
local function in_order(chosen)
  local fence, from, to
  for _, waiting in ipairs(redis.call("ZRANGE", key_queued(), 0, LOOKED_AT - 1)) do
    local other = redis.call("HMGET", key_grant(waiting), "from", "to", "run", "node", "key")
    if other[3] == chosen.run and other[4] == chosen.node and tonumber(other[1]) < (from or chosen.from)
      and other[5] == chosen.key then
      fence, from, to = waiting, tonumber(other[1]), tonumber(other[2])
    end
  end
  if not fence then return chosen end
  redis.call("HSET", key_grant(fence), "from", chosen.from, "to", chosen.to)
  redis.call("HSET", key_grant(chosen.fence), "from", from, "to", to)
  chosen.from, chosen.to = from, to
  return chosen
end

local next_grant = next(wanted) and (oldest_waiting() or newly_granted())
if next_grant then next_grant = in_order(next_grant) end
local chained = next_grant and claim_grant(next_grant, worker, ARGV[7], tonumber(ARGV[8])) or {}
return { "OK", to_publish(), chained }
