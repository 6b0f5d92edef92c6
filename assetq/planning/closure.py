"""What cannot run after a failure inside one asset whose partitions read its earlier ones."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from assetq.partitions import IndexSet, TimeWindowPartitionMapping
from assetq.planning.node import PlanEdge, PlanNode
from assetq.planning.reach import reading_steps
from assetq.planning.span import clip, first_from


def closed(node: PlanNode, loops: Sequence[PlanEdge], steps: IndexSet) -> IndexSet:
    """The steps with everything that waits for them by way of the node's edges to itself."""
    while True:
        reached = steps
        for edge in loops:
            reached = _closed_under(node, edge, reached)
        if reached == steps or len(loops) == 1:
            return reached
        steps = reached


def _closed_under(node: PlanNode, edge: PlanEdge, steps: IndexSet) -> IndexSet:
    if edge.is_shift and node.chunk:
        return _closed_by_shift(node, edge, steps)
    fresh = steps
    while fresh:
        fresh = reading_steps(edge, node, node, fresh) - steps
        steps = steps | fresh
    return steps


def _closed_by_shift(node: PlanNode, edge: PlanEdge, steps: IndexSet) -> IndexSet:
    """Goes from one contiguous stretch of partitions to the next: inside one, every way is a sum of shifts."""
    found: list[tuple[int, int]] = []
    beyond, end = IndexSet(), 0
    while (at := _next(steps, beyond, end)) is not None:
        begin, end, whole = _stretch_around(node, at)
        seeds = clip(steps, begin, end) | clip(beyond, begin, end)
        inside = _spread(seeds, _step_shift(node, edge), begin + whole)
        inside = inside | clip(_read_from_tail(node, edge, inside, end), begin, end)  # a last chunk that is not full
        read = _read_from_tail(node, edge, inside, end)
        found += inside.ranges
        beyond = clip(beyond | read, end, max(beyond.last if beyond else 0, read.last if read else 0) + 1)
    return IndexSet.of(*found)


def _read_from_tail(node: PlanNode, edge: PlanEdge, inside: IndexSet, end: int) -> IndexSet:
    """What waits for the last steps before `end`; those before them are too far away to be read from beyond it."""
    tail = clip(inside, end - _offsets(edge)[1] // node.chunk - 2, end)
    return reading_steps(edge, node, node, tail)


def _next(steps: IndexSet, beyond: IndexSet, start: int) -> int | None:
    found = [at for at in (first_from(steps, start), first_from(beyond, start)) if at is not None]
    return min(found, default=None)


def _stretch_around(node: PlanNode, step: int) -> tuple[int, int, int]:
    """Of the contiguous partitions around a step: first step, the step behind them, number of full chunks."""
    at = bisect_right(node.partitions.ranges, node.partitions_of(step)[0], key=lambda r: r[0]) - 1
    start, stop = node.partitions.ranges[at]
    return node.step_of(start), node.step_of(stop - 1) + 1, (stop - start) // node.chunk


def _offsets(edge: PlanEdge) -> tuple[int, int]:
    """A partition is read by those from so far behind it to so far behind it."""
    assert isinstance(edge.mapping, TimeWindowPartitionMapping)
    return -edge.mapping.end_offset, -edge.mapping.start_offset


def _step_shift(node: PlanNode, edge: PlanEdge) -> tuple[int, int]:
    """The same in full chunks; never 0, since a chunk does not wait for itself."""
    near, far = _offsets(edge)
    return max(1, near // node.chunk), (node.chunk - 1 + far) // node.chunk


def _spread(seeds: IndexSet, shift: tuple[int, int], end: int) -> IndexSet:
    """The seeds and every sum of a seed and shifts below `end`; with each pass twice as many shifts."""
    near, far = shift
    while True:
        moved = IndexSet.of(*((start + near, min(stop + far, end)) for start, stop in seeds.ranges))
        if not moved - seeds:
            return seeds
        seeds, near, far = seeds | moved, near * 2, far * 2
