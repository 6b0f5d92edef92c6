"""Parts of index sets, at the cost of the part."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from assetq.partitions import IndexSet


def clip(indices: IndexSet, start: int, stop: int) -> IndexSet:
    """The members from `start` to `stop - 1`, without looking at the others."""
    ranges = indices.ranges
    if not ranges or (start <= ranges[0][0] and ranges[-1][1] <= stop):
        return indices
    first = max(0, bisect_right(ranges, start, key=lambda r: r[0]) - 1)
    last = bisect_left(ranges, stop, key=lambda r: r[0])
    return IndexSet(ranges[first:last]) & IndexSet.range(start, stop)


def overlap(many: IndexSet, few: IndexSet) -> IndexSet:
    """What both have, where the second one lies close together."""
    if len(many.ranges) < 2 or not few:
        return many & few
    return clip(many, few.first, few.last + 1) & few


def first_from(indices: IndexSet, start: int) -> int | None:
    """The smallest member from `start` on; None when there is none."""
    at = bisect_right(indices.ranges, start, key=lambda r: r[0])
    if at and start < indices.ranges[at - 1][1]:
        return start
    return indices.ranges[at][0] if at < len(indices.ranges) else None
