-- claim_steps: a worker takes a granted batch and with it a lease; asked again, it is told the same.
-- KEYS:
--   1 root (string): layout version; all other keys are built from it
-- ARGV:
--   1 run_id (string): the run that the message names
--   2 fence (string): the fence that the message names: of its own grant, or the message announces another one
--   3 worker (string): name of the worker
--   4 pid (integer): process that runs the steps
--   5 lease_ms (ms): length of the lease
-- REPLY: OK grant | STALE | CANCELED
-- EVENTS: RUN_START, STEP_START
-- INVARIANTS: 1, 2, 3
-- include: grant
local function told_again(grant)
  if not grant or not is_held_by(grant, ARGV[3], ARGV[4]) then return nil end
  redis.call("ZADD", key_leases(), now + tonumber(ARGV[5]), grant.fence)
  return { "OK", tell_grant(grant) }
end

-- A commit chained it, and its reply was lost: its message may lie in the queue still, and announce another grant by now.
local chained = told_again(read_grant(ARGV[2]))
if chained then return chained end
local carried = redis.call("HGET", key_carried(), ARGV[2])
if carried == "" then redis.call("HDEL", key_carried(), ARGV[2]) end -- it has left the queue, and announces nothing
local grant = read_grant(carried or ARGV[2])
if not grant or (not carried and grant.run ~= ARGV[1]) then return { "STALE" } end
-- Claimed already: the reply was lost on the way and the holder asks again.
local claimed = told_again(grant)
if claimed then return claimed end
if grant.state ~= "queued" then return { "STALE" } end
if not is_open(grant.run) then return { "CANCELED" } end
return { "OK", claim_grant(grant, ARGV[3], ARGV[4], tonumber(ARGV[5])) }
