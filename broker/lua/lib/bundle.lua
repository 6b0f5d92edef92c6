-- Bundles: what a step needs of pools, as text. `db` is one slot of db; `db*2+api` is two of db and one of api, all or
-- none. The first pool is its home: the queue of its messages. A bundle of one pool and one slot is the pool's name.
local bundles_read = {}

local function parts_of(bundle)
  local parts = bundles_read[bundle]
  if parts then return parts end
  parts = {}
  for pool, weight in string.gmatch(bundle, "([^*+]+)%*?(%d*)") do
    table.insert(parts, { pool = pool, weight = tonumber(weight) or 1 })
  end
  bundles_read[bundle] = parts
  return parts
end

local function is_plain(bundle) return not string.find(bundle, "[*+]") end

local function home_of(bundle) return string.match(bundle, "^[^*+]+") end

-- From here on the pools of a bundle look at it whenever one of their slots is free.
local function register_bundle(bundle)
  for _, part in ipairs(parts_of(bundle)) do
    redis.call("SADD", key_pools(), part.pool)
    if not is_plain(bundle) then
      redis.call("SADD", key_bundles(part.pool), bundle)
      redis.call("HSET", key_limits(), "shared:" .. part.pool, 1)
    end
  end
end
