-- carry_status: an asset's partitions get another index space; what has the same key keeps its status.
-- KEYS:
--   1 root (string): layout version; all other keys are built from it
-- ARGV:
--   1 asset (string): key of the asset
--   2 expected (bytes): its definition in the catalog, as it was read
--   3 definition (bytes): the new one
--   4 old (string): identity of the old index space
--   5 new (string): identity of the new one
--   6 seen (string): sha1 of the bitmaps as they were read: old and new materialized, old and new failed, joined
--   7 materialized (bytes): bitmap of the new space
--   8 failed (bytes): bitmap of the new space
--   9 places (msgpack): flat list of index in the old space, index in the new one; for materialized partitions
-- REPLY: OK | BUSY
-- EVENTS:
-- INVARIANTS: 1
-- include: clock, history, version
local asset, old, new = ARGV[1], ARGV[4], ARGV[5]
local sums = {}
for _, state in ipairs({ "materialized", "failed" }) do
  for _, identity in ipairs({ old, new }) do
    table.insert(sums, redis.sha1hex(redis.call("GET", key_status(asset, identity, state)) or ""))
  end
end
if redis.call("HGET", key_asset(asset), "definition") ~= ARGV[2] or table.concat(sums) ~= ARGV[6] then
  return { "BUSY" }
end

redis.call("HSET", key_asset(asset), "definition", ARGV[3])
redis.call("SET", key_status(asset, new, "materialized"), ARGV[7])
redis.call("SET", key_status(asset, new, "failed"), ARGV[8])
local known = redis.call("HGET", key_asset(asset), "identities") or ""
for _, identity in ipairs({ old, new }) do
  if not string.find("\n" .. known .. "\n", "\n" .. identity .. "\n", 1, true) then known = known .. "\n" .. identity end
end
redis.call("HSET", key_asset(asset), "identities", known)

local function page_of(index) return math.floor(index / PAGE_SIZE), (index % PAGE_SIZE) * 4 end
local places = cmsgpack.unpack(ARGV[9])
for i = 1, #places, 2 do
  local page, at = page_of(places[i])
  local value = redis.call("GETRANGE", key_places(asset, old, page), at, at + 3)
  page, at = page_of(places[i + 1])
  if #value == 4 then redis.call("SETRANGE", key_places(asset, new, page), at, value) end
  carry_version(asset, old, places[i], new, places[i + 1])
end
return { "OK" }
