-- wipe_asset: forgets that an asset, or a range of its partitions, was materialized or failed.
-- KEYS:
--   1 root (string): layout version; all other keys are built from it
-- ARGV:
--   1 asset (string): key of the asset
--   2 identity (string): of its partitions, as status keys carry it
--   3 start (integer): first absolute partition index; -1 for the whole asset
--   4 stop (integer): one after the last
-- REPLY: OK
-- EVENTS:
-- INVARIANTS: 1
-- include: clock, bits, version
local from, to = tonumber(ARGV[3]), tonumber(ARGV[4])
for _, state in ipairs({ "materialized", "failed" }) do
  local key = key_status(ARGV[1], ARGV[2], state)
  if from < 0 then redis.call("DEL", key) else clear_range(key, from, to) end
end
if from < 0 then
  redis.call("HDEL", key_asset(ARGV[1]), "latest", "latest_run")
  forget_all_versions(ARGV[1])
else
  forget_versions(ARGV[1], ARGV[2], from, to)
end
return { "OK" }
