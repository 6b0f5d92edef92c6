-- wipe_asset: forgets that an asset, or a range of its partitions, was materialized or failed.
-- KEYS:
--   1 root (string): layout version; all other keys are built from it
-- ARGV:
--   1 asset (string): key of the asset
--   2 identity (string): of its partitions, as status keys carry it
--   3 start (integer): first absolute partition index; -1 for the whole asset and all its events
--   4 stop (integer): one after the last
-- REPLY: OK
-- EVENTS:
-- INVARIANTS: 1
-- include: clock, bits, history, version
local asset, from, to = ARGV[1], tonumber(ARGV[3]), tonumber(ARGV[4])

-- Bounded by the partitions of the asset, a thousand at a time. What stands in a page counts only while the partition
-- is materialized, so a page that is left behind tells nothing.
local function forget_identity(identity)
  local key = key_status(asset, identity, "materialized")
  local first = redis.call("BITPOS", key, 1)
  if first >= 0 then
    local last = redis.call("STRLEN", key) * 8 - 1
    for page = math.floor(first / PAGE_SIZE), math.floor(last / PAGE_SIZE) do
      redis.call("UNLINK", key_places(asset, identity, page))
    end
  end
  redis.call("DEL", key, key_status(asset, identity, "failed"))
end

if from >= 0 then
  for _, state in ipairs({ "materialized", "failed" }) do
    clear_range(key_status(asset, ARGV[2], state), from, to)
  end
  forget_versions(asset, ARGV[2], from, to)
  return { "OK" }
end
forget_all_versions(asset)
forget_identity(ARGV[2])
for identity in string.gmatch(redis.call("HGET", key_asset(asset), "identities") or "", "[^\n]+") do
  forget_identity(identity)
end
for _, kind in ipairs({ "materialization", "observation", "check" }) do
  local entries = redis.call("STRLEN", key_history(asset, kind)) / ENTRY_SIZE
  redis.call("HINCRBY", key_asset(asset), "wiped:" .. kind, entries)
  redis.call("UNLINK", key_history(asset, kind))
end
redis.call("UNLINK", key_checks(asset), key_asset_events(asset))
redis.call("HDEL", key_asset(asset), "latest", "latest_run")
return { "OK" }
