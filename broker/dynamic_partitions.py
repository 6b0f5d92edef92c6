"""The keys of dynamic partitions on Redis.

Per name a sorted set of the keys that exist, by order of addition, and a hash of every key that ever existed with its
slot. A version counts changes, so that a reader who holds the keys asks for one number only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from assetq.broker.engine import Engine
from assetq.broker.message import text
from assetq.execution.dynamic_partitions import pages

# A script that adds this many keys takes a few milliseconds; more would keep others waiting.
ADDED_AT_ONCE = 1000
READ_AT_ONCE = 10_000


@dataclass(slots=True)
class DynamicPartitions:
    """Changes and reads them in one namespace."""

    engine: Engine
    _known: dict[str, tuple[int, Mapping[str, int]]] = field(default_factory=dict)

    def add(self, name: str, keys: Sequence[str]) -> None:
        """Add keys, each page at once and all in order. Atomic by page."""
        for page in pages(keys, ADDED_AT_ONCE):
            self.engine.run_script("add_partitions", name=name, keys=list(page))

    def delete(self, name: str, key: str) -> None:
        """Delete a key. Atomic."""
        self.engine.run_script("delete_partition", name=name, key=key)

    def has(self, name: str, key: str) -> bool:
        """Whether a key exists. One round trip."""
        keys = self.engine.keys
        return self.engine.client.zscore(keys("dynamic", name), key) is not None

    def slots(self, name: str) -> Mapping[str, int]:
        """Key -> slot, in order of addition; read in pages, again when it changed meanwhile."""
        while True:
            version = self._version(name)
            known = self._known.get(name)
            if known is None or known[0] != version:
                known = version, self._read(name)
            if known[0] == self._version(name):
                self._known[name] = known
                return known[1]

    def _version(self, name: str) -> int:
        return int(self.engine.client.hget(self.engine.keys("dynamic_versions"), name) or 0)

    def _read(self, name: str) -> Mapping[str, int]:
        client, keys = self.engine.client, self.engine.keys
        found: dict[str, int] = {}
        last: Any = "-inf"
        while True:
            page = client.zrangebyscore(keys("dynamic", name), last, "+inf", start=0, num=READ_AT_ONCE, withscores=True)
            if not page:
                return found
            members = [member for member, _ in page]
            slots = client.hmget(keys("slots", name), members)
            found.update((text(m), int(slot)) for m, slot in zip(members, slots, strict=True) if slot is not None)
            last = f"({int(page[-1][1])}"
