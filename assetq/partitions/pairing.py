"""Pairs of indices as one index.

Two shapes. A table of rows with a fixed length holds pairs of which one index may grow without limit. Where both may
grow and no place may ever change, a pair lies in the shells of a growing square.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isqrt
from typing import Protocol

from assetq.partitions.index_set import IndexSet, Range

Block = tuple[IndexSet, IndexSet]  # every row of the first with every column of the second


class Pairing(Protocol):
    """One index for each pair of a row and a column."""

    def join(self, row: int, column: int) -> int:
        """Index of a pair."""

    def split(self, index: int) -> tuple[int, int]:
        """The pair of an index."""

    def join_all(self, rows: IndexSet, columns: IndexSet) -> IndexSet:
        """Indices of every row with every column."""

    def blocks(self, indices: IndexSet) -> list[Block]:
        """The same pairs as products of rows and columns that do not overlap."""


@dataclass(frozen=True, slots=True)
class Table:
    """Row after row, each `width` long."""

    width: int

    def join(self, row: int, column: int) -> int:
        return row * self.width + column

    def split(self, index: int) -> tuple[int, int]:
        return divmod(index, self.width)

    def join_all(self, rows: IndexSet, columns: IndexSet) -> IndexSet:
        width = self.width
        if columns.ranges == ((0, width),):
            return IndexSet.of(*((start * width, stop * width) for start, stop in rows.ranges))
        return IndexSet.of(*((row * width + a, row * width + b) for row in rows for a, b in columns.ranges))

    def blocks(self, indices: IndexSet) -> list[Block]:
        pieces: dict[int, list[Range]] = {}
        whole: list[Range] = []
        for start, stop in indices.ranges:
            self._cut(start, stop, pieces, whole)
        rows_of: dict[tuple[Range, ...], list[int]] = {}
        for row, columns in pieces.items():
            rows_of.setdefault(IndexSet.of(*columns).ranges, []).append(row)
        found = [(IndexSet.from_indices(rows), IndexSet(columns)) for columns, rows in rows_of.items()]
        return [*found, (IndexSet.of(*whole), IndexSet.range(0, self.width))] if whole else found

    def _cut(self, start: int, stop: int, pieces: dict[int, list[Range]], whole: list[Range]) -> None:
        """Rows that a range covers, and the parts of rows at its ends."""
        first, last = -(-start // self.width), stop // self.width
        if first > last:
            pieces.setdefault(last, []).append((start - last * self.width, stop - last * self.width))
            return
        if first < last:
            whole.append((first, last))
        if start < first * self.width:
            pieces.setdefault(first - 1, []).append((start - (first - 1) * self.width, self.width))
        if last * self.width < stop:
            pieces.setdefault(last, []).append((0, stop - last * self.width))


@dataclass(frozen=True, slots=True)
class Shells:
    """Pair (r, c) lies in shell max(r, c): first its column from above, then its row from the left."""

    def join(self, row: int, column: int) -> int:
        shell = max(row, column)
        return shell * shell + (row if column == shell else 2 * shell - column)

    def split(self, index: int) -> tuple[int, int]:
        shell = isqrt(index)
        place = index - shell * shell
        return (place, shell) if place <= shell else (shell, 2 * shell - place)

    def join_all(self, rows: IndexSet, columns: IndexSet) -> IndexSet:
        return IndexSet.from_indices(self.join(row, column) for row in rows for column in columns)

    def blocks(self, indices: IndexSet) -> list[Block]:
        columns_of: dict[int, list[int]] = {}
        for row, column in map(self.split, indices):
            columns_of.setdefault(row, []).append(column)
        return list(_grouped(columns_of))


def _grouped(columns_of: dict[int, list[int]]) -> Iterator[Block]:
    rows_of: dict[IndexSet, list[int]] = {}
    for row, columns in columns_of.items():
        rows_of.setdefault(IndexSet.from_indices(columns), []).append(row)
    for found, rows in rows_of.items():
        yield IndexSet.from_indices(rows), found
