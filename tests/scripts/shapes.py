"""Plans for the model check: small, and of every kind of edge that the engine treats in a way of its own."""

from __future__ import annotations

from collections.abc import Sequence

from assetq.partitions import (
    AllPartitionMapping,
    DailyPartitionsDefinition,
    IdentityPartitionMapping,
    IndexSet,
    TimeWindowPartitionMapping,
)
from assetq.planning import Plan, PlanEdge, PlanNode

DAYS = DailyPartitionsDefinition("2024-01-01")
ONE, ALL = IdentityPartitionMapping(), AllPartitionMapping()
EARLIER = TimeWindowPartitionMapping(start_offset=-1, end_offset=-1)
TWO_DAYS = TimeWindowPartitionMapping(start_offset=-1)

# Steps of each node (0: an asset without partitions; negative: days in chunks of two), and its edges.
SHAPES: tuple[tuple[tuple[int, ...], tuple[tuple[int, int, object], ...]], ...] = (
    ((0,), ()),
    ((12,), ()),
    ((3, 3, 0), ((0, 1, ONE), (1, 2, ALL))),
    ((0, 5), ((0, 1, ALL), (1, 1, EARLIER))),
    ((0, 3, 3, 3), ((0, 3, ALL), (1, 3, ONE), (2, 3, ONE))),
    ((4, 4), ((0, 1, TWO_DAYS),)),
    ((2, 3, 4, 2), ((0, 2, ALL), (1, 2, ALL), (1, 3, ONE))),
    ((5, -5, 0), ((0, 1, ONE), (1, 2, ALL))),
    ((0, 0, 4), ((0, 1, ALL), (0, 2, ALL), (1, 2, ALL), (2, 2, EARLIER))),
    ((4, 4, 4), ((0, 1, ONE), (1, 1, EARLIER), (1, 2, TWO_DAYS), (0, 2, ALL))),
)


def make_plan(shape: int, pools: Sequence[str]) -> Plan:
    """A shape whose nodes take their pools from `pools` in turn."""
    sizes, edges = SHAPES[shape]
    nodes = (_node(index, size, pools[index % len(pools)]) for index, size in enumerate(sizes))
    return Plan(tuple(nodes), tuple(PlanEdge(*edge) for edge in edges))  # type: ignore[arg-type]


def _node(index: int, size: int, pool: str) -> PlanNode:
    grid, chunk = (DAYS if size else None), (2 if size < 0 else 1)
    return PlanNode(index, f"n{index}", (f"n{index}",), pool, grid, IndexSet.range(0, abs(size) or 1), chunk)
