"""Execution: runs steps, wherever; and the door to what happened."""

from assetq.execution.context import (
    AssetExecutionContext,
    OpExecutionContext,
    build_asset_context,
    build_op_context,
)
from assetq.execution.event import Event, EventType, StepEvent
from assetq.execution.failure import ErrorInfo
from assetq.execution.hook import HookContext, build_hook_context
from assetq.execution.in_process import ExecuteInProcessResult, materialize, materialize_plan
from assetq.execution.instance import Instance, RunHandle
from assetq.execution.record import (
    AssetRecord,
    PartitionStatus,
    PoolDetail,
    PoolHolder,
    PoolRecord,
    PoolWaiter,
    RunRecord,
    RunStatus,
    StepCounts,
    WorkerRecord,
)
from assetq.execution.session import ExecutionSession
from assetq.execution.step import execute_step
from assetq.execution.task import StepResult, StepStatus, StepTask

__all__ = [
    "AssetExecutionContext",
    "AssetRecord",
    "ErrorInfo",
    "Event",
    "EventType",
    "ExecuteInProcessResult",
    "ExecutionSession",
    "HookContext",
    "Instance",
    "OpExecutionContext",
    "PartitionStatus",
    "PoolDetail",
    "PoolHolder",
    "PoolRecord",
    "PoolWaiter",
    "RunHandle",
    "RunRecord",
    "RunStatus",
    "StepCounts",
    "StepEvent",
    "StepResult",
    "StepStatus",
    "StepTask",
    "WorkerRecord",
    "build_asset_context",
    "build_hook_context",
    "build_op_context",
    "execute_step",
    "materialize",
    "materialize_plan",
]
