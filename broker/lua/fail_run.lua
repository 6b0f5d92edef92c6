-- fail_run: a run that cannot go on ends as a failure; what runs is told to stop.
-- KEYS:
--   1 root (string): layout version; all other keys are built from it
-- ARGV:
--   1 run_id (string): the run
--   2 failure (string): why, for the run's last event
-- REPLY: OK messages | ENDED | UNKNOWN_RUN
-- EVENTS: RUN_CANCELING, RUN_FAILURE
-- INVARIANTS: 1, 3, 4
-- include: stop
local run = ARGV[1]
local status = redis.call("HGET", key_run(run), "status")
if not status then return { "UNKNOWN_RUN" } end
if status == "CANCELING" then return { "OK", {} } end
if status ~= "QUEUED" and status ~= "STARTED" then return { "ENDED" } end
stop_run(run, ARGV[2])
return { "OK", publish_touched() }
