"""A part of a plan: some of its steps, numbered and cut so that each still is the step that it was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from assetq.partitions import IndexSet
from assetq.planning.node import PlanEdge, PlanNode

Parts = Mapping[int, IndexSet]


def kept_nodes(nodes: Sequence[PlanNode], steps: Parts, made: Parts) -> list[PlanNode]:
    """What is left of the nodes, with their old numbers; see `Plan.restrict`."""
    kept = (_part(node, nodes, steps, made) for node in nodes if steps.get(node.index))
    return [node for node in kept if node is not None]


def _part(node: PlanNode, nodes: Sequence[PlanNode], steps: Parts, made: Parts) -> PlanNode | None:
    """What is kept of a node. A fan whose source runs again is not known any more."""
    if node.fan is None:
        left = node.partitions_in(steps[node.index]) - made.get(node.index, IndexSet())
        return replace(node, partitions=left) if left else None
    if any(other.name == node.fan.source and steps.get(other.index) for other in nodes):
        return node.ungrown()
    taken = node.taken & steps[node.index]
    return replace(node, taken=taken) if taken else None


def kept_edges(kept: Sequence[PlanNode], edges: Iterable[PlanEdge]) -> tuple[PlanEdge, ...]:
    """The edges between kept nodes, by their new numbers."""
    place = {node.index: i for i, node in enumerate(kept)}
    return tuple(
        PlanEdge(place[edge.upstream], place[edge.downstream], edge.mapping)
        for edge in edges
        if edge.upstream in place and edge.downstream in place
    )
