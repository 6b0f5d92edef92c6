-- cancel_run: from here on nothing of the run starts; what runs is told to stop.
-- KEYS:
--   1 root (string): layout version; all other keys are built from it
-- ARGV:
--   1 run_id (string): the run
-- REPLY: OK messages | ENDED | UNKNOWN_RUN
-- EVENTS: RUN_CANCELING, RUN_CANCELED
-- INVARIANTS: 1, 3, 4
-- include: stop
local run = ARGV[1]
local status = redis.call("HGET", key_run(run), "status")
if not status then return { "UNKNOWN_RUN" } end
if status == "CANCELING" then return { "OK", {} } end
if status ~= "QUEUED" and status ~= "STARTED" then return { "ENDED" } end

stop_run(run, "")
return { "OK", publish_touched() }
