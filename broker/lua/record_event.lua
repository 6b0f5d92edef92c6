-- record_event: keeps an event about an asset that no run made.
-- KEYS:
--   1 root (string): layout version; all other keys are built from it
-- ARGV:
--   1 asset (string): key of the asset
--   2 kind (string): type of the event
--   3 event (bytes): the event, packed
--   4 identity (string): of its partitions, as status keys carry it
--   5 start (integer): first absolute partition index
--   6 stop (integer): one after the last
--   7 marks (bytes): data versions of those partitions, 24 bytes each; empty for none
--   8 given (string): the data version that was given; empty for none
-- REPLY: OK
-- EVENTS: ASSET_MATERIALIZATION, ASSET_OBSERVATION, ASSET_CHECK_EVALUATION
-- INVARIANTS: 1
-- include: clock, bits, version, event
redis.call("SADD", key_assets(), ARGV[1])
if #ARGV[7] > 0 then write_versions(ARGV[1], ARGV[4], tonumber(ARGV[5]), ARGV[7], ARGV[8]) end
if ARGV[2] == "ASSET_MATERIALIZATION" then
  local from, to = tonumber(ARGV[5]), tonumber(ARGV[6])
  set_range(key_status(ARGV[1], ARGV[4], "materialized"), from, to)
  clear_range(key_status(ARGV[1], ARGV[4], "failed"), from, to)
  redis.call("HSET", key_asset(ARGV[1]), "latest", ARGV[3], "latest_run", "")
end
redis.call("XADD", key_feed(), "MAXLEN", "~", FEED_LENGTH, "*", "run", "", "e", ARGV[3])
return { "OK" }
