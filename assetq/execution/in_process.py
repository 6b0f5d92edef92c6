"""`materialize`: run assets in this process."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Iterable, Mapping
from typing import Any

from assetq.definitions import Definitions
from assetq.definitions.config import run_config_dict
from assetq.errors import DefinitionError, RunFailedError, UsageError
from assetq.execution.instance import Instance
from assetq.execution.memory import MemoryInstance
from assetq.execution.result import ExecuteInProcessResult
from assetq.execution.session import ExecutionSession
from assetq.io import InMemoryIOManager
from assetq.planning import PartitionScope, Plan, make_plan
from assetq.selection import AssetSelection


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
        instance: Where the run is recorded and values are stored; what `context.instance` is. By default one in
            memory, whose values live as long as the result.
        resources: Resource key -> resource.
        partition_key: The partition, when assets are partitioned.
        raise_on_error: Raise what the first failed op raised.
        tags: Tags of the run. `dagster/asset_partition_range_start` and `dagster/asset_partition_range_end` name a
            range of partitions, which each asset makes in one step.
        selection: Which of the assets.

    Raises:
        UsageError: Definitions, selection, config or partition are wrong; nothing has run.
    """
    defs = Definitions(assets=given_assets(assets), resources=resources)
    scope = _scope(partition_key, tags)
    is_idle = selection == "*" and not _has_steps(defs)
    plan = Plan((), ())
    if not is_idle:
        plan = make_plan(defs, selection=selection, scope=scope, store=instance, refuses_absent=False)
    return materialize_plan(
        defs,
        plan,
        instance=instance,
        run_config=run_config,
        tags=tags,
        raise_on_error=raise_on_error,
        keeps_outputs=True,
    )


def given_assets(assets: Any) -> list[Any]:
    """The assets as a list.

    Raises:
        DefinitionError: They are no sequence.
    """
    if isinstance(assets, str | bytes) or not isinstance(assets, Iterable):
        raise DefinitionError(f"{assets!r} is no list of assets; put it into one: materialize([...]).")
    return list(assets)


def _scope(partition_key: str | None, tags: Mapping[str, str] | None) -> PartitionScope:
    tagged = PartitionScope.of_tags(tags)
    if partition_key is None:
        return tagged
    if tagged.ranges:
        raise UsageError(f"partition_key '{partition_key}' and the tags of a range both name partitions; keep one.")
    return PartitionScope(keys=(partition_key,))


def _has_steps(defs: Definitions) -> bool:
    """False for external assets alone, observed or not: then there is nothing to do, and nothing wrong."""
    defs.validate()
    return bool(defs.graph.executable_keys or defs.graph.checks)


def materialize_to_memory(
    assets: Iterable[Any],
    run_config: Any = None,
    instance: Instance | None = None,
    resources: Mapping[str, Any] | None = None,
    partition_key: str | None = None,
    raise_on_error: bool = True,
    tags: Mapping[str, str] | None = None,
    selection: Any = "*",
) -> ExecuteInProcessResult:
    """Run assets in this process and keep what they return in memory. Mirrors Dagster's `materialize_to_memory`.

    Arguments as for `materialize`.

    Raises:
        UsageError: An I/O manager is given, or definitions, selection, config or partition are wrong.
    """
    given = given_assets(assets)
    held = InMemoryIOManager()
    keys = {
        output.io_manager_key for item in given for step in getattr(item, "steps", ()) for output in step.op.outputs
    }
    keys |= {"io_manager"}
    clash = sorted(keys & set(resources or {}))
    if clash:
        raise UsageError(f"materialize_to_memory brings its own I/O manager; leave resource '{clash[0]}' out.")
    return materialize(
        given,
        run_config=run_config,
        instance=instance,
        resources={**dict(resources or {}), **dict.fromkeys(keys, held)},
        partition_key=partition_key,
        raise_on_error=raise_on_error,
        tags=tags,
        selection=selection,
    )


def observe(
    assets: Iterable[Any],
    run_config: Any = None,
    instance: Instance | None = None,
    resources: Mapping[str, Any] | None = None,
    partition_key: str | None = None,
    raise_on_error: bool = True,
    tags: Mapping[str, str] | None = None,
) -> ExecuteInProcessResult:
    """Observe external assets in this process. Mirrors Dagster's `observe`; arguments as for `materialize`.

    Raises:
        UsageError: None of the assets is observable.
    """
    given = given_assets(assets)
    keys = [key for item in given if getattr(item, "is_observable", False) for key in item.keys]
    if not keys:
        raise UsageError("None of the assets is observable; define them with @observable_source_asset.")
    return materialize(
        given,
        run_config=run_config,
        instance=instance,
        resources=resources,
        partition_key=partition_key,
        raise_on_error=raise_on_error,
        tags=tags,
        selection=AssetSelection.assets(*keys),
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
    keeps_outputs: bool = False,
    parent_run_id: str | None = None,
) -> ExecuteInProcessResult:
    """Run a plan in this process; see `materialize`. Without `storage` and `instance`, values live as long as
    the result. With `keeps_outputs` it holds what ops returned, which else is loaded where it is asked for."""
    is_passing = storage is None and instance is None
    folder = storage or (instance.storage_directory() if instance else tempfile.mkdtemp(prefix="assetq-"))
    home = instance or MemoryInstance(folder)
    config = run_config_dict(run_config).get("resources", {})
    session = ExecutionSession(defs, storage=folder, instance=home, config=config)
    session.outputs = {} if keeps_outputs else None
    result = None
    try:
        run = home.run_in_process(defs, plan, session, tags=tags, run_config=run_config, parent_run_id=parent_run_id)
        # An instance remembers its runs with their sessions: values live with the result alone.
        result, session.outputs = ExecuteInProcessResult(run, defs, session, session.outputs or {}), None
    finally:
        session.close()
        if is_passing:
            if result is None:
                shutil.rmtree(folder, ignore_errors=True)
            else:
                weakref.finalize(result, shutil.rmtree, folder, ignore_errors=True)
    if raise_on_error and not result.success:
        raise run.exception or RunFailedError(f"Run {run.run_id} ended with {run.status}.")
    return result
