-- include: clock, pool
-- rare: spare_message, forget_spares
-- What goes to Celery: a message for each grant, or none where one that is on its way will announce it.
local messages = {}

-- A message whose grant went elsewhere (a chain took it, its run was canceled) lies in the queue still. While all are busy
-- it announces the next grant of the pool, which then needs none: queues hold no more messages than grants have waited.
local function spare_message(grant)
  local id = grant.message or grant.fence
  if grant.message then redis.call("HDEL", key_grant(grant.fence), "message") end
  redis.call("HSET", key_carried(), id, "")
  redis.call("ZADD", key_spare(grant.pool), now, id)
end

-- One that was delivered meanwhile is not in the queue any more.
local function next_spare(pool)
  while true do
    local id = redis.call("ZPOPMIN", key_spare(pool))[1]
    if not id or redis.call("HGET", key_carried(), id) == "" then return id end
  end
end

-- Nobody knows what became of messages that a worker had taken which is gone.
local function forget_spares(pool)
  for _, id in ipairs(redis.call("ZRANGE", key_spare(pool), 0, -1)) do
    if redis.call("HGET", key_carried(), id) == "" then redis.call("HDEL", key_carried(), id) end
  end
  redis.call("DEL", key_spare(pool))
end

-- Whether all that could take a message of the pool have something to do. A worker keeps some messages for its own threads:
-- one that announces nothing may lie there, and must not keep a grant from an idle process elsewhere.
local function is_crowded(pool)
  if redis.call("EXISTS", key_spare(pool)) == 0 then return false end
  if redis.call("ZCARD", key_holders(pool)) > read_pool(pool).capacity then return true end
  local busy = redis.call("ZCARD", key_leases()) + redis.call("ZCARD", key_queued())
  return busy > number_of(redis.call("GET", key_processes()))
end

-- The new grants; of one that a message in the queue will announce, with the id of that message.
local function to_publish()
  local crowded = {}
  for _, message in ipairs(messages) do
    local pool = message[1]
    if crowded[pool] == nil then crowded[pool] = is_crowded(pool) end
    local id = crowded[pool] and next_spare(pool)
    if id then
      redis.call("HSET", key_carried(), id, message[6])
      redis.call("HSET", key_grant(message[6]), "message", id)
      message[7] = id
    end
  end
  return messages
end
