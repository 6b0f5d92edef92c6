"""Partition mappings: which upstream partitions a downstream partition reads, on ranges.

An asset without partitions has the index space {0}.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from assetq.errors import DefinitionError
from assetq.partitions.definition import PartitionsDefinition
from assetq.partitions.index_set import IndexSet
from assetq.partitions.time_window import TimeWindowPartitionsDefinition

KINDS: dict[str, type[PartitionMapping]] = {}
Grid = PartitionsDefinition | None


def everything(definition: Grid) -> IndexSet:
    """All partitions; {0} for an asset without."""
    return IndexSet.range(0, 1) if definition is None else definition.all_indices()


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

    @property
    def is_gate(self) -> bool:
        """True when every downstream partition reads all upstream partitions."""
        return False

    def to_dict(self) -> dict[str, Any]:
        """A plain form that `mapping_from_dict` reads."""
        return {"kind": self.kind, **asdict(self)}  # type: ignore[call-overload]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PartitionMapping) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash(str(self.to_dict()))


def mapping_from_dict(data: Mapping[str, Any]) -> PartitionMapping:
    """The mapping that `to_dict` wrote."""
    values = {name: value for name, value in data.items() if name != "kind"}
    return KINDS[data["kind"]](**values)


@dataclass(frozen=True, eq=False)
class IdentityPartitionMapping(PartitionMapping):
    """The partition with the same key. Mirrors Dagster's `IdentityPartitionMapping`."""

    kind: ClassVar[str] = "identity"

    def upstream(self, downstream: IndexSet, downstream_def: Grid, upstream_def: Grid) -> IndexSet:
        return same_keys(downstream, downstream_def, upstream_def)

    def downstream(self, upstream: IndexSet, upstream_def: Grid, downstream_def: Grid) -> IndexSet:
        return same_keys(upstream, upstream_def, downstream_def)


def same_keys(indices: IndexSet, source: Grid, target: Grid) -> IndexSet:
    """The partitions of `target` with the same keys."""
    if source is None or target is None:
        return everything(target) if indices else IndexSet()
    if source is target or source == target:
        return indices & target.all_indices()
    if isinstance(source, TimeWindowPartitionsDefinition) and isinstance(target, TimeWindowPartitionsDefinition):
        if source.shares_windows_with(target) and source.fmt == target.fmt:
            return indices.shift(source.first_number - target.first_number) & target.all_indices()
    found = (target.find(source.key_at(i)) for i in indices)
    return IndexSet.from_indices(i for i in found if i is not None) & target.all_indices()


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


@dataclass(frozen=True, eq=False)
class LastPartitionMapping(PartitionMapping):
    """The last upstream partition. Mirrors Dagster's `LastPartitionMapping`."""

    kind: ClassVar[str] = "last"

    def upstream(self, downstream: IndexSet, downstream_def: Grid, upstream_def: Grid) -> IndexSet:
        return _last(upstream_def) if downstream else IndexSet()

    def downstream(self, upstream: IndexSet, upstream_def: Grid, downstream_def: Grid) -> IndexSet:
        return everything(downstream_def) if upstream & _last(upstream_def) else IndexSet()


def _last(definition: Grid) -> IndexSet:
    """The partition that is listed last, if there is one."""
    if definition is None:
        return IndexSet.range(0, 1)
    key = definition.get_last_partition_key()
    return IndexSet() if key is None else IndexSet.from_indices([definition.index_of(key)])


@dataclass(frozen=True, eq=False)
class TimeWindowPartitionMapping(PartitionMapping):
    """The upstream windows that overlap the downstream one. Mirrors Dagster's `TimeWindowPartitionMapping`.

    Args:
        start_offset: Shifts the start by so many upstream windows.
        end_offset: Shifts the end by so many upstream windows.
    """

    start_offset: int = 0
    end_offset: int = 0
    kind: ClassVar[str] = "time_window"

    def upstream(self, downstream: IndexSet, downstream_def: Grid, upstream_def: Grid) -> IndexSet:
        source, target = _grid(downstream_def), _grid(upstream_def)
        return self._overlap(downstream, source, target, self.start_offset, self.end_offset)

    def downstream(self, upstream: IndexSet, upstream_def: Grid, downstream_def: Grid) -> IndexSet:
        source, target = _grid(upstream_def), _grid(downstream_def)
        moved = IndexSet.of(*((s - self.end_offset, e - self.start_offset) for s, e in upstream.ranges))
        return self._overlap(moved, source, target, 0, 0)

    @staticmethod
    def _overlap(
        indices: IndexSet,
        source: TimeWindowPartitionsDefinition,
        target: TimeWindowPartitionsDefinition,
        before: int,
        after: int,
    ) -> IndexSet:
        ranges = []
        for start, stop in indices.ranges:
            first = target.index_containing(source.window_at(start).start) + before
            end = source.window_at(stop - 1).end
            last = target.index_containing(end)
            if target.window_at(last).start >= end:
                last -= 1
            ranges.append((max(0, first), last + 1 + after))
        return IndexSet.of(*ranges) & target.all_indices()


def _grid(definition: Grid) -> TimeWindowPartitionsDefinition:
    if not isinstance(definition, TimeWindowPartitionsDefinition):
        raise DefinitionError(
            f"TimeWindowPartitionMapping needs time-partitioned assets on both sides, not {definition!r}."
        )
    return definition


@dataclass(frozen=True, eq=False)
class StaticPartitionMapping(PartitionMapping):
    """Downstream keys by upstream key, given as a table. Mirrors Dagster's `StaticPartitionMapping`.

    Args:
        downstream_partition_keys_by_upstream_partition_key: Upstream key -> downstream key or keys.
    """

    downstream_partition_keys_by_upstream_partition_key: Mapping[str, Any]
    kind: ClassVar[str] = "static"

    def _pairs(self, upstream_def: Grid, downstream_def: Grid) -> list[tuple[int, int]]:
        if upstream_def is None or downstream_def is None:
            raise DefinitionError("StaticPartitionMapping needs partitioned assets on both sides.")
        pairs = []
        for above, below in self.downstream_partition_keys_by_upstream_partition_key.items():
            for key in [below] if isinstance(below, str) else below:
                pairs.append((upstream_def.index_of(above), downstream_def.index_of(key)))
        return pairs

    def upstream(self, downstream: IndexSet, downstream_def: Grid, upstream_def: Grid) -> IndexSet:
        return IndexSet.from_indices(a for a, b in self._pairs(upstream_def, downstream_def) if b in downstream)

    def downstream(self, upstream: IndexSet, upstream_def: Grid, downstream_def: Grid) -> IndexSet:
        return IndexSet.from_indices(b for a, b in self._pairs(upstream_def, downstream_def) if a in upstream)


def default_mapping(downstream_def: Grid, upstream_def: Grid) -> PartitionMapping:
    """The mapping that holds when none is given, as in Dagster: identity for equal partitions, overlap for
    two time grids, everything otherwise."""
    if downstream_def is None or upstream_def is None:
        return AllPartitionMapping()
    if downstream_def == upstream_def:
        return IdentityPartitionMapping()
    if isinstance(downstream_def, TimeWindowPartitionsDefinition) and isinstance(
        upstream_def, TimeWindowPartitionsDefinition
    ):
        return TimeWindowPartitionMapping()
    return AllPartitionMapping()
