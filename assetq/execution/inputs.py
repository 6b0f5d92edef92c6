"""Loads what an op reads, through the I/O manager that stored it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assetq.definitions import AssetsDefinition, OpInput
from assetq.definitions.caching import is_cached
from assetq.definitions.op_source import Source, StepOutput
from assetq.definitions.type_check import TypeCheck
from assetq.execution.event import EventType, StepEvent, now_ms
from assetq.execution.event_detail import plain_check, plain_metadata
from assetq.execution.input_cache import Loaded
from assetq.execution.intermediate import SourceLoader
from assetq.execution.io_config import input_config
from assetq.execution.logged_event import asset_event
from assetq.execution.op_section import op_section
from assetq.execution.session import ExecutionSession
from assetq.execution.upstream import UpstreamRead, upstream_read
from assetq.io import InputContext, OutputContext
from assetq.io.context import NO_RUN
from assetq.planning import PlanNode

if TYPE_CHECKING:
    from assetq.execution.task import StepTask


def load_input(
    session: ExecutionSession,
    task: StepTask,
    definition: AssetsDefinition,
    op_input: OpInput,
    events: list[StepEvent],
    mapping_key: str | None = None,
) -> Loaded:
    """One argument.

    Several upstream partitions come as a dict by partition key, as do all partitions of a partitioned asset
    that is read by one without partitions.
    """
    if op_input.source is not None:
        asset, manager_key = None, op_input.asset_in.input_manager_key
        loaded, was_kept = _from_source(SourceLoader(session, task, definition, mapping_key), op_input, op_input.source)
    else:
        asset, manager_key = str(op_input.key), _manager_key(session, op_input)
        loaded, was_kept = _from_asset(session, task, definition, op_input)
    told = {"input": op_input.name, "io_manager_key": manager_key, **loaded.details}
    if was_kept:
        told["cached"] = True
    else:
        events.extend(loaded.events)
    events.append(StepEvent(EventType.LOADED_INPUT, now_ms(), asset=asset, data=told))
    return loaded


def _from_source(loader: SourceLoader, op_input: OpInput, source: Source) -> tuple[Loaded, bool]:
    """An argument that comes from another op of the graph, or from run config."""

    def load() -> Loaded:
        return Loaded(loader.load(op_input))

    if not isinstance(source, StepOutput) or source.is_collected or not is_cached(op_input.asset_in.metadata):
        return load(), False
    place = loader.definition.op.name, op_input.name, loader.place(source)
    return loader.session.inputs.get(loader.task.run_id, place, {}, load)


def _from_asset(
    session: ExecutionSession, task: StepTask, definition: AssetsDefinition, op_input: OpInput
) -> tuple[Loaded, bool]:
    """An argument that an I/O manager loads.

    One that is kept is kept under the data versions that were recorded before it was loaded; they are what a step that
    is given it has read.
    """
    read = upstream_read(session, task, definition, op_input)

    def load() -> Loaded:
        context = _context(session, task, definition, op_input, read)
        value = session.io_manager(_manager_key(session, op_input)).load_input(context)
        seen = tuple(map(asset_event, context.consume_events()))
        return Loaded(value, _details(context, session.tells_all), seen, is_for_one=context.has_told_partition)

    if not is_cached(op_input.asset_in.metadata):
        return load(), False
    place = definition.op.name, op_input.name, read.place
    return session.inputs.get(task.run_id, place, read.marks(session, task), load)


def _manager_key(session: ExecutionSession, op_input: OpInput) -> str:
    return op_input.asset_in.input_manager_key or session.defs.graph.get(op_input.key).io_manager_key


def _context(
    session: ExecutionSession, task: StepTask, definition: AssetsDefinition, op_input: OpInput, read: UpstreamRead
) -> InputContext:
    own = task.partition_keys
    return InputContext(
        name=op_input.name,
        asset_key=op_input.key,
        run_id=task.run_id,
        partition_keys=read.partition_keys,
        partition_key=own[0] if own and len(own) == 1 else None,
        partitions_def=session.defs.graph.get(op_input.key).partitions_def,
        annotation=op_input.asset_in.dagster_type or op_input.annotation,
        config=input_config(session.defs, definition.op.name, op_input, op_section(definition, task.run_config)),
        resource_config=session.resource_config(_manager_key(session, op_input)),
        resources=session.resources(),
        storage=session.storage,
        op_def=definition.op,
        job_name=session.job_name,
        metadata=op_input.asset_in.metadata,
        upstream_output=upstream_context(session, task, op_input),
        instance=session.instance,
        reader=definition.op.name,
    )


def _details(context: InputContext, tells_all: bool) -> dict[str, Any]:
    """What the log is told of an input besides its name."""
    upstream = context.upstream_output
    details: dict[str, Any] = {"metadata": plain_metadata(context.consume_logged_metadata())}
    if tells_all and upstream is not None and upstream.run_id != NO_RUN:
        details.update(upstream_output=upstream.name, upstream_step=upstream.step_key)
    return details


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
    keys = task.partition_keys if node.partitions_def == task.plan_node.partitions_def else None
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
