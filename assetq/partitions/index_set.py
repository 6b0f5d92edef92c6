"""Sets of indices as ranges: the form in which partitions and steps travel."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class IndexSet:
    """An immutable set of whole numbers from 0, held as sorted, disjoint, half-open ranges.

    A range of a million numbers costs as much as a range of one. Build it with the class methods.
    """

    ranges: tuple[Range, ...] = ()

    @classmethod
    def of(cls, *ranges: Range) -> IndexSet:
        """The union of half-open ranges, in any order, empty ones ignored."""
        merged: list[Range] = []
        for start, stop in sorted(r for r in ranges if r[0] < r[1]):
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
            else:
                merged.append((start, stop))
        return cls(tuple(merged))

    @classmethod
    def range(cls, start: int, stop: int) -> IndexSet:
        """Everything from `start` to `stop - 1`."""
        return cls(((start, stop),)) if start < stop else cls()

    @classmethod
    def from_indices(cls, indices: Iterable[int]) -> IndexSet:
        """The set of single numbers."""
        return cls.of(*((i, i + 1) for i in indices))

    @classmethod
    def empty(cls) -> IndexSet:
        """The set of nothing."""
        return cls()

    @property
    def first(self) -> int:
        """Smallest member; fails on the empty set."""
        return self.ranges[0][0]

    @property
    def last(self) -> int:
        """Largest member; fails on the empty set."""
        return self.ranges[-1][1] - 1

    def __len__(self) -> int:
        return sum(stop - start for start, stop in self.ranges)

    def __bool__(self) -> bool:
        return bool(self.ranges)

    def __iter__(self) -> Iterator[int]:
        return chain.from_iterable(range(start, stop) for start, stop in self.ranges)

    def __contains__(self, index: object) -> bool:
        if not isinstance(index, int):
            return False
        at = bisect_right(self.ranges, index, key=lambda r: r[0]) - 1
        return at >= 0 and index < self.ranges[at][1]

    def __or__(self, other: IndexSet) -> IndexSet:
        return IndexSet.of(*self.ranges, *other.ranges)

    def __and__(self, other: IndexSet) -> IndexSet:
        if len(self.ranges) == 1 == len(other.ranges):  # by far the most frequent
            (start, stop), (begin, end) = self.ranges[0], other.ranges[0]
            if begin <= start and stop <= end:
                return self
            return other if start <= begin and end <= stop else IndexSet.range(max(start, begin), min(stop, end))
        return IndexSet(tuple(self._overlaps(other)))

    def _overlaps(self, other: IndexSet) -> Iterator[Range]:
        mine, theirs = 0, 0
        while mine < len(self.ranges) and theirs < len(other.ranges):
            start = max(self.ranges[mine][0], other.ranges[theirs][0])
            stop = min(self.ranges[mine][1], other.ranges[theirs][1])
            if start < stop:
                yield start, stop
            if self.ranges[mine][1] < other.ranges[theirs][1]:
                mine += 1
            else:
                theirs += 1

    def __sub__(self, other: IndexSet) -> IndexSet:
        return IndexSet(tuple(self._remainders(other)))

    def _remainders(self, other: IndexSet) -> Iterator[Range]:
        at = 0
        for start, stop in self.ranges:
            while at < len(other.ranges) and other.ranges[at][1] <= start:
                at += 1
            cut = at
            while cut < len(other.ranges) and other.ranges[cut][0] < stop:
                if start < other.ranges[cut][0]:
                    yield start, other.ranges[cut][0]
                start = max(start, other.ranges[cut][1])
                cut += 1
            if start < stop:
                yield start, stop

    def rank(self, index: int) -> int:
        """How many members are smaller than `index`."""
        return sum(min(stop, index) - start for start, stop in self.ranges if start < index)

    def nth(self, position: int) -> int:
        """The member with `position` smaller ones.

        Raises:
            IndexError: There are not so many.
        """
        for start, stop in self.ranges:
            if position < stop - start:
                return start + position
            position -= stop - start
        raise IndexError("position beyond the set")

    def slice(self, start: int, stop: int) -> IndexSet:
        """The members with `start` to `stop - 1` smaller ones; both are cut to what is there."""
        start, stop = max(0, start), min(len(self), stop)
        if start >= stop:
            return IndexSet()
        return self & IndexSet.range(self.nth(start), self.nth(stop - 1) + 1)

    def shift(self, offset: int) -> IndexSet:
        """Every member plus `offset`; what would fall below 0 is dropped."""
        moved = ((max(0, start + offset), stop + offset) for start, stop in self.ranges)
        return IndexSet(tuple(r for r in moved if r[0] < r[1]))

    def to_wire(self) -> list[int]:
        """Flat list `[start, stop, start, stop, ...]`."""
        return list(chain.from_iterable(self.ranges))

    @classmethod
    def from_wire(cls, flat: Sequence[int]) -> IndexSet:
        """The set that `to_wire` wrote."""
        return cls(tuple(zip(flat[::2], flat[1::2], strict=True)))

    def to_bitmap(self) -> bytes:
        """A Redis bitmap: member i is bit `0x80 >> (i & 7)` of byte `i >> 3`."""
        if not self.ranges:
            return b""
        bitmap = bytearray((self.last >> 3) + 1)
        for start, stop in self.ranges:
            for i in range(start, stop):
                bitmap[i >> 3] |= 0x80 >> (i & 7)
        return bytes(bitmap)

    @classmethod
    def from_bitmap(cls, bitmap: bytes) -> IndexSet:
        """The set bits of a Redis bitmap; cost grows with its bytes and the number of ranges."""
        if not bitmap:
            return cls()
        bits = f"{int.from_bytes(bitmap, 'big'):0{len(bitmap) * 8}b}"
        ranges: list[Range] = []
        at = bits.find("1")
        while at >= 0:
            end = bits.find("0", at)
            ranges.append((at, len(bits) if end < 0 else end))
            at = bits.find("1", end) if end >= 0 else -1
        return cls(tuple(ranges))
