"""Planning: selection x partitions -> symbolic step DAG."""

from assetq.planning.dependency import mapping_between
from assetq.planning.fan import Fan, Growth
from assetq.planning.node import GraphPart, PlanEdge, PlanNode
from assetq.planning.partition_set import PartitionStates, StalePartitions
from assetq.planning.plan import Plan
from assetq.planning.planner import make_plan
from assetq.planning.scope import PartitionScope
from assetq.planning.urgency import ranks

__all__ = [
    "Fan",
    "GraphPart",
    "Growth",
    "PartitionScope",
    "PartitionStates",
    "Plan",
    "PlanEdge",
    "PlanNode",
    "StalePartitions",
    "make_plan",
    "mapping_between",
    "ranks",
]
