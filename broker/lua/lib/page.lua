-- Pages: strings of a bounded size that fill up. Redis gives a string that grows twice the room that it needs; a page
-- that is half full is therefore made anew in its final size, once, which takes what it needs and no more.
local function write_page(key, offset, bytes, page_bytes)
  if 2 * (offset + #bytes) > page_bytes and redis.call("STRLEN", key) < page_bytes then
    local before = redis.call("GET", key)
    redis.call("DEL", key)
    redis.call("SETRANGE", key, page_bytes - 1, "\0")
    if before then redis.call("SETRANGE", key, 0, before) end
  end
  redis.call("SETRANGE", key, offset, bytes)
end
