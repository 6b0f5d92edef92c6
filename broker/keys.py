"""Every Redis key of assetq: its pattern, its type and what it means.

This is the only place where keys are declared. Python builds them with `Keys`; Lua scripts build
them with those of `key_functions()`, which are generated from the same table, so that the
two can never disagree. All keys begin with the root `{<namespace>}`, whose braces keep them in
one slot of a Redis cluster.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

LAYOUT_VERSION = "3"


@dataclass(frozen=True, slots=True)
class KeyPattern:
    """One kind of key: `pattern` holds `<field>` for each argument, in order."""

    name: str
    pattern: str
    type: str
    meaning: str

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the arguments, in the order in which they stand in the pattern."""
        return tuple(re.findall(r"<(\w+)>", self.pattern))


PATTERNS: tuple[KeyPattern, ...] = (
    KeyPattern("layout", "", "string", "version of this layout, checked on connect"),
    KeyPattern("runs", ":runs", "zset", "every run id, scored by submission time in ms"),
    KeyPattern("active", ":runs:active", "set", "ids of runs that have not ended"),
    KeyPattern("ended", ":runs:ended", "zset", "runs that have ended and are not archived, by the time of their end in ms"),
    KeyPattern("archiving", ":archiving", "string", "lock of the one who archives; expires by itself"),
    KeyPattern("feed", ":events", "stream", "run-level events of all runs, bounded"),
    KeyPattern("control", ":control", "channel", "pub/sub: cancels, wake-ups and new work for workers"),
    KeyPattern("fence", ":fence", "string", "the last fence given out; grows with server time"),
    KeyPattern("queued", ":queued", "zset", "fences of grants published and not yet claimed, by grant time in ms"),
    KeyPattern("carried", ":carried", "hash", "fence that a message in a queue names whose own grant went elsewhere -> fence of the grant that it announces now; empty while it announces none"),
    KeyPattern("leases", ":leases", "zset", "fences of claimed grants, by lease expiry in ms"),
    KeyPattern("delayed", ":delayed", "zset", "`run|node|step` of steps waiting for a retry, by due time in ms"),
    KeyPattern("deadlines", ":runs:deadlines", "zset", "runs that have started and have a time limit, by the time in ms at which it is over"),
    KeyPattern("recovery", ":recovery", "string", "lock that paces recovery; expires by itself"),
    KeyPattern("grant", ":grant:<fence>", "hash", "one batch of steps that holds one slot: run, pool, node, steps, state, worker, pid, since; `more` where it has a bundle, a rate, a key or a run's limit"),
    KeyPattern("pools", ":pools", "set", "every pool that a run or a limit has named"),
    KeyPattern("limits", ":pools:limits", "hash", "pool -> limit that holds; `*` -> limit of pools without one; `shared:pool` -> 1 for one that has bundles, `rate:pool` -> `starts/period in ms`"),
    KeyPattern("limit_sources", ":pools:limits:sources", "hash", "pool -> who gave its limit: `hand` or `code`"),
    KeyPattern("capacity", ":pools:capacity", "hash", "pool -> processes of live workers that consume it"),
    KeyPattern("processes", ":workers:processes", "string", "processes of all live workers"),
    KeyPattern("pool_ready", ":pools:ready", "hash", "pool -> steps that are ready and not granted"),
    KeyPattern("turn", ":pools:turn", "string", "number of turns taken so far"),
    KeyPattern("passed", ":pools:passed", "hash", "bundle -> grants that passed it while it was first in turn and did not fit"),
    KeyPattern("reserved", ":pools:reserved", "hash", "pool -> bundle that was passed too often: what comes after it in turn waits"),
    KeyPattern("holders", ":pool:<pool>:holders", "zset", "fences that hold a slot, by grant time in ms"),
    KeyPattern("spare", ":pool:<pool>:spare", "zset", "fences that messages in the queue name which announce no grant now, by the time in ms at which they lost it"),
    KeyPattern("shares", ":pool:<pool>:shares", "zset", "`fence#n` of further units held: by weight, or by grants of other pools; by grant time in ms"),
    KeyPattern("starts", ":pool:<pool>:starts", "zset", "of a pool with a rate: fences of its last starts, by time in ms; +inf for grants that nobody has claimed"),
    KeyPattern("wakes", ":pools:wakes", "zset", "pools out of tokens, by the time in ms at which one comes back"),
    KeyPattern("bundles", ":pool:<pool>:bundles", "set", "bundles, `db*2+api`, with which steps hold several pools or units of this one"),
    KeyPattern("turns", ":pool:<pool>:turns", "zset", "runs with ready steps in the pool (or bundle), by priority and turn"),
    KeyPattern("parked", ":pool:<pool>:parked:<bundle>", "zset", "`run|lane` of what waits for a slot of the value of a concurrency key, by turn"),
    KeyPattern("parkings", ":pool:<pool>:parked", "set", "bundles of which lanes wait for a slot of the value"),
    KeyPattern("parked_keys", ":pools:parked", "zset", "values of concurrency keys for which lanes wait, by the time in ms at which they were last looked at"),
    KeyPattern("workers", ":workers", "zset", "worker names, by the time in ms at which they count as gone"),
    KeyPattern("worker", ":worker:<worker>", "hash", "host, pid, pools, concurrency, version of a worker, whether it archives"),
    KeyPattern("worker_grants", ":worker:<worker>:grants", "set", "fences that the worker has claimed"),
    KeyPattern("run", ":run:<run>", "hash", "status, times, priority, tags and the count of steps in each state"),
    KeyPattern("plan", ":run:<run>:plan", "string", "the symbolic plan, msgpack"),
    KeyPattern("growth", ":run:<run>:growth", "hash", "what the run has found out about its fans: version, and of each fan `keys:n`, its mapping keys, msgpack, and `count:n`"),
    KeyPattern("events", ":run:<run>:events", "stream", "everything that happened in the run, msgpack entries"),
    KeyPattern("parts", ":run:<run>:parts", "list", "last cursor of each part of the events that stands in the archive"),
    KeyPattern("nodes", ":run:<run>:nodes", "hash", "per node: pool, gates still closed, steps left, batch size, gated nodes"),
    KeyPattern("run_grants", ":run:<run>:grants", "set", "fences of the run's grants"),
    KeyPattern("need", ":run:<run>:need", "hash", "`node:step` -> upstream steps done, while some are missing"),
    KeyPattern("tries", ":run:<run>:tries", "hash", "`node:step` -> `retries:crashes`, for unfinished steps that had any"),
    KeyPattern("offer", ":run:<run>:offer:<pool>", "zset", "by pool (or bundle): nodes with ready steps and open gates, scored by order"),
    KeyPattern("ready", ":run:<run>:ready:<node>", "zset", "ranges `start:stop` of steps whose upstream steps are done, by start; of places in a lane for `node|lane`"),
    KeyPattern("lane_keys", ":run:<run>:lanes:<node>", "hash", "lane of the node -> value of its concurrency key, `customer=acme`"),
    KeyPattern("run_parked", ":run:<run>:parked", "zset", "bundles in which the run waits for one of its own steps to end, by turn"),
    KeyPattern("done", ":run:<run>:done:<node>:<state>", "bitmap", "steps of the node that ended in the state"),
    KeyPattern("made", ":run:<run>:made:<node>", "bitmap", "partitions made by steps of the node that did not succeed as a whole, or not at once"),
    KeyPattern("assets", ":assets", "set", "every asset key that was registered or materialized"),
    KeyPattern("asset", ":asset:<asset>", "hash", "definition for the catalog, and the latest materialization"),
    KeyPattern("versions", ":asset:<asset>:<identity>:versions:<page>", "string", "24 bytes for each of 512 partitions: digests of code, dependencies, inputs, data version"),
    KeyPattern("version_pages", ":asset:<asset>:versions", "set", "`identity:page` of every page of versions"),
    KeyPattern("version_texts", ":asset:<asset>:<identity>:version-texts", "hash", "absolute partition index -> data version that the op gave"),
    KeyPattern("asset_events", ":asset:<asset>:events", "stream", "events about the asset that no run made, msgpack entries"),
    KeyPattern("history", ":asset:<asset>:history:<kind>", "string", "13-byte entries: where each event of the kind stands, in order"),
    KeyPattern("checks", ":asset:<asset>:checks", "hash", "check name -> entry of its latest evaluation"),
    KeyPattern("places", ":asset:<asset>:places:<identity>:<page>", "string", "4 bytes a partition: position + 1 of its latest materialization"),
    KeyPattern("held", ":runs:held", "zset", "runs that a process executes by itself, by the time in ms at which it counts as gone"),
    KeyPattern("run_limits", ":runs:limits", "hash", "tag (`customer=acme`, `customer=*` for each value, `customer` for all, `*` for all runs) -> runs at once"),
    KeyPattern("run_limit_sources", ":runs:limits:sources", "hash", "tag -> who gave its limit: `hand` or `code`"),
    KeyPattern("admitted", ":runs:admitted:<tag>", "set", "runs with the tag that may start steps"),
    KeyPattern("admission", ":runs:admission:<tag>", "zset", "runs that wait for another with the tag to end, by priority and submission"),
    KeyPattern("admissions", ":runs:admission", "set", "tags for which runs wait"),
    KeyPattern("run_count", ":runs:count", "string", "numbers given to runs so far, for entries of histories"),
    KeyPattern("run_numbers", ":runs:numbers", "hash", "number of a run -> its id"),
    KeyPattern("dynamic", ":dynamic:keys:<name>", "zset", "keys of dynamic partitions that exist, by order of addition"),
    KeyPattern("slots", ":dynamic:slots:<name>", "hash", "every key that the dynamic partitions ever had -> its slot"),
    KeyPattern("dynamic_versions", ":dynamic", "hash", "name of dynamic partitions -> number of changes to their keys"),
    KeyPattern("status", ":asset:<asset>:<identity>:<state>", "bitmap", "partitions materialized or failed, by absolute index"),
)  # fmt: skip

NAMED = frozenset({"asset", "bundle", "pool", "tag", "worker"})
"""Fields that hold names which people chose; they are escaped."""

LUA_ESCAPED = """local function escaped(name)
  if not string.find(name, "[%%:]") then return name end
  return (string.gsub(name, "[%%:]", { ["%"] = "%25", [":"] = "%3A" }))
end"""

BY_NAME = {pattern.name: pattern for pattern in PATTERNS}
KEY_CALL = re.compile(rf"\bkey_({'|'.join(BY_NAME)})(?=\()")


@dataclass(frozen=True, slots=True)
class Keys:
    """Builds the keys of one namespace."""

    namespace: str

    @property
    def root(self) -> str:
        """The key that holds the layout version and begins all others."""
        return "{" + self.namespace + "}"

    def __call__(self, name: str, *values: object) -> str:
        """The key called `name` in the table, with its fields filled in order."""
        pattern = BY_NAME[name]
        if len(values) != len(pattern.fields):
            raise TypeError(f"key '{name}' takes {pattern.fields}, got {values}")
        text = pattern.pattern
        for field, value in zip(pattern.fields, values, strict=True):
            text = text.replace(f"<{field}>", escaped(str(value)) if field in NAMED else str(value), 1)
        return self.root + text


def escaped(name: str) -> str:
    """A name that people chose, without the ":" that separates the parts of a key."""
    return name.replace("%", "%25").replace(":", "%3A")


def key_names(source: str) -> set[str]:
    """Names of the patterns that Lua source uses, as `key_<name>(...)`."""
    return set(KEY_CALL.findall(source))


def key_functions(names: Collection[str]) -> Iterator[str]:
    """Lua source of functions `keys.<name>(...)`; expects the root in `root`, and the table."""
    patterns = [pattern for pattern in PATTERNS if pattern.name in names]
    if any(NAMED.intersection(pattern.fields) for pattern in patterns):
        yield LUA_ESCAPED
    for pattern in patterns:
        parts = re.split(r"<(\w+)>", pattern.pattern)
        pieces = ["root", *(repr_lua(p) if i % 2 == 0 else _lua_field(p) for i, p in enumerate(parts) if p)]
        yield f"function keys.{pattern.name}({', '.join(pattern.fields)}) return {' .. '.join(pieces)} end"


def with_keys(source: str) -> str:
    """Lua source in which each `key_<name>(...)` is a function of the table `keys`.

    A table, because Lua has room for 200 local names in a script.
    """
    return KEY_CALL.sub(r"keys.\1", source)


def _lua_field(field: str) -> str:
    return f"escaped({field})" if field in NAMED else field


def repr_lua(text: str) -> str:
    """A Lua string literal of a pattern's fixed text."""
    return '"' + text + '"'
