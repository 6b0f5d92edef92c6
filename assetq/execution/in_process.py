"""`materialize`: run assets in this process."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from assetq.definitions import AssetKey, Definitions, OpInput
from assetq.definitions.asset_dep import AssetIn
from assetq.errors import RunFailedError, UsageError
from assetq.execution.event import Event, EventType
from assetq.execution.inputs import load_input
from assetq.execution.instance import Instance
from assetq.execution.local_run import LocalRun
from assetq.execution.memory import MemoryInstance
from assetq.execution.record import RunStatus
from assetq.execution.session import ExecutionSession
from assetq.execution.task import StepTask
from assetq.planning import PartitionScope, Plan, make_plan


@dataclass(slots=True, weakref_slot=True)
class ExecuteInProcessResult:
    """How a run in this process went. Mirrors Dagster's `ExecuteInProcessResult`."""

    run: LocalRun
    defs: Definitions
    session: ExecutionSession

    @property
    def success(self) -> bool:
        """True when every step succeeded or was skipped by choice."""
        return self.run.status is RunStatus.SUCCESS

    @property
    def run_id(self) -> str:
        """Id of the run."""
        return self.run.run_id

    @property
    def all_events(self) -> list[Event]:
        """Everything that happened, in order."""
        return list(self.run.events)

    @property
    def events(self) -> list[Event]:
        """Everything that happened, in order."""
        return self.all_events

    def get_asset_materialization_events(self) -> list[Event]:
        """The materializations, in order."""
        return [event for event in self.run.events if event.type is EventType.ASSET_MATERIALIZATION]

    def asset_materializations_for_node(self, node_name: str) -> list[Event]:
        """The materializations of one op."""
        node = next((node for node in self.run.plan.nodes if node.name == node_name), None)
        return [event for event in self.get_asset_materialization_events() if node and event.asset in node.assets]

    def get_failed_step_keys(self) -> set[str]:
        """Steps that failed."""
        return {e.step_key for e in self.run.events if e.type is EventType.STEP_FAILURE and e.step_key}

    def output_for_node(self, node_name: str, output_name: str = "result") -> Any:
        """The stored output of an op."""
        op = self.defs.get_op(node_name).op
        output = op.output(output_name)
        if output is None:
            raise UsageError(f"Op '{node_name}' has no output '{output_name}'.")
        return self.asset_value(output.key)

    def asset_value(self, asset_key: Any) -> Any:
        """The stored value of an asset of the run, loaded by its I/O manager."""
        key = AssetKey.from_coercible(asset_key)
        definition = self.defs.get_assets_def(key)
        node = next(node for node in self.run.plan.nodes if node.name == definition.op.name)
        task = StepTask(self.run_id, self.run.plan, node.index, node.steps.last)
        return load_input(self.session, task, definition, OpInput("value", key, None, AssetIn(key=key)), [])


def materialize(
    assets: Iterable[Any],
    run_config: Any = None,
    instance: Instance | None = None,
    resources: Mapping[str, Any] | None = None,
    partition_key: str | None = None,
    raise_on_error: bool = True,
    tags: Mapping[str, str] | None = None,
    selection: Any = "*",
) -> ExecuteInProcessResult:
    """Run assets in this process, in order. Mirrors Dagster's `materialize`.

    Args:
        assets: The assets; upstream ones that are not selected are read from storage.
        run_config: Config of ops.
        instance: Where the run is recorded, if it is one in memory; what `context.instance` is.
        resources: Resource key -> resource.
        partition_key: The partition, when assets are partitioned.
        raise_on_error: Raise what the first failed op raised.
        tags: Tags of the run.
        selection: Which of the assets.

    Raises:
        UsageError: Definitions, selection, config or partition are wrong; nothing has run.
    """
    defs = Definitions(assets=list(assets), resources=resources)
    scope = PartitionScope(keys=(partition_key,)) if partition_key is not None else PartitionScope()
    plan = make_plan(defs, selection=selection, scope=scope)
    return materialize_plan(
        defs, plan, instance=instance, run_config=run_config, tags=tags, raise_on_error=raise_on_error
    )


def materialize_plan(
    defs: Definitions,
    plan: Plan,
    *,
    storage: str | None = None,
    instance: Instance | None = None,
    run_config: Any = None,
    tags: Mapping[str, str] | None = None,
    raise_on_error: bool = True,
) -> ExecuteInProcessResult:
    """Run a plan in this process; see `materialize`. Without `storage`, values live as long as the result."""
    folder = storage or tempfile.mkdtemp(prefix="assetq-")
    home = instance if isinstance(instance, MemoryInstance) else MemoryInstance()
    session = ExecutionSession(defs, storage=folder, instance=instance or home)
    result = None
    try:
        run = home.run_in_process(defs, plan, session, tags=tags, run_config=run_config)
        result = ExecuteInProcessResult(run, defs, session)
    finally:
        session.close()
        if not storage:
            if result is None:
                shutil.rmtree(folder, ignore_errors=True)
            else:
                weakref.finalize(result, shutil.rmtree, folder, ignore_errors=True)
    if raise_on_error and not result.success:
        raise run.exception or RunFailedError(f"Run {run.run_id} ended with {run.status}.")
    return result
