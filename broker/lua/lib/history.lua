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

local function entry_of(run, id)
  local ms, sequence = string.match(id, "^(%d+)-(%d+)$")
  return struct.pack(">I6I3I4", tonumber(ms), tonumber(sequence), run)
end

-- Enters events: `index` lists {number in ids, asset, kind, check}. Returns number -> position. A check's latest
-- evaluation is kept by its name.
local function remember_all(run, ids, index)
  local positions, logs, log_of = {}, {}, {}
  local number = #index > 0 and number_of_run(run)
  for _, item in ipairs(index) do
    local asset, kind = item[2], item[3]
    local entry, key = entry_of(number, ids[item[1]]), key_history(asset, kind)
    if kind == "check" then redis.call("HSET", key_checks(asset), item[4], entry) end
    local log = log_of[key]
    if not log then
      log = { asset = asset, kind = kind, key = key, entries = {}, numbers = {} }
      log_of[key] = log
      table.insert(logs, log)
    end
    table.insert(log.entries, entry)
    table.insert(log.numbers, item[1])
  end
  for _, log in ipairs(logs) do
    if log.kind ~= "check" then redis.call("SADD", key_assets(), log.asset) end
    local size = redis.call("APPEND", log.key, table.concat(log.entries))
    local wiped = number_of(redis.call("HGET", key_asset(log.asset), "wiped:" .. log.kind))
    local first = wiped + size / ENTRY_SIZE - #log.entries
    for place, event in ipairs(log.numbers) do positions[event] = first + place - 1 end
  end
  return positions
end

-- The partitions from `from` on were last materialized by the entries whose positions + 1 are packed in `places`.
-- Bounded by the partitions.
local function place_latest(asset, identity, from, places)
  local at, count = 0, #places / 4
  while at < count do
    local page, inside = math.floor((from + at) / PAGE_SIZE), (from + at) % PAGE_SIZE
    local fit = math.min(count - at, PAGE_SIZE - inside)
    write_page(key_places(asset, identity, page), inside * 4, string.sub(places, at * 4 + 1, (at + fit) * 4), PAGE_SIZE * 4)
    at = at + fit
  end
end
