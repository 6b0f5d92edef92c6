-- include: clock, page
-- What happened to assets, in order. Per asset and kind of event there is one string of 13-byte entries, each the
-- place of an event in the stream of its run (6 bytes ms, 3 bytes sequence, 4 bytes number of the run; run 0 is the
-- asset's own stream of events that no run made). An entry's position counts from the asset's first event ever.
-- Pages of 4-byte numbers say, for each partition, which entry is its latest materialization: position + 1.
local ENTRY_SIZE, PAGE_SIZE = 13, 1024

local function number_of_run(run)
  if run == "" then return 0 end
  local known = redis.call("HGET", key_run(run), "number")
  if known then return tonumber(known) end
  local number = redis.call("INCR", key_run_count())
  redis.call("HSET", key_run(run), "number", number)
  redis.call("HSET", key_run_numbers(), number, run)
  return number
end

-- Enters an event; returns its position. A check's latest evaluation is kept by its name.
local function remember(asset, kind, check, run, id)
  local ms, sequence = string.match(id, "^(%d+)-(%d+)$")
  local entry = struct.pack(">I6I3I4", tonumber(ms), tonumber(sequence), number_of_run(run))
  if kind == "check" then
    redis.call("HSET", key_checks(asset), check, entry)
  else
    redis.call("SADD", key_assets(), asset)
  end
  local size = redis.call("APPEND", key_history(asset, kind), entry)
  return number_of(redis.call("HGET", key_asset(asset), "wiped:" .. kind)) + size / ENTRY_SIZE - 1
end

-- Enters events of a run: `index` lists {number in ids, asset, kind, check}. Returns number -> position.
local function remember_all(run, ids, index)
  local positions = {}
  for _, item in ipairs(index) do
    positions[item[1]] = remember(item[2], item[3], item[4], run, ids[item[1]])
  end
  return positions
end

-- The partitions from..to-1 were last materialized by the entry at `position`. Bounded by the range.
local function place_latest(asset, identity, from, to, position)
  local value = struct.pack(">I4", position + 1)
  while from < to do
    local page = math.floor(from / PAGE_SIZE)
    local stop = math.min(to, (page + 1) * PAGE_SIZE)
    write_page(key_places(asset, identity, page), (from - page * PAGE_SIZE) * 4, string.rep(value, stop - from),
      PAGE_SIZE * 4)
    from = stop
  end
end
