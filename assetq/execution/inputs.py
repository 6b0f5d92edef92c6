"""Loads what an op reads, through the I/O manager that stored it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from assetq.definitions import AssetsDefinition, OpInput
from assetq.execution.event import EventType, StepEvent
from assetq.execution.session import ExecutionSession
from assetq.io import InputContext, OutputContext
from assetq.partitions import IndexSet, PartitionMapping, PartitionsDefinition
from assetq.planning import mapping_between

if TYPE_CHECKING:
    from assetq.execution.task import StepTask

WHOLE = IndexSet.range(0, 1)


def load_input(
    session: ExecutionSession,
    task: StepTask,
    definition: AssetsDefinition,
    op_input: OpInput,
    events: list[StepEvent],
) -> Any:
    """The value of one argument.

    Several upstream partitions come as a dict by partition key, as do all partitions of a partitioned asset
    that is read by one without partitions.
    """
    upstream = session.defs.graph.get(op_input.key)
    keys = upstream_partition_keys(session, task, definition, op_input)
    context = InputContext(
        name=op_input.name,
        asset_key=op_input.key,
        run_id=task.run_id,
        partition_keys=keys,
        definition_metadata=upstream.spec.metadata,
        annotation=op_input.annotation,
        resources=session.resources(),
        storage=session.storage,
        metadata=_input_metadata(task, definition, op_input, keys),
        upstream_output=OutputContext("result", op_input.key, partition_keys=keys, storage=session.storage),
        reader=definition.op.name,
    )
    manager = session.io_manager(op_input.asset_in.input_manager_key or upstream.io_manager_key)
    value = manager.load_input(context)
    events.append(
        StepEvent(
            EventType.LOADED_INPUT,
            time.time_ns() // 1_000_000,
            asset=str(op_input.key),
            data={"input": op_input.name},
        )
    )
    return value


def _input_metadata(
    task: StepTask, definition: AssetsDefinition, op_input: OpInput, keys: list[str] | None
) -> dict[str, Any]:
    metadata = dict(op_input.asset_in.metadata)
    if keys is not None and (definition.partitions_def is None or "dict" in str(op_input.annotation).lower()):
        metadata["always_dict"] = True
    return metadata


def upstream_partition_keys(
    session: ExecutionSession, task: StepTask, definition: AssetsDefinition, op_input: OpInput
) -> list[str] | None:
    """Keys of the upstream partitions that a step reads; None for an upstream asset without partitions."""
    upstream = session.defs.graph.get(op_input.key)
    grid: PartitionsDefinition | None = upstream.partitions_def
    if grid is None:
        return None
    own = WHOLE if task.partition_range is None else IndexSet.range(*task.partition_range)
    mapping = _mapping(session, definition, op_input)
    return [grid.key_at(i) for i in mapping.upstream(own, task.plan_node.partitions_def, grid)]


def _mapping(session: ExecutionSession, definition: AssetsDefinition, op_input: OpInput) -> PartitionMapping:
    upstream = session.defs.graph.get(op_input.key)
    return mapping_between(definition, op_input.key, upstream, op_input.asset_in.partition_mapping)
