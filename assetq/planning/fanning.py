"""Finds the fans of a plan: ops that are mapped over a dynamic output, each value of which is a step of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from assetq.definitions import AssetsDefinition
from assetq.definitions.op_step import OpStep
from assetq.partitions import AllPartitionMapping
from assetq.planning.fan import CollectMapping, Fan, FanMapping
from assetq.planning.node import PlanEdge
from assetq.planning.plan import Plan

FanName = tuple[str, str]


def with_fans(plan: Plan, definitions: Sequence[AssetsDefinition]) -> Plan:
    """The plan in which mapped ops have a step for each value.

    That needs one step of the op that gives the values. Where a plan has several, because it makes several partitions
    of a graph, a mapped op stays one step for each of them, which calls its function once for each value.

    Args:
        plan: A plan in which every op is one step for each partition or chunk.
        definitions: What each of its nodes runs.
    """
    mapped = {index: fan for index, fan in _mapped(definitions) if _is_single(plan, index)}
    refused = {fan for fan in mapped.values() if not _may_fan(plan, fan, mapped)}
    fans = {index: fan for index, fan in mapped.items() if fan not in refused}
    if not fans:
        return plan
    nodes = tuple(replace(n, fan=Fan(*fans[n.index])) if n.index in fans else n for n in plan.nodes)
    edges = dict.fromkeys((*_kept(plan, fans), *_between(plan, definitions, fans)))
    return Plan(nodes, tuple(edges), plan.selection, plan.job)


def _mapped(definitions: Sequence[AssetsDefinition]) -> Iterator[tuple[int, FanName]]:
    """`(node, dynamic output over which its op is mapped)`, however long the chain of maps between them."""
    found: dict[str, FanName] = {}
    for index, definition in enumerate(definitions):
        if isinstance(definition, OpStep) and definition.is_mapped:
            above = next(one for one in definition.above if one.is_mapped)
            found[definition.op.name] = found.get(above.step, (above.step, above.output))
            yield index, found[definition.op.name]


def _is_single(plan: Plan, index: int) -> bool:
    node = plan.nodes[index]
    return len(node.steps) == 1 and not node.assets and not node.checks


def _may_fan(plan: Plan, fan: FanName, mapped: dict[int, FanName]) -> bool:
    """Its source runs in the plan, and whatever its nodes wait for, or keep waiting, is one step."""
    if all(node.name != fan[0] or len(node.steps) != 1 for node in plan.nodes):
        return False
    touching = (e for e in plan.edges if fan in (mapped.get(e.upstream), mapped.get(e.downstream)))
    return all(len(plan.nodes[end].steps) == 1 for edge in touching for end in (edge.upstream, edge.downstream))


def _kept(plan: Plan, fans: dict[int, FanName]) -> Iterator[PlanEdge]:
    """The edges that have nothing to do with fans, and those from other nodes into fans."""
    for edge in plan.edges:
        if edge.upstream in fans:
            continue
        yield replace(edge, mapping=AllPartitionMapping()) if edge.downstream in fans else edge


def _between(plan: Plan, definitions: Sequence[AssetsDefinition], fans: dict[int, FanName]) -> Iterator[PlanEdge]:
    """The edges out of fans. What collects a fan also waits for all that the fan waits for.

    So it goes on where there are no steps in between, and what a failure loses does not depend on whether there are.
    """
    place = {node.name: node.index for node in plan.nodes}
    behind: dict[int, set[int]] = {}
    for index, definition in enumerate(definitions):
        behind[index] = {edge.upstream for edge in plan.edges if edge.downstream == index} - set(fans)
        for one in getattr(definition, "above", ()):
            upstream = place.get(one.step)
            if upstream in fans and one.is_mapped:
                behind[index] |= behind[upstream]
                yield PlanEdge(upstream, index, FanMapping())
            elif upstream in fans:
                yield PlanEdge(upstream, index, CollectMapping())
                yield from (PlanEdge(other, index, AllPartitionMapping()) for other in sorted(behind[upstream]))
