-- include: clock, bits, ready, outcome
-- rare: all
-- Growth: a step gave a dynamic output, and what is mapped over it gets a step for each of its keys. Until then one
-- virtual step stands for all of them: it counts, it waits behind the gates of its node, and it is skipped when what it
-- reads fails. A growth is {fan, count, keys, {{node, is_first}, ...}}; is_first where no other op of the fan is read.
-- Bounded by the nodes of the fan, whatever the number of keys.

-- The virtual step was skipped: so are all that it stood for.
local function grow_skipped(run, node, count, tells)
  redis.call("HINCRBY", key_run(run), "total", count - 1)
  redis.call("HINCRBY", key_run(run), "skipped", count - 1)
  if count == 0 then return redis.call("SETBIT", key_done(run, node, "skipped"), 0, 0) end
  if count == 1 then return end
  set_range(key_done(run, node, "skipped"), 1, count)
  if tells then
    emit(run, "STEP_SKIPPED", { n = tonumber(node), s = 1, e = count, m = "upstream of it did not succeed" })
  end
end

-- Puts the steps where the virtual one stands: in the queue behind the gates, or behind the op before it in the chain.
local function grow_waiting(run, node, count, is_first)
  redis.call("HINCRBY", key_nodes(run), "left:" .. node, count - 1)
  if count == 0 then
    remove_ready(run, node, 0, 1)
    for gated in string.gmatch(node_field(run, "opens", node) or "", "%d+") do open_gate(run, gated) end
  elseif is_first and count > 1 then
    add_ready(run, node, 1, count)
  end
end

local function is_skipped(run, node) return redis.call("GETBIT", key_done(run, node, "skipped"), 0) == 1 end

-- `version` differs from that of every other growth of the run. `is_held`: the process that executes the run has the
-- queues in its own hands, and tells of what is skipped.
local function grow(run, growth, version, is_held)
  local fan, count, packed = growth[1], growth[2], growth[3]
  redis.call("HSET", key_growth(run), "version", version, "count:" .. fan, count, "keys:" .. fan, packed)
  local is_going = is_open(run)
  for _, entry in ipairs(growth[4]) do
    local node = tostring(entry[1])
    if is_skipped(run, node) then
      grow_skipped(run, node, count, not is_held)
    else
      redis.call("HINCRBY", key_run(run), "total", count - 1)
      redis.call("HINCRBY", key_run(run), is_going and "unfinished" or "canceled", count - 1)
      if is_going and not is_held then grow_waiting(run, node, count, entry[2] == 1) end
    end
  end
end
