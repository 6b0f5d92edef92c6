-- include: bits, history
-- What the ends of steps change for the assets they made: entries are {asset, identity, from, to, latest, event}, where
-- event is the number of the materialization among the events; 0 where none was made, because it failed.

-- Entries of consecutive partitions that went alike are written together, as a stretch.
local function continues(stretch, entry, is_made, is_placed)
  return stretch and stretch.asset == entry[1] and stretch.identity == entry[2] and stretch.to == entry[3]
    and stretch.is_made == is_made and stretch.is_placed == is_placed
end

local function write_stretch(stretch)
  local asset, identity, from, to = stretch.asset, stretch.identity, stretch.from, stretch.to
  set_range(key_status(asset, identity, stretch.is_made and "materialized" or "failed"), from, to)
  if stretch.is_made then clear_range(key_status(asset, identity, "failed"), from, to) end
  if stretch.is_placed then place_latest(asset, identity, from, table.concat(stretch.places)) end
end

local function record_assets(run, entries, positions)
  local stretch
  local latest, seen = {}, {}
  for _, entry in ipairs(entries) do
    local asset, from, to = entry[1], entry[3], entry[4]
    local position = entry[6] > 0 and positions[entry[6]]
    local is_made, is_placed = entry[6] > 0, position and true or false
    if not continues(stretch, entry, is_made, is_placed) then
      if stretch then write_stretch(stretch) end
      stretch = { asset = asset, identity = entry[2], from = from, is_made = is_made, is_placed = is_placed, places = {} }
    end
    stretch.to = to
    if position then table.insert(stretch.places, string.rep(struct.pack(">I4", position + 1), to - from)) end
    if not seen[asset] then redis.call("SADD", key_assets(), asset) end
    seen[asset] = true
    if is_made then latest[asset] = entry[5] end
  end
  if stretch then write_stretch(stretch) end
  for asset, told in pairs(latest) do redis.call("HSET", key_asset(asset), "latest", told, "latest_run", run) end
end
