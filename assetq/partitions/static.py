"""Partitions of a fixed list of keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from assetq.errors import DefinitionError
from assetq.partitions.definition import PartitionsDefinition, refuse_bad_key


class StaticPartitionsDefinition(PartitionsDefinition):
    """A fixed list of partitions. Mirrors Dagster's `StaticPartitionsDefinition`.

    Raises:
        DefinitionError: A key is no string, is empty, stands twice, or holds "..." or a control character.
    """

    kind = "static"

    def __init__(self, partition_keys: Sequence[str]) -> None:
        if isinstance(partition_keys, str) or not isinstance(partition_keys, Sequence):
            raise DefinitionError(f"StaticPartitionsDefinition takes a list of keys, not {partition_keys!r}.")
        self.keys = tuple(partition_keys)
        self._index: dict[str, int] = {}
        for position, key in enumerate(self.keys):
            refuse_bad_key(key)
            if self._index.setdefault(key, position) != position:
                raise DefinitionError(f"Partition key '{key}' stands twice in a StaticPartitionsDefinition.")

    def count(self, now: datetime | None = None) -> int:
        return len(self.keys)

    @property
    def capacity(self) -> int:
        return len(self.keys)

    def key_at(self, index: int) -> str:
        return self.keys[index]

    def find(self, key: str) -> int | None:
        return self._index.get(key)

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "keys": list(self.keys)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> StaticPartitionsDefinition:
        return cls(data["keys"])

    def __str__(self) -> str:
        return ", ".join(f"'{key}'" for key in self.keys)

    def __repr__(self) -> str:
        return f"StaticPartitionsDefinition({len(self.keys)} keys)"
