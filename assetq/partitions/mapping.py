"""Partition mappings: which upstream partitions a downstream partition reads, on ranges.

An asset without partitions has the index space {0}.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from assetq.errors import DefinitionError
from assetq.partitions.definition import PartitionsDefinition
from assetq.partitions.index_set import IndexSet
from assetq.partitions.multi import MultiPartitionsDefinition
from assetq.partitions.time_window import TimeWindowPartitionsDefinition

KINDS: dict[str, type[PartitionMapping]] = {}
Grid = PartitionsDefinition | None


def everything(definition: Grid) -> IndexSet:
    """All partitions; {0} for an asset without."""
    return IndexSet.range(0, 1) if definition is None else definition.all_indices()


@dataclass(frozen=True, slots=True)
class Absence:
    """Upstream partitions that must exist and do not.

    Attributes:
        partition: Key of the first downstream partition that needs one.
        upstream: Key of the first that it needs.
    """

    partition: str
    upstream: str


class PartitionMapping(ABC):
    """Which partitions of an upstream asset are read. Every method works on whole ranges."""

    kind: ClassVar[str]

    def __init_subclass__(cls) -> None:
        KINDS[cls.kind] = cls

    @abstractmethod
    def upstream(self, downstream: IndexSet, downstream_def: Grid, upstream_def: Grid) -> IndexSet:
        """Every upstream partition that some of `downstream` read."""

    @abstractmethod
    def downstream(self, upstream: IndexSet, upstream_def: Grid, downstream_def: Grid) -> IndexSet:
        """Every downstream partition that reads some of `upstream`."""

    def absent(self, downstream: IndexSet, downstream_def: Grid, upstream_def: Grid) -> Absence | None:
        """What `downstream` cannot be made without and does not exist; None when nothing is wanting."""
        return None

    @property
    def is_gate(self) -> bool:
        """True when every downstream partition reads all upstream partitions."""
        return False

    def to_dict(self) -> dict[str, Any]:
        """A plain form that `mapping_from_dict` reads."""
        return {"kind": self.kind, **asdict(self)}  # type: ignore[call-overload]

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> PartitionMapping:
        """The mapping that `to_dict` wrote."""
        return cls(**{name: value for name, value in data.items() if name != "kind"})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PartitionMapping) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash(str(self.to_dict()))


def mapping_from_dict(data: Mapping[str, Any]) -> PartitionMapping:
    """The mapping that `to_dict` wrote."""
    return KINDS[data["kind"]].from_dict(data)


@dataclass(frozen=True, eq=False)
class IdentityPartitionMapping(PartitionMapping):
    """The partition with the same key. Mirrors Dagster's `IdentityPartitionMapping`."""

    kind: ClassVar[str] = "identity"

    def upstream(self, downstream: IndexSet, downstream_def: Grid, upstream_def: Grid) -> IndexSet:
        return same_keys(downstream, downstream_def, upstream_def)

    def downstream(self, upstream: IndexSet, upstream_def: Grid, downstream_def: Grid) -> IndexSet:
        return same_keys(upstream, upstream_def, downstream_def)

    def absent(self, downstream: IndexSet, downstream_def: Grid, upstream_def: Grid) -> Absence | None:
        if downstream_def is None or upstream_def is None:
            return None
        found = same_keys(downstream, downstream_def, upstream_def)
        if len(found) == len(downstream):
            return None
        key = downstream_def.key_at((downstream - same_keys(found, upstream_def, downstream_def)).first)
        return Absence(key, key)


def same_keys(indices: IndexSet, source: Grid, target: Grid) -> IndexSet:
    """The partitions of `target` with the same keys."""
    if source is None or target is None:
        return everything(target) if indices else IndexSet()
    if source is target:
        return indices & target.all_indices()
    if isinstance(source, MultiPartitionsDefinition) and isinstance(target, MultiPartitionsDefinition):
        return _same_pairs(indices, source, target)
    if isinstance(source, TimeWindowPartitionsDefinition) and isinstance(target, TimeWindowPartitionsDefinition):
        moved = _same_windows(indices, source, target)
    else:
        moved = indices if source == target else None
    if moved is None:
        found = (target.find(key) for key in source.keys_of(indices & source.all_indices()))
        moved = IndexSet.from_indices(i for i in found if i is not None and i >= 0)
    return moved & target.all_indices()


def _same_windows(
    indices: IndexSet, source: TimeWindowPartitionsDefinition, target: TimeWindowPartitionsDefinition
) -> IndexSet | None:
    if not source.shares_windows_with(target) or source.fmt != target.fmt:
        return None
    return indices.shift(source.first_number - target.first_number)


def _same_pairs(indices: IndexSet, source: MultiPartitionsDefinition, target: MultiPartitionsDefinition) -> IndexSet:
    if source == target and source.shares_indices_with(target):
        return indices & target.all_indices()
    blocks = source.blocks(indices)
    return union(
        target.join(same_keys(a, source.first, target.first), same_keys(b, source.second, target.second))
        for a, b in blocks
    )


def union(sets: Any) -> IndexSet:
    """Members of any."""
    return IndexSet.of(*(piece for found in sets for piece in found.ranges))


@dataclass(frozen=True, eq=False)
class AllPartitionMapping(PartitionMapping):
    """Every upstream partition. Mirrors Dagster's `AllPartitionMapping`."""

    kind: ClassVar[str] = "all"

    @property
    def is_gate(self) -> bool:
        return True

    def upstream(self, downstream: IndexSet, downstream_def: Grid, upstream_def: Grid) -> IndexSet:
        return everything(upstream_def) if downstream else IndexSet()

    def downstream(self, upstream: IndexSet, upstream_def: Grid, downstream_def: Grid) -> IndexSet:
        return everything(downstream_def) if upstream else IndexSet()


class _ReadsTheSame(PartitionMapping, ABC):
    """Every downstream partition reads the same few upstream ones."""

    kind: ClassVar[str] = ""

    @abstractmethod
    def read(self, upstream_def: Grid) -> IndexSet:
        """The upstream partitions that are read."""

    def upstream(self, downstream: IndexSet, downstream_def: Grid, upstream_def: Grid) -> IndexSet:
        return self.read(upstream_def) if downstream else IndexSet()

    def downstream(self, upstream: IndexSet, upstream_def: Grid, downstream_def: Grid) -> IndexSet:
        return everything(downstream_def) if upstream & self.read(upstream_def) else IndexSet()


@dataclass(frozen=True, eq=False)
class LastPartitionMapping(_ReadsTheSame):
    """The last upstream partition. Mirrors Dagster's `LastPartitionMapping`."""

    kind: ClassVar[str] = "last"

    def read(self, upstream_def: Grid) -> IndexSet:
        if upstream_def is None:
            return IndexSet.range(0, 1)
        key = upstream_def.get_last_partition_key()
        return IndexSet() if key is None else IndexSet.from_indices([upstream_def.index_of(key)])


@dataclass(frozen=True, eq=False)
class SpecificPartitionsPartitionMapping(_ReadsTheSame):
    """Some upstream partitions, by key. Mirrors Dagster's `SpecificPartitionsPartitionMapping`.

    A key that does not exist is an error when the mapping is used.
    """

    partition_keys: Sequence[str]
    kind: ClassVar[str] = "specific"

    def read(self, upstream_def: Grid) -> IndexSet:
        if upstream_def is None:
            raise DefinitionError("SpecificPartitionsPartitionMapping needs an upstream asset with partitions.")
        return IndexSet.from_indices(upstream_def.index_of(key) for key in self.partition_keys)

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "partition_keys": [str(key) for key in self.partition_keys]}
