-- include: clock
-- Appends events. Fields are short because a million of them are kept: t type, ts time in ms unless it is the entry's,
-- n node, s step, e end of a range of steps, a attempt, w worker, m message, d data; from a process that executed a
-- run itself: sk name of the step, pk partition, r run.
local FEED_LENGTH = 10000
-- The same as in event_form.py; only what scripts tell by themselves.
local CODES = {
  RUN_ENQUEUED = 1, RUN_START = 2, RUN_SUCCESS = 3, RUN_FAILURE = 4, RUN_CANCELING = 5, RUN_CANCELED = 6,
  STEP_START = 7, STEP_SUCCESS = 8, STEP_FAILURE = 9, STEP_SKIPPED = 10, STEP_UP_FOR_RETRY = 11, STEP_RESTARTED = 12,
  STEP_WORKER_LOST = 13, STEP_WAITING = 25,
}

-- `detail` is an already packed map that Lua does not look into. A first attempt goes without saying where most are.
local function emit(run, type, fields, detail)
  fields.t = CODES[type] or type
  if fields.a == 1 and (type == "STEP_START" or type == "STEP_SUCCESS") then fields.a = nil end
  local packed = cmsgpack.pack(fields)
  if detail then
    redis.call("XADD", key_events(run), "*", "e", packed, "d", detail)
  else
    redis.call("XADD", key_events(run), "*", "e", packed)
  end
end

local function announce(run, type, fields)
  emit(run, type, fields)
  redis.call("XADD", key_feed(), "MAXLEN", "~", FEED_LENGTH, "*", "run", run, "e", cmsgpack.pack(fields))
end
