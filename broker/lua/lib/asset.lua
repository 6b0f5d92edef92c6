-- include: bits, history
-- What a step's end changes for the assets it made: entries are {asset, identity, from, to, latest, event}, where
-- event is the number of the materialization among the step's events; 0 where none was made, because it failed.
local function record_assets(run, entries, positions)
  for _, entry in ipairs(entries) do
    local asset, identity, from, to, latest = entry[1], entry[2], entry[3], entry[4], entry[5]
    redis.call("SADD", key_assets(), asset)
    if entry[6] > 0 then
      set_range(key_status(asset, identity, "materialized"), from, to)
      clear_range(key_status(asset, identity, "failed"), from, to)
      redis.call("HSET", key_asset(asset), "latest", latest, "latest_run", run)
      local position = positions[entry[6]]
      if position then place_latest(asset, identity, from, to, position) end
    else
      set_range(key_status(asset, identity, "failed"), from, to)
    end
  end
end
