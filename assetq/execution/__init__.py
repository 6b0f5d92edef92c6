"""Execution: runs steps, wherever; and the door to what happened."""

from assetq.execution.build_context import (
    build_asset_check_context,
    build_asset_context,
    build_init_resource_context,
    build_op_context,
)
from assetq.execution.context import AssetCheckExecutionContext, AssetExecutionContext, OpExecutionContext
from assetq.execution.event import Event, EventType, StepEvent
from assetq.execution.event_record import AssetPartitionStatus, EventLogRecord, EventRecordsResult
from assetq.execution.failure import ErrorInfo
from assetq.execution.hook import HookContext, build_hook_context
from assetq.execution.in_process import (
    materialize,
    materialize_plan,
    materialize_to_memory,
    observe,
)
from assetq.execution.instance import Instance
from assetq.execution.job_config import validate_run_config
from assetq.execution.job_run import JobExecutionResult, ReexecutionOptions, execute_job, reconstructable
from assetq.execution.provide_resources import with_resources
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
from assetq.execution.record_filter import AssetRecordsFilter, EventRecordsFilter, RunsFilter
from assetq.execution.resource_scope import build_resources
from assetq.execution.result import ExecuteInProcessResult
from assetq.execution.run_handle import RunHandle
from assetq.execution.session import ExecutionSession
from assetq.execution.step import execute_step
from assetq.execution.step_graph import step_graph
from assetq.execution.task import StepResult, StepStatus, StepTask
from assetq.execution.temporary_instance import instance_for_test
from assetq.execution.user_log import get_dagster_logger

__all__ = [
    "AssetCheckExecutionContext",
    "AssetExecutionContext",
    "AssetPartitionStatus",
    "AssetRecord",
    "AssetRecordsFilter",
    "ErrorInfo",
    "Event",
    "EventLogRecord",
    "EventRecordsFilter",
    "EventRecordsResult",
    "EventType",
    "ExecuteInProcessResult",
    "ExecutionSession",
    "HookContext",
    "Instance",
    "JobExecutionResult",
    "OpExecutionContext",
    "PartitionStatus",
    "PoolDetail",
    "PoolHolder",
    "PoolRecord",
    "PoolWaiter",
    "ReexecutionOptions",
    "RunHandle",
    "RunRecord",
    "RunStatus",
    "RunsFilter",
    "StepCounts",
    "StepEvent",
    "StepResult",
    "StepStatus",
    "StepTask",
    "WorkerRecord",
    "build_asset_check_context",
    "build_asset_context",
    "build_hook_context",
    "build_init_resource_context",
    "build_op_context",
    "build_resources",
    "execute_job",
    "execute_step",
    "get_dagster_logger",
    "instance_for_test",
    "materialize",
    "materialize_plan",
    "materialize_to_memory",
    "observe",
    "reconstructable",
    "step_graph",
    "validate_run_config",
    "with_resources",
]
