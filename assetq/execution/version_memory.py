"""Data versions in memory, for an instance that lives as long as its process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from assetq.execution.data_version import VersionMark, Wanted
from assetq.partitions import IndexSet, PartitionsDefinition

Space = tuple[str, str]


@dataclass(slots=True)
class VersionMemory:
    """Marks by asset and place in its status space."""

    _marks: dict[Space, dict[int, VersionMark]] = field(default_factory=dict)

    def read(self, wanted: Sequence[Wanted]) -> list[list[VersionMark | None]]:
        """As `VersionSource.version_marks` says."""
        return [
            [self._marks.get(_space(key, grid), {}).get(_place(grid, i)) for i in some] for key, grid, some in wanted
        ]

    def write(
        self, key: str, grid: PartitionsDefinition | None, partitions: IndexSet, marks: Sequence[VersionMark]
    ) -> None:
        """Keep the marks of some partitions, in their order."""
        kept = self._marks.setdefault(_space(key, grid), {})
        kept.update((_place(grid, i), mark) for i, mark in zip(partitions, marks, strict=False))

    def carry(self, key: str, old: PartitionsDefinition, new: PartitionsDefinition, first: int, second: int) -> None:
        """A partition gets another place: its mark goes along."""
        mark = self._marks.get(_space(key, old), {}).get(first)
        if mark is not None:
            self._marks.setdefault(_space(key, new), {})[second] = mark

    def forget(self, key: str, grid: PartitionsDefinition | None, partitions: IndexSet | None) -> None:
        """Drop the marks of some partitions of an asset, or of all."""
        if partitions is None:
            self._marks = {space: marks for space, marks in self._marks.items() if space[0] != key}
            return
        for index in partitions:
            self._marks.get(_space(key, grid), {}).pop(_place(grid, index), None)


def _space(key: str, grid: PartitionsDefinition | None) -> Space:
    return key, "-" if grid is None else grid.status_identity


def _place(grid: PartitionsDefinition | None, index: int) -> int:
    return 0 if grid is None else grid.to_status(IndexSet.range(index, index + 1)).first
