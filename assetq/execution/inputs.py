"""Loads what an op reads, through the I/O manager that stored it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from assetq.definitions import AssetsDefinition, OpInput
from assetq.definitions.type_check import TypeCheck
from assetq.execution.event import EventType, StepEvent, now_ms
from assetq.execution.event_detail import plain_check, plain_metadata
from assetq.execution.intermediate import SourceLoader
from assetq.execution.io_config import input_config
from assetq.execution.logged_event import asset_event
from assetq.execution.op_section import op_section
from assetq.execution.session import ExecutionSession
from assetq.io import InputContext, OutputContext
from assetq.io.context import NO_RUN
from assetq.partitions import IndexSet, PartitionMapping, PartitionsDefinition, PartitionsStore
from assetq.planning import PlanNode, mapping_between
from assetq.planning.absence import refuse_absent

if TYPE_CHECKING:
    from assetq.execution.task import StepTask

WHOLE = IndexSet.range(0, 1)


def load_input(
    session: ExecutionSession,
    task: StepTask,
    definition: AssetsDefinition,
    op_input: OpInput,
    events: list[StepEvent],
    mapping_key: str | None = None,
) -> Any:
    """The value of one argument.

    Several upstream partitions come as a dict by partition key, as do all partitions of a partitioned asset
    that is read by one without partitions.
    """
    if op_input.source is not None:
        value = SourceLoader(session, task, definition, mapping_key).load(op_input)
        events.append(_told(op_input, None, op_input.asset_in.input_manager_key))
        return value
    upstream = session.defs.graph.get(op_input.key)
    manager_key = op_input.asset_in.input_manager_key or upstream.io_manager_key
    section = op_section(definition, task.run_config)
    context = InputContext(
        name=op_input.name,
        asset_key=op_input.key,
        run_id=task.run_id,
        partition_keys=upstream_partition_keys(session, task, definition, op_input),
        partition_key=_only(own_partition_keys(task)),
        partitions_def=upstream.partitions_def,
        annotation=op_input.asset_in.dagster_type or op_input.annotation,
        config=input_config(session.defs, definition.op.name, op_input, section),
        resource_config=session.resource_config(manager_key),
        resources=session.resources(),
        storage=session.storage,
        op_def=definition.op,
        job_name=session.job_name,
        metadata=op_input.asset_in.metadata,
        upstream_output=upstream_context(session, task, op_input),
        instance=session.instance,
        reader=definition.op.name,
    )
    value = session.io_manager(manager_key).load_input(context)
    events.extend(_loaded(op_input, context, manager_key, session.tells_all))
    return value


def _loaded(op_input: OpInput, context: InputContext, manager_key: str, tells_all: bool) -> Iterator[StepEvent]:
    """What the log is told of an input: what its manager observed, and that it was loaded."""
    for seen in context.consume_events():
        yield asset_event(seen)
    upstream = context.upstream_output
    details: dict[str, Any] = {"metadata": plain_metadata(context.consume_logged_metadata())}
    if tells_all and upstream is not None and upstream.run_id != NO_RUN:
        details.update(upstream_output=upstream.name, upstream_step=upstream.step_key)
    yield _told(op_input, str(op_input.key), manager_key, **details)


def _told(op_input: OpInput, asset: str | None, manager_key: str | None, **details: Any) -> StepEvent:
    told = {"input": op_input.name, "io_manager_key": manager_key, **details}
    return StepEvent(EventType.LOADED_INPUT, now_ms(), asset=asset, data=told)


def given_event(op_input: OpInput, check: TypeCheck) -> StepEvent:
    """What the log is told of an input that was checked."""
    told: dict[str, Any] = {"input": op_input.name}
    if not check.success or check.metadata or check.description:
        told["type_check"] = plain_check(check)
    return StepEvent(EventType.STEP_INPUT, now_ms(), message=check.description, data=told)


def upstream_context(session: ExecutionSession, task: StepTask, op_input: OpInput) -> OutputContext:
    """The output that is read, as its own I/O manager was told of it.

    An output of another run is told of by its asset alone, as in Dagster.
    """
    upstream = session.defs.graph.get(op_input.key)
    told: dict[str, Any] = {
        "asset_key": op_input.key,
        "asset_spec": upstream.spec,
        "definition_metadata": upstream.spec.metadata,
        "partitions_def": upstream.partitions_def,
        "resource_config": session.resource_config(upstream.io_manager_key),
        "resources": session.resources(),
        "storage": session.storage,
    }
    node = task.plan.node_for_asset(str(op_input.key))
    output = None if upstream.assets_def is None else upstream.assets_def.op.output_for(op_input.key)
    if node is None or output is None:
        return OutputContext(name=op_input.name, step_key="none", run_id=NO_RUN, **told)
    keys = own_partition_keys(task) if node.partitions_def == task.plan_node.partitions_def else None
    return OutputContext(
        name=output.name,
        step_key=_step_key(task, node) if keys else node.name,
        run_id=task.run_id,
        partition_keys=keys,
        annotation=output.annotation,
        op_def=upstream.assets_def.op if upstream.assets_def else None,
        job_name=session.job_name,
        **told,
    )


def _step_key(task: StepTask, node: PlanNode) -> str:
    """The upstream step that made the step's own first partition."""
    start = (task.partition_range or (0, 1))[0]
    return task.plan.step_key(node.index, node.step_of(start)) if start in node.partitions else node.name


def own_partition_keys(task: StepTask) -> list[str] | None:
    """Keys of a step's own partitions; None for an asset without partitions."""
    return task.partition_keys


def _only(keys: list[str] | None) -> str | None:
    return keys[0] if keys and len(keys) == 1 else None


def upstream_partition_keys(
    session: ExecutionSession, task: StepTask, definition: AssetsDefinition, op_input: OpInput
) -> list[str] | None:
    """Keys of the upstream partitions that a step reads; None for an upstream asset without partitions.

    Raises:
        UnknownPartitionError: One that must exist does not.
    """
    grid = _upstream_grid(session, task, op_input)
    if grid is None:
        return None
    own = task.partitions
    mapping = _mapping(session, task, definition, op_input)
    refuse_absent(definition, op_input, mapping, own, task.plan_node.partitions_def, grid)
    return [grid.key_at(i) for i in mapping.upstream(own, task.plan_node.partitions_def, grid)]


def _upstream_grid(session: ExecutionSession, task: StepTask, op_input: OpInput) -> PartitionsDefinition | None:
    """The upstream partitions as the plan has them; those of this moment where the upstream asset is not in it."""
    node = task.plan.node_for_asset(str(op_input.key))
    if node is not None:
        return node.partitions_def
    grid: PartitionsDefinition | None = session.defs.graph.get(op_input.key).partitions_def
    return None if grid is None else grid.bound(cast("PartitionsStore | None", session.instance))


def _mapping(
    session: ExecutionSession, task: StepTask, definition: AssetsDefinition, op_input: OpInput
) -> PartitionMapping:
    upstream = session.defs.graph.get(op_input.key)
    mapping = mapping_between(definition, op_input.key, upstream, op_input.asset_in.partition_mapping)
    node = task.plan.node_for_asset(str(op_input.key))
    return mapping if node is None else task.plan.pinned(node.index, task.node, mapping)
