"""Outputs that an op chose not to give: what reads them is skipped, what reads its other outputs goes on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from assetq.definitions import AssetsDefinition, OpOutput
from assetq.definitions.op_source import Several, StepOutput, outputs_in
from assetq.partitions import IndexSet
from assetq.planning import Plan

if TYPE_CHECKING:
    from assetq.execution.session import ExecutionSession
    from assetq.execution.task import StepTask


def readers_of_omitted(session: ExecutionSession, task: StepTask, produced: Iterable[str]) -> tuple[int, ...]:
    """Nodes of the plan that read an output which was wanted and not given.

    Args:
        session: Has the definitions.
        task: The step that has succeeded.
        produced: Names of the outputs that it gave.
    """
    given = set(produced)
    definition = session.defs.get_op(task.plan_node.name)
    if getattr(definition, "is_mapped", False) and task.plan_node.fan is None:
        return ()  # what it did not give for some values is left out of the whole
    op, node = definition.op, task.plan_node
    wanted = [o for o in op.outputs if not o.is_dynamic and node.wants(o.name, str(o.key))]
    omitted = [o for o in wanted if o.name not in given]
    if not omitted:
        return ()
    below = sorted({e.downstream for e in task.plan.edges if e.upstream == task.node and not e.is_loop})
    names = ((node, session.defs.get_op(task.plan.nodes[node].name)) for node in below)
    return tuple(node for node, definition in names if _reads(definition, op.name, omitted))


def _reads(definition: AssetsDefinition, step: str, omitted: list[OpOutput]) -> bool:
    names = {(step, output.name) for output in omitted}
    keys = {output.key for output in omitted if output.is_asset}
    if any(dep.asset_key in keys for dep in definition.deps):
        return True
    return any((one.step, one.output) in names for one in _needed(definition))


def _needed(definition: AssetsDefinition) -> Iterator[StepOutput]:
    """Outputs of other ops without which an op cannot run; of a list, some may be missing."""
    lists = {one for i in definition.op.inputs if isinstance(i.source, Several) for one in outputs_in(i.source)}
    yield from (one for one in getattr(definition, "above", ()) if one not in lists and not one.is_collected)


def skipped_with(plan: Plan, node: int, step: int) -> dict[int, IndexSet]:
    """Steps that cannot run because a step was left out, as what it reads was not given."""
    return plan.downstream_closure({node: IndexSet.range(step, step + 1)}, with_collects=False)


def skipped_by_omission(plan: Plan, node: int, step: int, readers: Iterable[int]) -> dict[int, IndexSet]:
    """Steps that cannot run because they wait for an output that was not given, or for such a step.

    Args:
        plan: The plan.
        node, step: The step that has succeeded.
        readers: Nodes that read what it did not give.
    """
    wanted, first = set(readers), dict[int, IndexSet]()
    for below, number in plan.downstream_steps(node, step) if wanted else ():
        if below in wanted:
            first[below] = first.get(below, IndexSet()) | IndexSet.range(number, number + 1)
    if not first:
        return {}
    closure = plan.downstream_closure(first, with_collects=False)
    return {at: first.get(at, IndexSet()) | closure.get(at, IndexSet()) for at in sorted({*first, *closure})}
