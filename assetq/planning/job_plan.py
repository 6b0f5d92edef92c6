"""Plans of jobs: their ops, or a selection of assets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from assetq.definitions.job_scope import JobScope
from assetq.errors import SubsetError, UsageError, suggest
from assetq.partitions import IndexSet, PartitionsStore
from assetq.planning.partition_set import PartitionStates, StalePartitions
from assetq.planning.plan import Plan
from assetq.planning.planner import make_plan, plan_units
from assetq.planning.scope import PartitionScope
from assetq.planning.unit import job_units


def make_job_plan(
    defs: JobScope,
    *,
    scope: PartitionScope | None = None,
    selection: Any = None,
    op_selection: Sequence[str] | None = None,
    states: PartitionStates | None = None,
    now: datetime | None = None,
    store: PartitionsStore | None = None,
    stale: StalePartitions | None = None,
    refuses_absent: bool = True,
) -> Plan:
    """Plan a run of a job. Runs nothing.

    Args:
        defs: The definitions as the job sees them.
        scope: Which partitions.
        selection: Of a job of assets, instead of its own selection.
        op_selection: Of a job of ops, only these.
        states, now, store, stale, refuses_absent: As for `make_plan`.

    Raises:
        UsageError: Something does not fit.
    """
    if defs.job_graph is None:
        chosen = defs.job.selection if selection is None else selection
        plan = make_plan(
            defs,
            selection=chosen,
            scope=scope,
            states=states,
            now=now,
            store=store,
            stale=stale,
            refuses_absent=refuses_absent,
        )
        return replace(plan, job=defs.job.name)
    defs.validate()
    names = op_selection if op_selection is not None else defs.job.op_selection
    steps = defs.op_steps if names is None else [s for s in defs.op_steps if s.op.name in selected_ops(defs, names)]
    partitions = _partitions(defs, scope or PartitionScope(), now, store)
    plan = plan_units(defs, job_units(steps), partitions, scope=scope, now=now, store=store)
    return replace(plan, job=defs.job.name, selection=f"job:{defs.job.name}")


def _partitions(defs: JobScope, scope: PartitionScope, now: datetime | None, store: PartitionsStore | None) -> IndexSet:
    grid = defs.job.partitions_def
    if grid is None:
        if not scope.is_empty and not scope.all:
            raise UsageError(f"Job '{defs.job.name}' is not partitioned; leave the partition out.")
        return IndexSet.range(0, 1)
    bound = grid.bound(store)
    found: IndexSet = bound.all_indices(now) if scope.all else scope.resolve(bound, now)
    if scope.is_empty:
        raise UsageError(f"Job '{defs.job.name}' is partitioned: say which partitions.")
    return found


def selected_ops(defs: JobScope, names: Sequence[str]) -> set[str]:
    """Ops by names: `name`, `*name` with everything upstream, `+name` with what it reads; the same behind the name.

    Raises:
        SubsetError: There is no such op.
    """
    above = {step.op.name: {one.step for one in step.above} for step in defs.op_steps}
    below = {name: {other for other, reads in above.items() if name in reads} for name in above}
    found: set[str] = set()
    for text in names:
        bare = text.strip("*+")
        start = {name for name in above if name == bare or name.startswith(bare + ".")}
        if not start:
            raise SubsetError(f"Job '{defs.job.name}' has no op '{bare}'.{suggest(bare, above)}")
        found |= start
        for marks, near in ((text[: text.index(bare)], above), (text[text.index(bare) + len(bare) :], below)):
            found |= _reach(start, near, len(marks) if "*" not in marks else None)
    return found


def _reach(start: set[str], near: dict[str, set[str]], depth: int | None) -> set[str]:
    seen, frontier, steps = set(start), start, 0
    while frontier and (depth is None or steps < depth):
        frontier = {other for name in frontier for other in near[name]} - seen
        seen |= frontier
        steps += 1
    return seen
