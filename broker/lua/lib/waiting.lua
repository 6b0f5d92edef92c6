-- include: clock, event, ready, pool, rate, turn
-- rare: tell_waiting, missing_of, tell_blocked
-- Tells once for each run, bundle and reason that steps wait, and for what.
local function tell_waiting(run, bundle, kind, name, lane)
  if redis.call("HSETNX", key_nodes(run), "told:" .. kind .. ":" .. bundle, 1) == 0 then return end
  local oldest = redis.call("ZRANGE", key_holders(name), 0, 0, "WITHSCORES")[2]
  emit(run, "STEP_WAITING", {
    m = "waits for " .. kind .. " of '" .. name .. "'",
    d = {
      pools = bundle, missing = kind, of = name, node = tonumber(node_of(lane)),
      position = redis.call("ZRANK", key_turns(bundle), run) or 0, held = used_of(name), held_since = tonumber(oldest),
    },
  })
end

-- That all workers are busy is told by nobody: it is how a fleet works.
local function missing_of(bundle)
  local kind, pool = shortage_of(bundle)
  if not kind then return nil end
  local found = read_pool(pool)
  if pool == home_of(bundle) and found.capacity == 0 then return "worker", pool end
  if kind == "rate" then return "rate", pool end
  if found.limit and found.limit <= used_of(pool) then return "limit", pool end
  if found.limit and kind == "never" then return "limit", pool end
end

local function tell_blocked(run, bundle)
  local kind, pool = missing_of(bundle)
  local lane = kind and redis.call("ZRANGE", key_offer(run, bundle), 0, 0)[1]
  if lane then tell_waiting(run, bundle, kind, pool, lane) end
end

-- Called when everything was granted that fits: who has come to a queue in this script and is still there?
local function tell_offered()
  for _, entry in ipairs(came) do
    local run, bundle = entry[1], entry[2]
    if redis.call("ZSCORE", key_turns(bundle), run) then tell_blocked(run, bundle) end
  end
  came = {}
end
