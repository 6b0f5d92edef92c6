-- include: clock
-- Appends events. Fields are short because a million of them are kept: t type, ts time in ms,
-- n node, s step, e end of a range of steps, a attempt, w worker, m message, d data; from a process that executed a
-- run itself: sk name of the step, pk partition, r run.
local FEED_LENGTH = 10000

-- `detail` is an already packed map that Lua does not look into.
local function emit(run, type, fields, detail)
  fields.t = type
  fields.ts = fields.ts or now
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
