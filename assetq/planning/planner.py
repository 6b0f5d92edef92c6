"""Makes plans: a selection of assets times a scope of partitions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from assetq.definitions import AssetCheckKey, AssetChecksDefinition, AssetDep, AssetKey, AssetsDefinition, Definitions
from assetq.definitions.asset_options import reads_earlier
from assetq.definitions.concurrency_key import key_of
from assetq.errors import DefinitionError, UsageError
from assetq.partitions import IndexSet, LastPartitionMapping, PartitionMapping, PartitionsStore
from assetq.planning.absence import refuse_absent
from assetq.planning.dependency import Snapshots, mapping_between
from assetq.planning.fanning import with_fans
from assetq.planning.node import PlanEdge, PlanNode
from assetq.planning.order import in_order
from assetq.planning.partition_set import PartitionSets, PartitionStates, StalePartitions
from assetq.planning.pinned import PinnedPartitionMapping
from assetq.planning.plan import Plan
from assetq.planning.scope import PartitionScope
from assetq.planning.subset import refuse_part
from assetq.planning.unit import PlanUnit, unit_blocks, units_of, within_graphs
from assetq.selection import select, select_checks, select_observed

PRIORITY_TAG = "assetq/priority"


def make_plan(
    defs: Definitions,
    *,
    selection: Any = "*",
    scope: PartitionScope | None = None,
    states: PartitionStates | None = None,
    now: datetime | None = None,
    store: PartitionsStore | None = None,
    stale: StalePartitions | None = None,
    refuses_absent: bool = True,
) -> Plan:
    """Plan a selection of assets times a scope of partitions. Runs nothing.

    Args:
        defs: The definitions; validated first.
        selection: What `assetq.selection.select` reads.
        scope: Which partitions; needed as soon as a selected asset has partitions.
        states: Materialized and failed partitions, for the scopes "missing" and "failed".
        now: Moment that decides which time windows exist; by default this one.
        stale: Partitions that are out of date, for the scope "stale".
        store: Where the keys of dynamic partitions are kept; the plan holds those of this moment.
        refuses_absent: Refuse what reads upstream partitions that do not exist; else its step fails.

    Returns:
        The plan; empty when nothing is missing, failed or stale.

    Raises:
        UsageError: Definitions, selection or partitions are wrong.
    """
    defs.validate()
    scope = scope or PartitionScope()
    keys = select(defs.graph, selection)
    checks = select_checks(defs.graph, selection)
    observed = select_observed(defs.graph, selection)
    grids = Snapshots(store)
    sets = PartitionSets(defs, frozenset(keys), scope, states, now, grids, stale)
    planner = _Planner(defs, frozenset(keys), checks, observed, scope, grids, sets, refuses_absent)
    text = selection if isinstance(selection, str) else ",".join(str(key) for key in keys)
    return planner.plan(text)


def plan_units(
    defs: Definitions,
    units: list[PlanUnit],
    partitions: IndexSet,
    *,
    scope: PartitionScope | None = None,
    now: datetime | None = None,
    store: PartitionsStore | None = None,
) -> Plan:
    """The plan of some units that are chosen already, each with the same partitions."""
    grids, none = Snapshots(store), frozenset[AssetKey]()
    sets = PartitionSets(defs, none, scope or PartitionScope(), None, now, grids)
    planner = _Planner(defs, none, frozenset(), none, scope or PartitionScope(), grids, sets)
    nodes = tuple(planner._node(i, unit, partitions) for i, unit in enumerate(units))
    plan = Plan(nodes, tuple(planner._edges([], units, nodes)))
    return with_fans(plan, [unit.definition for unit in units])


@dataclass(slots=True)
class _Planner:
    defs: Definitions
    keys: frozenset[AssetKey]
    checks: frozenset[AssetCheckKey]
    observed: frozenset[AssetKey]
    scope: PartitionScope
    grids: Snapshots
    sets: PartitionSets
    refuses_absent: bool = False

    def plan(self, selection: str) -> Plan:
        graph = self.defs.graph
        chosen = [definition for definition in graph.ops if definition.keys & self.keys]
        for definition in chosen:
            refuse_part(definition, self.keys)
        chosen += [definition for definition in graph.observables if definition.keys & self.observed]
        self._require_scope([*chosen, *self._checks_beside([], [])])
        sets = dict(self.sets.of_assets(chosen))
        kept = [definition for definition in chosen if sets[definition.op.name]]
        beside = self._checks_beside(chosen, kept)
        sets.update({definition.op.name: self.sets.of_check(definition) for definition in beside})
        checking = [definition for definition in beside if sets[definition.op.name]]
        ordered = in_order(kept, checking)
        units = [unit for definition in ordered for unit in units_of(definition, self.keys)]
        nodes = tuple(self._node(i, unit, sets[unit.whole.op.name]) for i, unit in enumerate(units))
        if self.refuses_absent:
            self._refuse_absent(units, nodes)
        plan = Plan(nodes, tuple(self._edges(ordered, units, nodes)), selection)
        return with_fans(plan, [unit.definition for unit in units])

    def _refuse_absent(self, units: list[PlanUnit], nodes: tuple[PlanNode, ...]) -> None:
        for unit, node in zip(units, nodes, strict=True):
            for op_input in unit.definition.op.inputs if node.partitions_def is not None else ():
                if op_input.source is None:
                    above = self.defs.graph.get(op_input.key)
                    given = op_input.asset_in.partition_mapping
                    mapping = mapping_between(unit.definition, op_input.key, above, given)
                    grids = node.partitions_def, self.grids.of(above)
                    refuse_absent(unit.definition, op_input, mapping, node.partitions, *grids)

    def _checks_beside(self, chosen: list[AssetsDefinition], kept: list[AssetsDefinition]) -> list[AssetsDefinition]:
        """Check ops to run: not those of assets that were selected and turned out to have nothing to run."""
        idle = {key for d in chosen for key in d.keys} - {key for d in kept for key in d.keys}
        return [
            definition
            for definition in self.defs.graph.checks
            if any(key in self.checks and key.asset_key not in idle for key in definition.check_keys)
        ]

    def _require_scope(self, chosen: list[AssetsDefinition]) -> None:
        partitioned = next((d for d in chosen if d.partitions_def is not None), None)
        if partitioned is not None and self.scope.is_empty:
            raise UsageError(
                f"{partitioned.noun} '{partitioned.subject}' is partitioned: say which partitions, with "
                "--partition KEY, --partitions FIRST..LAST, --all, --missing, --failed or --stale."
            )
        if partitioned is None and (self.scope.keys or self.scope.ranges):
            raise UsageError("None of the selected assets is partitioned; leave the partition out.")

    def _node(self, index: int, unit: PlanUnit, partitions: IndexSet) -> PlanNode:
        definition, op = unit.definition, unit.definition.op
        key = key_of(op.tags)
        name = key[0] if key else ""
        return PlanNode(
            index=index,
            name=op.name,
            assets=tuple(str(output.key) for output in op.outputs if output.is_asset and output.key in self.keys),
            part=unit.part,
            checks=tuple(str(key) for key in sorted(definition.check_keys) if self._is_wanted(definition, key)),
            bundle=op.bundle or "default",
            partitions_def=self.grids.of(definition),
            partitions=partitions,
            chunk=self._chunk(definition),
            retry=op.retry_policy,
            priority=_priority(definition),
            key=name,
            tags={name: op.tags[name]} if name in op.tags else {},
            fingerprint=self.defs.fingerprint([op.name]),
            is_reversed=self.scope.reverse and not any(_is_loop(definition, dep) for dep in definition.deps),
        )

    def _chunk(self, definition: AssetsDefinition) -> int:
        policy = definition.backfill_policy
        if definition.partitions_def is None:
            return 1
        return 0 if self.scope.one_step else policy.chunk if policy else 1

    def _is_wanted(self, definition: AssetsDefinition, key: AssetCheckKey) -> bool:
        if isinstance(definition, AssetChecksDefinition):
            return key in self.checks
        return not definition.whole.can_subset or key.asset_key in self.keys

    def _edges(
        self, ordered: list[AssetsDefinition], units: list[PlanUnit], nodes: tuple[PlanNode, ...]
    ) -> Iterator[PlanEdge]:
        place = {id(unit): node for unit, node in zip(units, nodes, strict=True)}
        seen: set[tuple[int, int, PartitionMapping]] = set()
        for above, below, dep in (*self._reads(units), *unit_blocks(ordered, units), *within_graphs(units)):
            mapping = mapping_between(below.definition, dep.asset_key, above.definition, dep.partition_mapping)
            edge = _edge(place[id(above)], place[id(below)], mapping, self.sets.now)
            if (parts := (edge.upstream, edge.downstream, edge.mapping)) not in seen:
                seen.add(parts)
                yield edge

    def _reads(self, units: list[PlanUnit]) -> Iterator[tuple[PlanUnit, PlanUnit, AssetDep]]:
        makers = {key: unit for unit in units for key in unit.definition.keys & self.keys}
        for unit in units:
            for dep in unit.definition.deps:
                above = makers.get(dep.asset_key)
                if above is not None and (above is not unit or _is_loop(unit.definition, dep)):
                    yield above, unit, dep


def _is_loop(definition: AssetsDefinition, dep: AssetDep) -> bool:
    """True when an op waits for its own earlier partitions; what else it has of itself is made in the same step."""
    return dep.asset_key in definition.keys and reads_earlier(dep.partition_mapping)


def _edge(above: PlanNode, below: PlanNode, mapping: PartitionMapping, now: datetime | None) -> PlanEdge:
    """The edge; that of a last partition keeps to the one of this moment, lest steps wait for a newer one."""
    if isinstance(mapping, LastPartitionMapping) and above.partitions_def is not None:
        key = above.partitions_def.get_last_partition_key(now)
        index = None if key is None else above.partitions_def.find(key)
        mapping = mapping if index is None else PinnedPartitionMapping(index)
    return PlanEdge(above.index, below.index, mapping)


def _priority(definition: AssetsDefinition) -> int:
    text = definition.op.tags.get(PRIORITY_TAG, definition.op.tags.get("dagster/priority", "0"))
    try:
        return int(text)
    except ValueError:
        raise DefinitionError(
            f"Op tag '{PRIORITY_TAG}' of '{definition.op.name}' must be a whole number, not {text!r}.",
            asset=definition.op.name,
            location=definition.location,
        ) from None
