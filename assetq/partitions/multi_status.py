"""Where the status of partitions in two dimensions lies: at places that stay while dimensions grow and starts move.

A dimension with a fixed list is the inner one, so that all partitions of one day lie side by side. Of a dynamic and a
time dimension each key has a stretch for all windows until 2100. Two time dimensions, or two dynamic ones, pair by
shells, around the first day of 2020.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from math import prod

from assetq.partitions.definition import PartitionsDefinition
from assetq.partitions.dynamic import DynamicPartitionsDefinition
from assetq.partitions.index_set import IndexSet
from assetq.partitions.pairing import Block, Pairing, Shells, Table
from assetq.partitions.time_window import TimeWindowPartitionsDefinition
from assetq.partitions.zone_clock import DAY_S

MIDDLE = int(datetime(2020, 1, 1, tzinfo=UTC).timestamp())
HORIZON = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp())


@dataclass(frozen=True, slots=True)
class PairedAxis:
    """One of two growing dimensions. Places go by blocks, counted outwards from a middle.

    Attributes:
        middle: Place at which block 0 begins.
        size: Places in a block, about a day's.
    """

    middle: int = 0
    size: int = 1
    is_folded: bool = False

    @classmethod
    def of(cls, definition: PartitionsDefinition) -> PairedAxis:
        """The axis of a dimension."""
        if not isinstance(definition, TimeWindowPartitionsDefinition):
            return cls()
        middle = definition.place_of(MIDDLE)
        return cls(middle, max(1, definition.place_of(MIDDLE + DAY_S) - middle), True)

    def block_of(self, place: int) -> tuple[int, int]:
        """Block of a place, and the place within it."""
        block, rest = divmod(place - self.middle, self.size)
        if not self.is_folded:
            return block, rest
        return (2 * block if block >= 0 else -2 * block - 1), rest

    def place_of(self, block: int, rest: int) -> int:
        """The place that `block_of` took apart."""
        if self.is_folded:
            block = block // 2 if block % 2 == 0 else -(block + 1) // 2
        return self.middle + block * self.size + rest


@dataclass(frozen=True, slots=True)
class PairedAxes:
    """Both dimensions grow alike."""

    rows: PairedAxis
    columns: PairedAxis

    def join(self, row: int, column: int) -> int:
        (a, i), (b, j) = self.rows.block_of(row), self.columns.block_of(column)
        return (Shells().join(a, b) * self.rows.size + i) * self.columns.size + j

    def split(self, index: int) -> tuple[int, int]:
        shell, inside = divmod(index, prod((self.rows.size, self.columns.size)))
        (a, b), (i, j) = Shells().split(shell), divmod(inside, self.columns.size)
        return self.rows.place_of(a, i), self.columns.place_of(b, j)

    def join_all(self, rows: IndexSet, columns: IndexSet) -> IndexSet:
        return IndexSet.from_indices(self.join(row, column) for row in rows for column in columns)

    def blocks(self, indices: IndexSet) -> list[Block]:
        columns_of: dict[int, list[int]] = {}
        for row, column in map(self.split, indices):
            columns_of.setdefault(row, []).append(column)
        return [(IndexSet.range(row, row + 1), IndexSet.from_indices(found)) for row, found in columns_of.items()]


@dataclass(frozen=True, slots=True)
class StatusSpace:
    """How two dimensions share a space.

    Attributes:
        pairing: Of outer and inner place.
        is_turned: The second dimension is the outer one.
    """

    pairing: Pairing
    is_turned: bool

    @classmethod
    def of(cls, first: PartitionsDefinition, second: PartitionsDefinition) -> StatusSpace:
        """The space of two dimensions."""
        fixed = [
            not isinstance(d, TimeWindowPartitionsDefinition | DynamicPartitionsDefinition) for d in (first, second)
        ]
        if fixed[1]:
            return cls(Table(max(1, second.capacity or 0)), False)
        if fixed[0]:
            return cls(Table(max(1, first.capacity or 0)), True)
        if isinstance(first, TimeWindowPartitionsDefinition) == isinstance(second, TimeWindowPartitionsDefinition):
            return cls(PairedAxes(PairedAxis.of(first), PairedAxis.of(second)), False)
        if isinstance(second, TimeWindowPartitionsDefinition):
            return cls(Table(second.place_of(HORIZON)), False)
        assert isinstance(first, TimeWindowPartitionsDefinition)
        return cls(Table(first.place_of(HORIZON)), True)

    def place(self, first: IndexSet, second: IndexSet) -> IndexSet:
        """Places of every pair."""
        outer, inner = (second, first) if self.is_turned else (first, second)
        if isinstance(self.pairing, Table):
            inner = inner & IndexSet.range(0, self.pairing.width)
        return self.pairing.join_all(outer, inner)

    def blocks(self, places: IndexSet) -> list[Block]:
        """Pairs of first and second place."""
        return [(b, a) if self.is_turned else (a, b) for a, b in self.pairing.blocks(places)]
