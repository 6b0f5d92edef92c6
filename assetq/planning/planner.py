"""Makes plans: a selection of assets times a scope of partitions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from assetq.definitions import AssetCheckKey, AssetChecksDefinition, AssetKey, AssetsDefinition, Definitions
from assetq.errors import CycleError, DefinitionError, UnknownPartitionError, UsageError
from assetq.partitions import (
    AllPartitionMapping,
    IndexSet,
    PartitionMapping,
    PartitionsDefinition,
    TimeWindowPartitionMapping,
    TimeWindowPartitionsDefinition,
    default_mapping,
)
from assetq.planning.node import PlanEdge, PlanNode
from assetq.planning.plan import Plan
from assetq.planning.scope import PartitionScope
from assetq.selection import select, select_checks

PartitionStates = Callable[[str, PartitionsDefinition | None], tuple[IndexSet, IndexSet]]
"""Asset key and partitions -> (materialized, failed)."""

WHOLE = IndexSet.range(0, 1)
PRIORITY_TAG = "assetq/priority"


def make_plan(
    defs: Definitions,
    *,
    selection: Any = "*",
    scope: PartitionScope | None = None,
    states: PartitionStates | None = None,
    now: datetime | None = None,
) -> Plan:
    """Plan a selection of assets times a scope of partitions. Runs nothing.

    Args:
        defs: The definitions; validated first.
        selection: What `assetq.selection.select` reads.
        scope: Which partitions; needed as soon as a selected asset has partitions.
        states: Materialized and failed partitions, for the scopes "missing" and "failed".
        now: Moment that decides which time windows exist; by default this one.

    Returns:
        The plan; empty when nothing is missing or failed.

    Raises:
        UsageError: Definitions, selection or partitions are wrong.
    """
    defs.validate()
    scope = scope or PartitionScope()
    keys = select(defs.graph, selection)
    checks = select_checks(defs.graph, selection)
    planner = _Planner(defs, frozenset(keys), checks, scope, states, now)
    text = selection if isinstance(selection, str) else ",".join(str(key) for key in keys)
    return planner.plan(text)


@dataclass(slots=True)
class _Planner:
    defs: Definitions
    keys: frozenset[AssetKey]
    checks: frozenset[AssetCheckKey]
    scope: PartitionScope
    states: PartitionStates | None
    now: datetime | None

    def plan(self, selection: str) -> Plan:
        chosen = [definition for definition in self.defs.graph.ops if definition.keys & self.keys]
        self._require_scope([*chosen, *self._checks_beside(chosen, chosen)])
        sets = self._partition_sets(chosen)
        kept = [definition for definition in chosen if sets[definition.op.name]]
        checking = self._checks_beside(chosen, kept)
        sets.update({definition.op.name: self._checked(definition, kept, sets) for definition in checking})
        checking = [definition for definition in checking if sets[definition.op.name]]
        ordered = in_order(kept, checking)
        nodes = tuple(self._node(i, definition, sets[definition.op.name]) for i, definition in enumerate(ordered))
        return Plan(nodes, tuple(self._edges(ordered)), selection)

    def _checks_beside(self, chosen: list[AssetsDefinition], kept: list[AssetsDefinition]) -> list[AssetsDefinition]:
        """Check ops to run: not those of assets that were selected and turned out to have nothing to run."""
        idle = {key for d in chosen for key in d.keys} - {key for d in kept for key in d.keys}
        return [
            definition
            for definition in self.defs.graph.checks
            if any(key in self.checks and key.asset_key not in idle for key in definition.check_keys)
        ]

    def _checked(self, check: AssetsDefinition, kept: list[AssetsDefinition], sets: Mapping[str, IndexSet]) -> IndexSet:
        """Partitions that a check runs for: those of its asset that run, or those that were named."""
        if check.partitions_def is None:
            return WHOLE
        checked = {key.asset_key for key in check.check_keys}
        same = [d for d in kept if d.keys & checked and d.partitions_def is not None]
        same = [d for d in same if d.partitions_def.identity == check.partitions_def.identity]
        if same:
            return sets[same[0].op.name]
        if self.scope.keys or self.scope.ranges:
            return self._resolve(check.partitions_def)
        return self._all(check)

    def _require_scope(self, chosen: list[AssetsDefinition]) -> None:
        partitioned = next((d for d in chosen if d.partitions_def is not None), None)
        if partitioned is not None and self.scope.is_empty:
            raise UsageError(
                f"{partitioned.noun} '{partitioned.subject}' is partitioned: say which partitions, with "
                "--partition KEY, --partitions FIRST..LAST, --all, --missing or --failed."
            )
        if partitioned is None and (self.scope.keys or self.scope.ranges):
            raise UsageError("None of the selected assets is partitioned; leave the partition out.")

    def _partition_sets(self, chosen: list[AssetsDefinition]) -> dict[str, IndexSet]:
        if self.scope.missing or self.scope.failed:
            return {d.op.name: self._by_status(d) for d in chosen}
        if self.scope.all or self.scope.is_empty:
            return {d.op.name: self._all(d) for d in chosen}
        return self._by_key(chosen)

    def _all(self, definition: AssetsDefinition) -> IndexSet:
        grid = definition.partitions_def
        return WHOLE if grid is None else grid.all_indices(self.now)

    def _by_status(self, definition: AssetsDefinition) -> IndexSet:
        if self.states is None:
            raise UsageError("Which partitions are missing or failed is known by an instance only; plan against one.")
        every, wanted = self._all(definition), IndexSet()
        for key in definition.keys & self.keys:
            materialized, failed = self.states(str(key), definition.partitions_def)
            wanted = wanted | ((every - materialized) if self.scope.missing else (every & failed))
        return wanted

    def _by_key(self, chosen: list[AssetsDefinition]) -> dict[str, IndexSet]:
        anchors = self._anchors(chosen)
        named = self._named_partitions(anchors)
        sets: dict[str, IndexSet] = {}
        for definition in chosen:
            name = definition.op.name
            if definition.partitions_def is None:
                sets[name] = WHOLE
            elif name in named:
                sets[name] = named[name]
            else:
                sets[name] = self._derived(definition, sets)
        return sets

    def _anchors(self, chosen: list[AssetsDefinition]) -> list[AssetsDefinition]:
        if self.scope.anchor is not None:
            return [self.defs.get_assets_def(self.scope.anchor)]
        partitioned = [d for d in chosen if d.partitions_def is not None]
        inside = {key for d in partitioned for key in d.keys}
        return [d for d in partitioned if not any(dep.asset_key in inside - d.keys for dep in d.deps)]

    def _named_partitions(self, anchors: list[AssetsDefinition]) -> dict[str, IndexSet]:
        named: dict[str, IndexSet] = {}
        problem: UnknownPartitionError | None = None
        for definition in anchors:
            try:
                named[definition.op.name] = self._resolve(definition.partitions_def)
            except UnknownPartitionError as error:
                own = sorted(definition.keys)[0]
                problem = problem or UnknownPartitionError(f"Asset '{own}': {error}")
        if not named:
            assert problem is not None
            raise problem
        return named

    def _resolve(self, grid: Any) -> IndexSet:
        found = IndexSet.from_indices(grid.index_of(key, self.now) for key in self.scope.keys)
        for first, last in self.scope.ranges:
            start, end = grid.index_of(first, self.now), grid.index_of(last, self.now)
            if start > end:
                raise UsageError(f"Range '{first}..{last}' runs backwards; write '{last}..{first}'.")
            found = found | IndexSet.range(start, end + 1)
        return found

    def _derived(self, definition: AssetsDefinition, sets: Mapping[str, IndexSet]) -> IndexSet:
        """Partitions of an asset that read some planned partition of the assets above it."""
        reached = IndexSet()
        for dep in definition.deps:
            above = self.defs.graph.nodes[dep.asset_key].assets_def
            if above is None or above is definition or above.op.name not in sets:
                continue
            mapping = mapping_between(definition, dep.asset_key, above, dep.partition_mapping)
            if above.partitions_def is None:
                continue
            reached = reached | mapping.downstream(sets[above.op.name], above.partitions_def, definition.partitions_def)
        return reached

    def _node(self, index: int, definition: AssetsDefinition, partitions: IndexSet) -> PlanNode:
        policy = definition.backfill_policy
        op = definition.op
        return PlanNode(
            index=index,
            name=op.name,
            assets=tuple(str(output.key) for output in op.outputs if output.key in self.keys),
            checks=tuple(str(key) for key in sorted(definition.check_keys) if self._is_wanted(definition, key)),
            pool=op.pool or "default",
            partitions_def=definition.partitions_def,
            partitions=partitions,
            chunk=policy.chunk if policy and definition.partitions_def is not None else 1,
            retry=op.retry_policy,
            priority=_priority(definition),
            fingerprint=self.defs.fingerprint([op.name]),
        )

    def _is_wanted(self, definition: AssetsDefinition, key: AssetCheckKey) -> bool:
        return not isinstance(definition, AssetChecksDefinition) or key in self.checks

    def _edges(self, ordered: list[AssetsDefinition]) -> list[PlanEdge]:
        place = {id(definition): i for i, definition in enumerate(ordered)}
        edges: dict[tuple[int, int, PartitionMapping], PlanEdge] = {}
        for definition in ordered:
            for dep in definition.deps:
                above = self.defs.graph.nodes[dep.asset_key].assets_def
                if above is None or above is definition or id(above) not in place:
                    continue
                mapping = mapping_between(definition, dep.asset_key, above, dep.partition_mapping)
                edge = PlanEdge(place[id(above)], place[id(definition)], mapping)
                edges[edge.upstream, edge.downstream, mapping] = edge
        for check, definition in blocked_by(ordered):
            edge = PlanEdge(place[id(check)], place[id(definition)], AllPartitionMapping())
            edges[edge.upstream, edge.downstream, edge.mapping] = edge
        return list(edges.values())


def blocked_by(definitions: list[AssetsDefinition]) -> Iterator[tuple[AssetsDefinition, AssetsDefinition]]:
    """`(check, asset)` for each asset that a blocking check among the definitions keeps waiting."""
    for check in definitions:
        if not isinstance(check, AssetChecksDefinition):
            continue
        guarded = {spec.asset_key for spec in check.check_specs if spec.blocking}
        for definition in definitions:
            if definition.keys and guarded & {dep.asset_key for dep in definition.deps} - definition.keys:
                yield check, definition


def in_order(assets: list[AssetsDefinition], checks: list[AssetsDefinition]) -> list[AssetsDefinition]:
    """Assets and checks in topological order: a check behind what it needs, before what it blocks.

    Raises:
        CycleError: A blocking check needs an asset that waits for it.
    """
    if not checks:
        return assets
    everything = [*assets, *checks]
    made_by = {key: definition for definition in assets for key in definition.keys}
    needs = {
        id(d): {id(made_by[dep.asset_key]) for dep in d.deps if dep.asset_key in made_by} - {id(d)} for d in everything
    }
    for check, definition in blocked_by(everything):
        needs[id(definition)].add(id(check))
    ordered: list[AssetsDefinition] = []
    placed: set[int] = set()
    while len(ordered) < len(everything):
        ready = next((d for d in everything if id(d) not in placed and needs[id(d)] <= placed), None)
        if ready is None:
            stuck = next(d for d in checks if id(d) not in placed)
            raise CycleError(
                f"Blocking check '{stuck.subject}' needs an asset that waits for it. Remove one of these dependencies.",
                asset=stuck.subject,
                location=stuck.location,
            )
        ordered.append(ready)
        placed.add(id(ready))
    return ordered


class Partitioned(Protocol):
    """What has partitions, or None."""

    @property
    def partitions_def(self) -> Any:
        """How it is partitioned."""


def mapping_between(
    definition: AssetsDefinition,
    upstream_key: AssetKey,
    above: Partitioned,
    given: PartitionMapping | None,
) -> PartitionMapping:
    """The mapping of a dependency: the given one if it fits, else the default.

    Raises:
        DefinitionError: A time-window mapping between assets that are not both partitioned by time.
    """
    if definition.partitions_def is None or above.partitions_def is None:
        return AllPartitionMapping()
    if given is None:
        return default_mapping(definition.partitions_def, above.partitions_def)
    grids = (definition.partitions_def, above.partitions_def)
    if isinstance(given, TimeWindowPartitionMapping) and not all(
        isinstance(grid, TimeWindowPartitionsDefinition) for grid in grids
    ):
        own = sorted(definition.keys)[0]
        raise DefinitionError(
            f"Asset '{own}' reads '{upstream_key}' through a TimeWindowPartitionMapping, but both must be "
            "partitioned by time.",
            asset=str(own),
            location=definition.location,
        )
    return given


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
