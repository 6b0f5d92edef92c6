"""Mapping between time grids by the overlap of windows."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import Any, ClassVar

from assetq.errors import DefinitionError
from assetq.partitions.index_set import IndexSet
from assetq.partitions.mapping import Absence, Grid, PartitionMapping
from assetq.partitions.time_window import TimeWindowPartitionsDefinition


@dataclass(frozen=True, eq=False)
class TimeWindowPartitionMapping(PartitionMapping):
    """The upstream windows that overlap the downstream one. Mirrors Dagster's `TimeWindowPartitionMapping`.

    Args:
        start_offset: Moves the start of the downstream window by so many downstream windows.
        end_offset: Moves its end likewise.
        allow_nonexistent_upstream_partitions: Windows before the start or behind the end of the upstream partitions
            are no fault; those that exist are read.
    """

    start_offset: int = 0
    end_offset: int = 0
    allow_nonexistent_upstream_partitions: bool = False
    kind: ClassVar[str] = "time_window"

    def upstream(self, downstream: IndexSet, downstream_def: Grid, upstream_def: Grid) -> IndexSet:
        below, above = _grid(downstream_def), _grid(upstream_def)
        read = IndexSet.of(*(self._above(start, stop, below, above) for start, stop in downstream.ranges))
        return read & above.all_indices()

    def _above(
        self, start: int, stop: int, below: TimeWindowPartitionsDefinition, above: TimeWindowPartitionsDefinition
    ) -> tuple[int, int]:
        if self.start_offset > self.end_offset:
            return 0, 0
        first, stop = self._read(start, stop, below, above)
        return max(0, first), stop

    def _read(
        self, start: int, stop: int, below: TimeWindowPartitionsDefinition, above: TimeWindowPartitionsDefinition
    ) -> tuple[int, int]:
        """Upstream windows that some downstream ones read; they may lie outside the partitions."""
        begin, end = below.bounds_of(start + self.start_offset, stop + self.end_offset)
        return above.index_at(begin), above.index_at(end - 1) + 1

    def absent(self, downstream: IndexSet, downstream_def: Grid, upstream_def: Grid) -> Absence | None:
        """Where the start moves backwards, windows before the first may be wanting, as in Dagster; so may those behind
        the last where the end moves forwards."""
        if self.allow_nonexistent_upstream_partitions or self.start_offset > self.end_offset:
            return None
        below, above = _grid(downstream_def), _grid(upstream_def)
        known = above.all_indices()
        begin, end = (known.first, known.last + 1) if known else (0, 0)
        for start, stop in downstream.ranges:
            first, last = self._read(start, stop, below, above)
            before = range(first, min(last, begin)) if self.start_offset >= 0 else ()
            behind = range(max(first, end), last) if self.end_offset <= 0 else ()
            index = next((i for i in chain(before, behind) if not above.leaves_out(i)), None)
            if index is not None:
                reader = below.index_at(above.bounds_of(index, index)[0]) - self.end_offset
                return Absence(below.key_at(min(max(start, reader), stop - 1)), above.key_at(index))
        return None

    def downstream(self, upstream: IndexSet, upstream_def: Grid, downstream_def: Grid) -> IndexSet:
        if self.start_offset > self.end_offset:
            return IndexSet()
        above, below = _grid(upstream_def), _grid(downstream_def)
        found = (self._below(*above.bounds_of(start, stop), below) for start, stop in upstream.ranges)
        return IndexSet.of(*found) & below.all_indices()

    def _below(self, begin: int, end: int, below: TimeWindowPartitionsDefinition) -> tuple[int, int]:
        first, last = below.index_at(begin) - self.end_offset, below.index_at(end - 1) - self.start_offset
        return max(0, first), last + 1

    def to_dict(self) -> dict[str, Any]:
        plain: dict[str, Any] = {
            "kind": self.kind,
            "start_offset": self.start_offset,
            "end_offset": self.end_offset,
        }
        return plain | (
            {"allow_nonexistent_upstream_partitions": True} if self.allow_nonexistent_upstream_partitions else {}
        )


def _grid(definition: Grid) -> TimeWindowPartitionsDefinition:
    if not isinstance(definition, TimeWindowPartitionsDefinition):
        raise DefinitionError(
            f"TimeWindowPartitionMapping needs time-partitioned assets on both sides, not {definition!r}."
        )
    return definition
