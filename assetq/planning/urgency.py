"""Which nodes of a plan go first where the steps of several are ready."""

from __future__ import annotations

from collections.abc import Sequence

from assetq.planning.node import PlanNode
from assetq.planning.plan import Plan


def ranks(plan: Plan) -> list[int]:
    """A number for each node, from 0; of ready steps, those of the node with the largest go first.

    First goes what the op's priority says. Then what most hangs on: the node with the longest path below it, so
    that what has to run one after the other is begun early. Nodes whose steps follow each other partition by partition
    count as one, and among them the last goes first: partitions are finished before others are begun.
    """
    heights = _heights(plan)
    by_chain: dict[int, int] = {}
    chains = _chains(plan)
    for chain, height in zip(chains, heights, strict=True):
        by_chain[chain] = max(height, by_chain.get(chain, 0))

    def urgency(node: PlanNode) -> tuple[int, int, int]:
        place = node.index if _has_many(node) else -node.index
        return node.priority, by_chain[chains[node.index]], place

    found = [0] * len(plan.nodes)
    for rank, node in enumerate(sorted(plan.nodes, key=urgency)):
        found[node.index] = rank
    return found


def _heights(plan: Plan) -> list[int]:
    """Nodes on the longest path from each node downwards."""
    heights = [1] * len(plan.nodes)
    for edge in sorted(plan.edges, key=lambda edge: -edge.upstream):
        heights[edge.upstream] = max(heights[edge.upstream], 1 + heights[edge.downstream])
    return heights


def _chains(plan: Plan) -> Sequence[int]:
    """For each node one node of those that it is joined with."""
    joined = list(range(len(plan.nodes)))

    def head(node: int) -> int:
        while joined[node] != node:
            joined[node] = joined[joined[node]]
            node = joined[node]
        return node

    for edge in plan.edges:
        ends = edge.upstream, edge.downstream
        if not edge.is_gate and all(_has_many(plan.nodes[node]) for node in ends):
            joined[head(edge.upstream)] = head(edge.downstream)
    return [head(node.index) for node in plan.nodes]


def _has_many(node: PlanNode) -> bool:
    return node.fan is not None or len(node.steps) > 1
