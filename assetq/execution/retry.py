"""Retrying a run: a new run over the steps that have not succeeded."""

from __future__ import annotations

from collections.abc import Mapping

from assetq.definitions import Definitions
from assetq.errors import UsageError
from assetq.execution.instance import Instance
from assetq.execution.run_handle import RunHandle
from assetq.partitions import IndexSet
from assetq.planning import Plan


def remaining_plan(plan: Plan, states: dict[int, dict[str, IndexSet]], made: Mapping[int, IndexSet]) -> Plan:
    """The plan of every step that has not succeeded, without the partitions that such steps made all the same."""
    left = {node.index: node.steps - states.get(node.index, {}).get("succeeded", IndexSet()) for node in plan.nodes}
    for node in plan.nodes:  # what it gave is not known: it runs again
        source = plan.source_of(node) if node.fan is not None and node.fan.keys is None else None
        if source is not None:
            left |= {source.index: source.steps, node.index: node.steps}
    return plan.restrict(left, made)


def retry(instance: Instance, run_id: str, *, failed_only: bool, defs: Definitions | None) -> RunHandle:
    """Submit the new run; see `Instance.retry_run`."""
    record = instance.get_run(run_id)
    if not record.status.is_terminal:
        raise UsageError(f"Run {run_id} is still {record.status}; wait for its end, or cancel it first.")
    plan = instance.get_plan(run_id)
    if failed_only:
        plan = remaining_plan(plan, instance.step_states(run_id), instance.made_partitions(run_id))
    else:
        plan = plan.ungrown()
    if not plan.nodes:
        raise UsageError(
            f"Nothing to retry: every step of run {run_id} succeeded. Without --failed all of it runs again."
        )
    tags = {**record.tags, "assetq/retry_of": run_id}
    scope = defs.for_job(plan.job) if defs is not None and plan.job else defs
    return instance.submit_plan(
        plan,
        priority=record.priority,
        tags=tags,
        run_config=instance.run_config(run_id) or None,
        parent_run_id=run_id,
        defs=scope,
    )
