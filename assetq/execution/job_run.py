"""Runs jobs: in this process, or on the fleet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assetq.definitions import AssetKey, Definitions
from assetq.definitions.job_definition import JobDefinition
from assetq.definitions.job_scope import JobScope
from assetq.definitions.op import DEFAULT_IO_MANAGER_KEY
from assetq.errors import InvariantError, UsageError
from assetq.execution.in_process import materialize_plan
from assetq.execution.instance import Instance
from assetq.execution.result import ExecuteInProcessResult
from assetq.execution.retry import remaining_plan
from assetq.execution.run_handle import RunHandle
from assetq.io import InMemoryIOManager
from assetq.partitions import IndexSet
from assetq.planning import PartitionScope, Plan
from assetq.planning.job_plan import make_job_plan, selected_ops
from assetq.selection import AssetSelection


def run_job(
    job: JobDefinition,
    *,
    defs: Definitions | None = None,
    run_config: Any = None,
    instance: Instance | None = None,
    partition_key: str | None = None,
    raise_on_error: bool = True,
    op_selection: Sequence[str] | None = None,
    asset_selection: Sequence[Any] | None = None,
    tags: Mapping[str, str] | None = None,
    resources: Mapping[str, object] | None = None,
    keeps_values: bool = False,
) -> ExecuteInProcessResult:
    """Run a job in this process; see `JobDefinition.execute_in_process`.

    Args:
        keeps_values: Whether what ops give each other is stored as on the fleet. Without it a job of ops hands it
            over in memory, unless there is a resource "io_manager".
    """
    given = dict(resources or {})
    base = defs or Definitions()
    has_manager = DEFAULT_IO_MANAGER_KEY in {**base.resources, **job.resource_defs, **given}
    if job.graph is not None and not has_manager and not keeps_values:
        given[DEFAULT_IO_MANAGER_KEY] = InMemoryIOManager()
    scope = JobScope(base, job, given)
    partitions = PartitionScope(keys=(partition_key,)) if partition_key is not None else PartitionScope()
    selection = None if asset_selection is None else AssetSelection.assets(*asset_selection)
    plan = make_job_plan(
        scope,
        scope=partitions,
        selection=selection,
        op_selection=op_selection,
        store=instance,
        refuses_absent=False,
    )
    return materialize_plan(
        scope,
        plan,
        instance=instance,
        run_config=job.config_for(run_config, partition_key),
        tags=job.tags_for(tags, partition_key),
        raise_on_error=raise_on_error,
    )


def submit_job(
    instance: Instance,
    defs: Definitions,
    name: str,
    *,
    partitions: Any = None,
    run_config: Any = None,
    tags: Mapping[str, str] | None = None,
    priority: int | None = None,
    op_selection: Sequence[str] | None = None,
) -> RunHandle:
    """Launch a job of some definitions; see `Instance.submit_job`."""
    scope = defs.for_job(name)
    job, wanted = scope.job, PartitionScope.parse(partitions)
    instance.register_assets(defs)
    plan = make_job_plan(
        scope,
        scope=wanted,
        op_selection=op_selection,
        states=instance.partition_states,
        store=instance,
        stale=instance.stale_partitions,
    )
    key = wanted.keys[0] if len(wanted.keys) == 1 and not wanted.ranges else None
    if job.partitioned_config is not None and key is None:
        raise UsageError(f"Job '{name}' has config by partition, so a run of it is about one: give one partition key.")
    config, own_tags = job.config_for(run_config, key), job.tags_for(tags, key)
    if job.executor_def.is_in_process:
        result = materialize_plan(
            scope, plan, instance=instance, run_config=config, tags=own_tags, raise_on_error=False
        )
        return RunHandle(instance, result.run_id)
    return instance.submit_plan(
        plan,
        priority=job.priority if priority is None else priority,
        tags=own_tags,
        run_config=config,
        defs=scope,
    )


@dataclass(frozen=True, slots=True)
class ReexecutionOptions:
    """Which steps of an earlier run are executed again. Mirrors Dagster's `ReexecutionOptions`.

    Args:
        parent_run_id: The earlier run; what its other steps gave is read from there.
        step_selection: Names of the steps, as for `op_selection`; all when empty.
    """

    parent_run_id: str
    step_selection: Sequence[str] = ()
    is_from_failure: bool = False

    @staticmethod
    def from_failure(run_id: str, instance: Instance) -> ReexecutionOptions:
        """The steps that have not succeeded.

        Raises:
            UsageError: The run has not failed.
        """
        status = instance.get_run(run_id).status
        if str(status) != "FAILURE":
            raise InvariantError(f"Run {run_id} ended with {status}; only a failed run can be resumed.")
        return ReexecutionOptions(run_id, (), True)


class JobExecutionResult(ExecuteInProcessResult):
    """How a run by `execute_job` went; use it in a `with` block. Mirrors Dagster's class."""

    __slots__ = ()

    def __enter__(self) -> JobExecutionResult:
        return self

    def __exit__(self, *exc: Any) -> None:
        """Nothing is left open."""


def execute_job(
    job: Any,
    instance: Instance,
    run_config: Any = None,
    tags: Mapping[str, Any] | None = None,
    raise_on_error: bool = False,
    op_selection: Sequence[str] | None = None,
    reexecution_options: ReexecutionOptions | None = None,
    asset_selection: Sequence[AssetKey] | None = None,
) -> JobExecutionResult:
    """Run a job in this process, with values stored as on the fleet. Mirrors Dagster's `execute_job`.

    Args:
        job: A job, or what `reconstructable` made.
        instance: Where the run is recorded and values are stored.
        run_config, tags, raise_on_error, op_selection, asset_selection: As for `JobDefinition.execute_in_process`.
        reexecution_options: Execute steps of an earlier run again.

    Raises:
        UsageError: Something does not fit; nothing has run.
    """
    found: JobDefinition = job if isinstance(job, JobDefinition) else job.get_definition()
    if reexecution_options is None:
        result = run_job(
            found, defs=found.bound_to, run_config=run_config, instance=instance, tags=tags,
            raise_on_error=raise_on_error, op_selection=op_selection, asset_selection=asset_selection,
            keeps_values=True,
        )  # fmt: skip
    else:
        result = _rerun(found, instance, reexecution_options, run_config, tags, raise_on_error)
    return JobExecutionResult(result.run, result.defs, result.session)


def _rerun(
    job: JobDefinition,
    instance: Instance,
    options: ReexecutionOptions,
    run_config: Any,
    tags: Mapping[str, Any] | None,
    raise_on_error: bool,
) -> ExecuteInProcessResult:
    scope = JobScope(job.bound_to or Definitions(), job)
    parent = instance.get_run(options.parent_run_id)
    plan = _wanted_steps(scope, instance, options)
    if not plan.nodes:
        raise UsageError(f"Nothing is left to execute of run {parent.run_id}.")
    return materialize_plan(
        scope,
        plan,
        instance=instance,
        run_config=job.config_for(run_config, None),
        tags={**job.tags_for(tags, None), **parent.tags},
        raise_on_error=raise_on_error,
        parent_run_id=parent.run_id,
    )


def _wanted_steps(scope: JobScope, instance: Instance, options: ReexecutionOptions) -> Plan:
    plan = instance.get_plan(options.parent_run_id)
    if options.is_from_failure:
        parent = options.parent_run_id
        return remaining_plan(plan, instance.step_states(parent), instance.made_partitions(parent))
    if not options.step_selection:
        return plan.ungrown()
    names = selected_ops(scope, options.step_selection)
    return plan.restrict({n.index: n.steps if n.name in names else IndexSet() for n in plan.nodes})


@dataclass(frozen=True, slots=True)
class ReconstructableJob:
    """A job by the function that gives it."""

    make: Any

    def get_definition(self) -> JobDefinition:
        """The job."""
        job = self.make if isinstance(self.make, JobDefinition) else self.make()
        if not isinstance(job, JobDefinition):
            raise UsageError(f"reconstructable is given {self.make!r}, which gives no job.")
        return job


def reconstructable(target: Any) -> ReconstructableJob:
    """A job for `execute_job`, by the function or decorated job that gives it. Mirrors Dagster's `reconstructable`."""
    return ReconstructableJob(target)
