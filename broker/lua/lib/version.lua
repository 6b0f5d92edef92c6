-- include: page
-- Data versions of partitions: 24 bytes each, in pages, so that a large index costs no empty space before it.
local VERSION_PAGE, VERSION_SIZE = 512, 24

-- Writes the marks of the partitions from `slot` on; `given` is the version that the op gave, or "".
local function write_versions(asset, identity, slot, marks, given)
  local at, count = 0, #marks / VERSION_SIZE
  while at < count do
    local page, inside = math.floor((slot + at) / VERSION_PAGE), (slot + at) % VERSION_PAGE
    local fit = math.min(count - at, VERSION_PAGE - inside)
    local name = string.format("%d", page)
    write_page(key_versions(asset, identity, name), inside * VERSION_SIZE,
      string.sub(marks, at * VERSION_SIZE + 1, (at + fit) * VERSION_SIZE), VERSION_PAGE * VERSION_SIZE)
    redis.call("SADD", key_version_pages(asset), identity .. ":" .. name)
    at = at + fit
  end
  if given == "" then return end
  for index = slot, slot + count - 1 do
    redis.call("HSET", key_version_texts(asset, identity), string.format("%d", index), given)
  end
end

-- What the ends of steps change: entries are {asset, identity, first index, marks, given}. Those of consecutive
-- partitions are written together, where no op gave a version.
local function record_versions(entries)
  local first, marks, stop
  local function write() write_versions(first[1], first[2], first[3], table.concat(marks), first[5]) end
  for _, entry in ipairs(entries) do
    local is_next = first and first[1] == entry[1] and first[2] == entry[2] and stop == entry[3]
    if not (is_next and first[5] == "" and entry[5] == "") then
      if first then write() end
      first, marks = entry, {}
    end
    table.insert(marks, entry[4])
    stop = entry[3] + #entry[4] / VERSION_SIZE
  end
  if first then write() end
end

-- A partition gets another place: its data version goes along.
local function carry_version(asset, old, from, new, to)
  local page, at = string.format("%d", math.floor(from / VERSION_PAGE)), from % VERSION_PAGE * VERSION_SIZE
  local marks = redis.call("GETRANGE", key_versions(asset, old, page), at, at + VERSION_SIZE - 1)
  if #marks < VERSION_SIZE then return end
  local given = redis.call("HGET", key_version_texts(asset, old), string.format("%d", from)) or ""
  write_versions(asset, new, to, marks, given)
end

local function forget_versions(asset, identity, from, to)
  for index = from, to - 1 do
    local key = key_versions(asset, identity, string.format("%d", math.floor(index / VERSION_PAGE)))
    if redis.call("EXISTS", key) == 1 then
      redis.call("SETRANGE", key, index % VERSION_PAGE * VERSION_SIZE, string.rep("\0", VERSION_SIZE))
    end
    redis.call("HDEL", key_version_texts(asset, identity), string.format("%d", index))
  end
end

local function forget_all_versions(asset)
  for _, member in ipairs(redis.call("SMEMBERS", key_version_pages(asset))) do
    local identity, page = string.match(member, "^(.*):(%d+)$")
    redis.call("UNLINK", key_versions(asset, identity, page), key_version_texts(asset, identity))
  end
  redis.call("DEL", key_version_pages(asset))
end
