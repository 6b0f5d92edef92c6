-- record_event: keeps an event about an asset that no run made.
-- KEYS:
--   1 root (string): layout version; all other keys are built from it
-- ARGV:
--   1 asset (string): key of the asset
--   2 kind (string): "materialization", "observation" or "check"
--   3 event (bytes): the event, packed
--   4 identity (string): of its partitions, as status keys carry it
--   5 start (integer): first absolute partition index
--   6 stop (integer): one after the last
--   7 check (string): name of the check, for its evaluation
--   8 marks (bytes): data versions of those partitions, 24 bytes each; empty for none
--   9 given (string): the data version that was given; empty for none
-- REPLY: OK
-- EVENTS: ASSET_MATERIALIZATION, ASSET_OBSERVATION, ASSET_CHECK_EVALUATION
-- INVARIANTS: 1
-- include: clock, event, asset, version
local asset, kind, event = ARGV[1], ARGV[2], ARGV[3]
local id = redis.call("XADD", key_asset_events(asset), "*", "e", event)
local positions = remember_all("", { id }, { { 1, asset, kind, ARGV[7] } })
if #ARGV[8] > 0 then record_versions({ { asset, ARGV[4], tonumber(ARGV[5]), ARGV[8], ARGV[9] } }) end
if kind == "materialization" then
  record_assets("", { { asset, ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6]), event, 1 } }, positions)
end
redis.call("XADD", key_feed(), "MAXLEN", "~", FEED_LENGTH, "*", "run", "", "e", event)
return { "OK" }
