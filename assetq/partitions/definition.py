"""Partitions definitions: which partitions an asset has, as an index space with keys."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol

from assetq.errors import DefinitionError, UnknownPartitionError, suggest
from assetq.partitions.index_set import IndexSet

KINDS: dict[str, type[PartitionsDefinition]] = {}
FORBIDDEN_IN_KEYS = ("...", "\x00")


@dataclass(frozen=True, slots=True)
class PartitionKeyRange:
    """Partitions from `start` to `end`, both included. Mirrors Dagster's `PartitionKeyRange`."""

    start: str
    end: str


class PartitionsStore(Protocol):
    """Where the keys of dynamic partitions are kept: an instance."""

    def dynamic_partition_slots(self, partitions_def_name: str) -> Mapping[str, int]:
        """Keys that exist now, in the order of their addition, each with a number that it keeps for ever."""


class PartitionsDefinition(ABC):
    """Which partitions exist. Partition i of n is an index from 0 to n - 1; keys are made when asked for."""

    kind: ClassVar[str]

    def __init_subclass__(cls) -> None:
        if "kind" in cls.__dict__:
            KINDS[cls.kind] = cls

    @abstractmethod
    def count(self, now: datetime | None = None) -> int:
        """How many partitions there are at `now` (by default: at this moment)."""

    @abstractmethod
    def key_at(self, index: int) -> str:
        """Key of the partition with this index."""

    @abstractmethod
    def find(self, key: str) -> int | None:
        """Index of a key; None when no partition has it, whatever the time."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """A plain form that `partitions_from_dict` reads."""

    @classmethod
    @abstractmethod
    def from_dict(cls, data: Mapping[str, Any]) -> PartitionsDefinition:
        """The definition that `to_dict` wrote."""

    @property
    def status_offset(self) -> int:
        """Place of index 0 in an index space that stays when start or end move."""
        return 0

    @property
    def status_keeps_order(self) -> bool:
        """True when places of status stand in the order of their partitions."""
        return True

    def to_status(self, partitions: IndexSet) -> IndexSet:
        """Places of partitions in the index space of their status."""
        return partitions.shift(self.status_offset)

    def from_status(self, places: IndexSet) -> IndexSet:
        """The partitions with these places; what has none is dropped."""
        return places.shift(-self.status_offset)

    def bound(self, store: PartitionsStore | None) -> PartitionsDefinition:
        """This definition with the partitions that a store holds at this moment: one whose keys are known."""
        return self

    @property
    def identity(self) -> str:
        """Equal for definitions with the same partitions."""
        return hashlib.sha256(json.dumps(self.to_dict(), sort_keys=True).encode()).hexdigest()[:16]

    @property
    def status_identity(self) -> str:
        """Equal for definitions that share an index space for partition status."""
        return self.identity

    def index_of(self, key: str, now: datetime | None = None) -> int:
        """Index of a key.

        Raises:
            UnknownPartitionError: There is no such partition; proposes the nearest.
        """
        index = self.find(key)
        total = self.count(now)
        if index is None or not 0 <= index < total:
            raise UnknownPartitionError(
                f"There is no partition '{key}'; {self._describe(total)}.{self._near(key, total)}"
            )
        return index

    def _describe(self, total: int) -> str:
        if total == 0:
            return "there are none yet"
        return f"the {total} partitions go from '{self.key_at(0)}' to '{self.key_at(total - 1)}'"

    def _near(self, key: str, total: int) -> str:
        sample = [self.key_at(i) for i in range(min(total, 2000))]
        if total > len(sample):
            sample += [self.key_at(i) for i in range(total - 2000, total)]
        return suggest(key, sample)

    def all_indices(self, now: datetime | None = None) -> IndexSet:
        """Every partition."""
        return IndexSet.range(0, self.count(now))

    def get_partition_keys(
        self, current_time: datetime | None = None, dynamic_partitions_store: object = None
    ) -> Sequence[str]:
        """Keys of all partitions, in order."""
        return [self.key_at(i) for i in range(self.count(current_time))]

    def has_partition_key(self, partition_key: str, current_time: datetime | None = None) -> bool:
        """True when there is such a partition."""
        index = self.find(partition_key)
        return index is not None and 0 <= index < self.count(current_time)

    def get_first_partition_key(self, current_time: datetime | None = None) -> str | None:
        """First key; None when there is no partition."""
        return self.key_at(0) if self.count(current_time) else None

    def get_last_partition_key(self, current_time: datetime | None = None) -> str | None:
        """Last key; None when there is no partition."""
        total = self.count(current_time)
        return self.key_at(total - 1) if total else None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PartitionsDefinition) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash(self.identity)


def partitions_from_dict(data: Mapping[str, Any] | None) -> PartitionsDefinition | None:
    """The definition that `to_dict` wrote; None for None."""
    return None if data is None else KINDS[data["kind"]].from_dict(data)


class StaticPartitionsDefinition(PartitionsDefinition):
    """A fixed list of partitions. Mirrors Dagster's `StaticPartitionsDefinition`.

    Raises:
        DefinitionError: A key is no string, is empty, stands twice, or holds "..." or NUL.
    """

    kind = "static"

    def __init__(self, partition_keys: Sequence[str]) -> None:
        if isinstance(partition_keys, str):
            raise DefinitionError("StaticPartitionsDefinition takes a list of keys, not one string.")
        self.keys = tuple(partition_keys)
        self._index: dict[str, int] = {}
        for position, key in enumerate(self.keys):
            if not isinstance(key, str) or not key or any(part in key for part in FORBIDDEN_IN_KEYS):
                raise DefinitionError(f"Bad partition key {key!r}: keys are non-empty strings without '...' and NUL.")
            if self._index.setdefault(key, position) != position:
                raise DefinitionError(f"Partition key '{key}' stands twice in a StaticPartitionsDefinition.")

    def count(self, now: datetime | None = None) -> int:
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

    def __repr__(self) -> str:
        return f"StaticPartitionsDefinition({len(self.keys)} keys)"
