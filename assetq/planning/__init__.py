"""Planning: selection x partitions -> symbolic step DAG."""

from assetq.planning.node import PlanEdge, PlanNode
from assetq.planning.plan import Plan
from assetq.planning.planner import PartitionStates, make_plan, mapping_between
from assetq.planning.scope import PartitionScope

__all__ = [
    "PartitionScope",
    "PartitionStates",
    "Plan",
    "PlanEdge",
    "PlanNode",
    "make_plan",
    "mapping_between",
]
