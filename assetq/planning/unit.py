"""What becomes a node of a plan: a definition, or one op of a graph."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass

from assetq.definitions import AssetDep, AssetKey, AssetsDefinition
from assetq.definitions.graph_backed import GraphAssetsDefinition
from assetq.definitions.op_step import OpStep
from assetq.planning.node import GraphPart
from assetq.planning.order import blocked_by


@dataclass(frozen=True, slots=True, eq=False)
class PlanUnit:
    """What becomes a node.

    Attributes:
        definition: What runs.
        whole: What it is a part of: itself, unless it is an op of a graph.
        part: Which graph, and what is wanted of the op.
    """

    definition: AssetsDefinition
    whole: AssetsDefinition
    part: GraphPart | None = None


def units_of(definition: AssetsDefinition, keys: Set[AssetKey]) -> list[PlanUnit]:
    """The units of a definition: of a graph the ops that the selected assets need, each after what it reads."""
    if not isinstance(definition, GraphAssetsDefinition):
        return [PlanUnit(definition, definition)]
    selected = frozenset(definition.keys & keys)
    is_whole = selected == definition.keys
    steps = definition.op_steps if is_whole else definition.closure(selected)
    return [PlanUnit(s, definition, part) for s, part in zip(steps, _parts(definition, steps, selected), strict=True)]


def job_units(steps: Sequence[OpStep], keys: Set[AssetKey] = frozenset()) -> list[PlanUnit]:
    """The units of some ops of a job's graph."""
    return [PlanUnit(s, s, part) for s, part in zip(steps, _parts(None, steps, frozenset(keys)), strict=True)]


def _parts(
    whole: GraphAssetsDefinition | None, steps: Sequence[OpStep], selected: frozenset[AssetKey]
) -> Iterator[GraphPart]:
    read = {(output.step, output.output) for step in steps for output in step.above}
    takes_all = whole is None or selected == whole.keys
    for step in steps:
        outputs = tuple(
            output.name
            for output in step.op.outputs
            if takes_all or (step.op.name, output.name) in read or (output.is_asset and output.key in selected)
        )
        named = tuple(str(key) for key in sorted(selected))
        yield GraphPart(whole.op.name if whole else "", named, outputs)


def within_graphs(units: Sequence[PlanUnit]) -> Iterator[tuple[PlanUnit, PlanUnit, AssetDep]]:
    """`(op, op that reads it, dependency)` inside of graphs: the same partitions of both."""
    by_name = {unit.definition.op.name: unit for unit in units}
    for unit in units:
        for name in dict.fromkeys(output.step for output in getattr(unit.definition, "above", ())):
            if name in by_name:
                yield by_name[name], unit, AssetDep(AssetKey(name.split(".")))


def unit_blocks(
    ordered: list[AssetsDefinition], units: Sequence[PlanUnit]
) -> Iterator[tuple[PlanUnit, PlanUnit, AssetDep]]:
    """`(check, what waits for it, dependency)` for the readers of assets with blocking checks."""
    of_whole: dict[int, list[PlanUnit]] = defaultdict(list)
    for unit in units:
        of_whole[id(unit.whole)].append(unit)
    for check, definition, dep in blocked_by(ordered):
        for unit in of_whole[id(definition)]:
            if any(own.asset_key == dep.asset_key for own in unit.definition.deps):
                yield of_whole[id(check)][0], unit, dep
