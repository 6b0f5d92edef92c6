-- return_steps: a grant goes back without a commit, because its worker died, drains or cannot run it.
-- KEYS:
--   1 root (string): layout version; all other keys are built from it
-- ARGV:
--   1 fence (string): the grant's fence
--   2 worker (string): who held it
--   3 crashed (integer): 1 if the process died; counts against the step under way
--   4 max_crashes (integer): crashes after which the step fails
--   5 reason (string): for the event
-- REPLY: OK messages poisoned | STALE
-- EVENTS: STEP_WORKER_LOST, STEP_RESTARTED, RUN_CANCELED
-- INVARIANTS: 1, 3, 4
-- include: requeue
local grant = read_grant(ARGV[1])
if not grant or grant.state ~= "running" or grant.worker ~= ARGV[2] then return { "STALE" } end
requeue(grant, ARGV[3] == "1", tonumber(ARGV[4]), ARGV[5])
return { "OK", publish_touched(), poisoned }
