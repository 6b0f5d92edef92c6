-- trim_events: the oldest events of a run stand in its archive now: a part is listed, and they leave the stream.
-- KEYS:
--   1 root (string): layout version; all other keys are built from it
-- ARGV:
--   1 run_id (string): the run
--   2 parts (integer): parts listed so far, as the one who wrote the new one read it
--   3 last (string): cursor of the part's last event
-- REPLY: OK | BUSY | UNKNOWN_RUN
-- EVENTS:
-- INVARIANTS: 1
local run = ARGV[1]
if redis.call("EXISTS", key_run(run)) == 0 then return { "UNKNOWN_RUN" } end
if redis.call("LLEN", key_parts(run)) ~= tonumber(ARGV[2]) then return { "BUSY" } end
redis.call("RPUSH", key_parts(run), ARGV[3])
-- Cost grows with the stream's nodes of a hundred events, not with the events.
local ms, sequence = string.match(ARGV[3], "^(%d+)-(%d+)$")
redis.call("XTRIM", key_events(run), "MINID", "=", ms .. "-" .. string.format("%d", tonumber(sequence) + 1))
return { "OK" }
