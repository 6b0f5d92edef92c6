"""What one edge of a plan says of steps: which ones they read, and which ones read them."""

from __future__ import annotations

from assetq.partitions import IndexSet
from assetq.planning.node import PlanEdge, PlanNode
from assetq.planning.pinned import PinnedPartitionMapping


def read_steps(edge: PlanEdge, above: PlanNode, below: PlanNode, step: int) -> IndexSet:
    """Steps of the plan that one step of `below` waits for; never itself."""
    if edge.is_gate:
        return above.steps
    if edge.is_fan:
        return above.steps & IndexSet.range(step, step + 1)
    start, stop = below.partitions_of(step)
    read = edge.mapping.upstream(IndexSet.range(start, stop), below.partitions_def, above.partitions_def)
    steps = above.steps_of(read)
    return steps - IndexSet.range(step, step + 1) if edge.is_loop else steps


def fixed_need(edge: PlanEdge, above: PlanNode) -> int | None:
    """How many steps every step below waits for; None where that differs from step to step."""
    if isinstance(edge.mapping, PinnedPartitionMapping):
        return int(edge.mapping.index in above.partitions)
    return None


def reading_steps(edge: PlanEdge, above: PlanNode, below: PlanNode, steps: IndexSet) -> IndexSet:
    """Steps of the plan that wait for some of the steps of `above`."""
    if not steps:
        return steps
    if edge.is_gate:
        return below.steps
    if edge.is_fan:
        return below.steps & steps
    found = steps_reading(edge, above, below, above.partitions_in(steps))
    if not edge.is_loop or above.chunk == 1:
        return found
    return found - IndexSet.from_indices(
        step for step in _doubtful(edge, above, found & steps) if not read_steps(edge, above, below, step) & steps
    )


def steps_reading(edge: PlanEdge, above: PlanNode, below: PlanNode, partitions: IndexSet) -> IndexSet:
    """Steps of the plan that read some partitions of `above`; by a loop also the step that makes them."""
    if edge.is_gate:
        return below.steps if partitions else partitions
    return below.steps_of(edge.mapping.downstream(partitions, above.partitions_def, below.partitions_def))


def _doubtful(edge: PlanEdge, node: PlanNode, found: IndexSet) -> IndexSet:
    """Of chunks that read some of these chunks, those that may read only themselves, for which nothing waits.

    A chunk that reads itself by a shift also reads the one before it, unless there partitions are left out.
    """
    if not edge.is_shift:
        return found
    stretches = node.partitions_in(found).ranges
    return IndexSet.from_indices(node.step_of(start) for start, _ in stretches)
