"""Partitions definitions: which partitions an asset has, as an index space with keys."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

from assetq.errors import DefinitionError, UnknownPartitionError, suggest
from assetq.partitions.context import PartitionsStore
from assetq.partitions.index_set import IndexSet

KINDS: dict[str, type[PartitionsDefinition]] = {}
PARTITION_TAG = "dagster/partition"
FORBIDDEN_IN_KEYS = ("...", "\x00", "\a", "\b", "\f", "\n", "\r", "\t", "\v")


class PartitionKeyRange(NamedTuple):
    """Partitions from `start` to `end`, both included. Mirrors Dagster's `PartitionKeyRange`."""

    start: str
    end: str


def refuse_bad_key(key: object) -> None:
    """Refuses what cannot be the key of a partition.

    Raises:
        DefinitionError: The key is no string, is empty, or holds "..." or a control character.
    """
    if not isinstance(key, str) or not key or any(part in key for part in FORBIDDEN_IN_KEYS):
        raise DefinitionError(
            f"Bad partition key {key!r}: keys are non-empty strings without '...', NUL and characters such as newline."
        )


class PartitionsDefinition(ABC):
    """Which partitions exist. Each has an index from 0 that never becomes another's; keys are made when asked for."""

    kind: ClassVar[str]

    def __init_subclass__(cls) -> None:
        if "kind" in cls.__dict__:
            KINDS[cls.kind] = cls

    @abstractmethod
    def count(self, now: datetime | None = None) -> int:
        """One more than the highest index at `now` (by default: at this moment); there may be holes below it."""

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
    def capacity(self) -> int | None:
        """Number above all indices that there will ever be; None when partitions come without end."""
        return None

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

    @cached_property
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
        if index is None or not self.exists(index, now):
            known = self.all_indices(now)
            described = f"{self._describe(known)}.{self._near(key, known)}"
            raise UnknownPartitionError(f"There is no partition '{key}'; {described}")
        return index

    def exists(self, index: int, now: datetime | None = None) -> bool:
        """True when there is a partition with this index at `now`."""
        return index in self.all_indices(now)

    def _describe(self, known: IndexSet) -> str:
        if not known:
            return "there are none yet"
        return f"the {len(known)} partitions go from '{self.key_at(known.first)}' to '{self.key_at(known.last)}'"

    def near(self, key: str) -> str:
        """What there is, and the nearest to a key that there is not; as the end of a sentence."""
        known = self.all_indices()
        return f"{self._describe(known)}.{self._near(key, known)}"

    def _near(self, key: str, known: IndexSet) -> str:
        edges = [known.slice(0, 2000), known.slice(len(known) - 2000, len(known))]
        return suggest(key, self.keys_of(edges[0] | edges[1]))

    def all_indices(self, now: datetime | None = None) -> IndexSet:
        """Every partition that exists at `now`."""
        return IndexSet.range(0, self.count(now))

    def keys_of(self, indices: IndexSet) -> list[str]:
        """Keys of partitions, in the order of their indices."""
        return [self.key_at(i) for i in indices]

    def ordered_keys(self, now: datetime | None = None) -> list[str]:
        """Every key that exists at `now`, in the order in which people read them."""
        return self.keys_of(self.all_indices(now))

    def get_partition_keys(
        self, current_time: datetime | None = None, dynamic_partitions_store: PartitionsStore | None = None
    ) -> Sequence[str]:
        """Keys of all partitions, in order."""
        return self.bound(dynamic_partitions_store).ordered_keys(current_time)

    def get_num_partitions(self) -> int:
        """How many partitions there are at this moment."""
        return len(self.all_indices())

    def has_partition_key(
        self,
        partition_key: str,
        current_time: datetime | None = None,
        dynamic_partitions_store: PartitionsStore | None = None,
    ) -> bool:
        """True when there is such a partition."""
        known = self.bound(dynamic_partitions_store)
        index = known.find(partition_key)
        return index is not None and known.exists(index, current_time)

    def get_first_partition_key(
        self, current_time: datetime | None = None, dynamic_partitions_store: PartitionsStore | None = None
    ) -> str | None:
        """First key; None when there is no partition."""
        keys = self.bound(dynamic_partitions_store).ordered_keys(current_time)
        return keys[0] if keys else None

    def get_last_partition_key(
        self, current_time: datetime | None = None, dynamic_partitions_store: PartitionsStore | None = None
    ) -> str | None:
        """Last key; None when there is no partition."""
        keys = self.bound(dynamic_partitions_store).ordered_keys(current_time)
        return keys[-1] if keys else None

    def get_partition_keys_in_range(
        self, partition_key_range: PartitionKeyRange, dynamic_partitions_store: PartitionsStore | None = None
    ) -> Sequence[str]:
        """Keys from the start to the end of a range, both included; none when the end stands before the start.

        Raises:
            UnknownPartitionError: The start or the end is no partition.
        """
        known = self.bound(dynamic_partitions_store)
        return known.keys_between(partition_key_range.start, partition_key_range.end)

    def keys_between(self, start: str, end: str) -> list[str]:
        """Keys from one to another, both included, as `get_partition_keys` lists them."""
        return self.keys_of(self.indices_between(start, end))

    def indices_between(self, start: str, end: str, now: datetime | None = None) -> IndexSet:
        """Indices of the keys from one to another, both included; empty when they run backwards."""
        first, last = self.index_of(start, now), self.index_of(end, now)
        return IndexSet.range(first, last + 1) & self.all_indices(now)

    def get_tags_for_partition_key(self, partition_key: str) -> Mapping[str, str]:
        """Tags of a run of one partition."""
        return {PARTITION_TAG: partition_key}

    def get_serializable_unique_identifier(self, dynamic_partitions_store: PartitionsStore | None = None) -> str:
        """Equal for definitions with the same partitions; 40 hex digits."""
        plain = json.dumps(self.bound(dynamic_partitions_store).to_dict(), sort_keys=True)
        return hashlib.sha1(plain.encode(), usedforsecurity=False).hexdigest()

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, PartitionsDefinition) and self.identity == other.identity)

    def __hash__(self) -> int:
        return hash(self.identity)


def partitions_from_dict(data: Mapping[str, Any] | None) -> PartitionsDefinition | None:
    """The definition that `to_dict` wrote; None for None."""
    return None if data is None else KINDS[data["kind"]].from_dict(data)
