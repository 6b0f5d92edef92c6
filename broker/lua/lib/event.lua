-- include: clock
-- Appends events. Fields are short because a million of them are kept: t type, ts time in ms,
-- n node, s step, e end of a range of steps, a attempt, w worker, m message, d data.
local FEED_LENGTH = 10000

local function emit(run, type, fields)
  fields.t = type
  fields.ts = fields.ts or now
  redis.call("XADD", key_events(run), "*", "e", cmsgpack.pack(fields))
end

local function announce(run, type, fields)
  emit(run, type, fields)
  redis.call("XADD", key_feed(), "MAXLEN", "~", FEED_LENGTH, "*", "run", run, "e", cmsgpack.pack(fields))
end
