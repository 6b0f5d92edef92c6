"""Which partitions of each selected asset run: a scope, followed along the mappings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from assetq.definitions import AssetKey, AssetsDefinition, Definitions
from assetq.errors import UnknownPartitionError, UsageError
from assetq.partitions import IndexSet, PartitionsDefinition
from assetq.planning.dependency import Snapshots, mapping_between
from assetq.planning.scope import PartitionScope

PartitionStates = Callable[[str, PartitionsDefinition | None], tuple[IndexSet, IndexSet]]
"""Asset key and partitions -> (materialized, failed)."""

StalePartitions = Callable[[Definitions, AssetKey], IndexSet]
"""Definitions and an asset -> its partitions that are out of date."""

WHOLE = IndexSet.range(0, 1)


@dataclass(slots=True)
class PartitionSets:
    """Partitions to run by op name, for the definitions of one plan."""

    defs: Definitions
    keys: frozenset[AssetKey]
    scope: PartitionScope
    states: PartitionStates | None
    now: datetime | None
    grids: Snapshots
    stale: StalePartitions | None = None
    found: dict[str, IndexSet] = field(default_factory=dict)

    def of_assets(self, chosen: Sequence[AssetsDefinition]) -> dict[str, IndexSet]:
        """Of definitions in topological order; empty where nothing is to run.

        Raises:
            UsageError: The scope names what no anchor has.
        """
        if self.scope.missing or self.scope.failed:
            self.found = {d.op.name: self._by_status(d) for d in chosen}
        elif self.scope.stale:
            for definition in chosen:
                self.found[definition.op.name] = self._out_of_date(definition)
        elif self.scope.all or self.scope.is_empty:
            self.found = {d.op.name: self.everything(d) for d in chosen}
        else:
            self._follow(chosen)
        return self.found

    def of_check(self, definition: AssetsDefinition) -> IndexSet:
        """Of a check: what is made beside it; what is named when its asset is not made."""
        if definition.partitions_def is None:
            return WHOLE
        makers = [self.defs.graph.nodes[key.asset_key].assets_def for key in definition.check_keys]
        if any(maker is not None and maker.op.name in self.found for maker in makers):
            return _union(list(self._reading(definition)))
        return self.everything(definition) if self.scope.all else self._named(definition)

    def everything(self, definition: AssetsDefinition) -> IndexSet:
        """Every partition that exists."""
        grid = self.grids.of(definition)
        return WHOLE if grid is None else grid.all_indices(self.now)

    def _by_status(self, definition: AssetsDefinition) -> IndexSet:
        if self.states is None:
            raise UsageError("Which partitions are missing or failed is known by an instance only; plan against one.")
        every, wanted = self.everything(definition), IndexSet()
        for key in definition.keys & self.keys:
            materialized, failed = self.states(str(key), self.grids.of(definition))
            wanted = wanted | ((every - materialized) if self.scope.missing else (every & failed))
        return wanted

    def _out_of_date(self, definition: AssetsDefinition) -> IndexSet:
        """What is stale, and what was made and reads what will be made again."""
        if self.stale is None or self.states is None:
            raise UsageError("Which partitions are out of date is known by an instance only; plan against one.")
        grid = self.grids.of(definition)
        above = IndexSet() if grid is None else _union(list(self._reading(definition)))
        if grid is None and any(self.found.get(name) for name in self._makers(definition)):
            above = WHOLE
        wanted = IndexSet()
        for key in definition.keys & self.keys:
            wanted = wanted | self.stale(self.defs, key) | (above & self.states(str(key), grid)[0])
        return wanted & self.everything(definition)

    def _makers(self, definition: AssetsDefinition) -> Iterator[str]:
        for dep in definition.deps:
            above = self.defs.graph.nodes[dep.asset_key].assets_def
            if above is not None and above is not definition:
                yield above.op.name

    def _follow(self, chosen: Sequence[AssetsDefinition]) -> None:
        """From the anchors to what reads them, then to what that reads besides, until nothing more comes up.

        From an anchor that is named by the scope, what it reads comes first. Without one, the keys name the
        partitions of every asset that is partitioned like an anchor, whatever it reads of the others.
        """
        self.found = {d.op.name: WHOLE for d in chosen if d.partitions_def is None}
        anchors = self._anchors(chosen)
        self._name(anchors)
        if self.scope.anchor is None:
            self._name_alike(chosen, anchors)
        upwards = self.scope.anchor is not None
        idle = 0
        while idle < 2:
            idle = 0 if self._pass(chosen[::-1] if upwards else chosen, upwards) else idle + 1
            upwards = not upwards
        for definition in chosen:
            self.found.setdefault(definition.op.name, IndexSet())

    def _pass(self, ordered: Sequence[AssetsDefinition], upwards: bool) -> bool:
        """Find what follows from a neighbour; True when something did."""
        before = len(self.found)
        for definition in ordered:
            if definition.op.name not in self.found:
                sets = list(self._read(definition) if upwards else self._reading(definition))
                if sets:
                    self.found[definition.op.name] = _union(sets)
        return len(self.found) > before

    def _anchors(self, chosen: Sequence[AssetsDefinition]) -> list[AssetsDefinition]:
        if self.scope.anchor is not None:
            return [self._named_anchor(self.scope.anchor)]
        partitioned = [d for d in chosen if d.partitions_def is not None]
        inside = {key for d in partitioned for key in d.keys}
        return [d for d in partitioned if not any(dep.asset_key in inside - d.keys for dep in d.deps)]

    def _named_anchor(self, key: str) -> AssetsDefinition:
        anchor = self.defs.get_assets_def(key)
        if anchor.partitions_def is None:
            raise UsageError(f"Asset '{key}' is not partitioned, so no partitions can be named by it.")
        return anchor

    def _name_alike(self, chosen: Sequence[AssetsDefinition], anchors: Sequence[AssetsDefinition]) -> None:
        named = {self.grids.of(d): self.found[d.op.name] for d in anchors if d.op.name in self.found}
        for definition in chosen:
            if definition.op.name not in self.found and self.grids.of(definition) in named:
                self.found[definition.op.name] = named[self.grids.of(definition)]

    def _name(self, anchors: Sequence[AssetsDefinition]) -> None:
        """Every anchor that has the partitions of the scope.

        Raises:
            UnknownPartitionError: None has.
        """
        problem: UnknownPartitionError | None = None
        named: dict[str, IndexSet] = {}
        for definition in anchors:
            try:
                named[definition.op.name] = self._named(definition)
            except UnknownPartitionError as error:
                own = sorted(definition.keys)[0]
                problem = problem or UnknownPartitionError(f"Asset '{own}': {error}")
        if problem is not None and not named:
            raise problem
        self.found |= named

    def _named(self, definition: AssetsDefinition) -> IndexSet:
        grid = self.grids.of(definition)
        assert grid is not None
        return self.scope.resolve(grid, self.now)

    def _reading(self, definition: AssetsDefinition) -> Iterator[IndexSet]:
        """Partitions of an asset that read planned ones of each asset above it."""
        below = self.grids.of(definition)
        for dep in definition.deps if below is not None else ():
            above = self.defs.graph.nodes[dep.asset_key].assets_def
            if above is None or above is definition or above.op.name not in self.found:
                continue
            if (grid := self.grids.of(above)) is not None:
                mapping = mapping_between(definition, dep.asset_key, above, dep.partition_mapping)
                yield mapping.downstream(self.found[above.op.name], grid, below)

    def _read(self, definition: AssetsDefinition) -> Iterator[IndexSet]:
        """Partitions of an asset that planned ones of each asset below it read."""
        above = self.grids.of(definition)
        nodes = self.defs.graph.nodes
        readers = {
            id(d): d for key in definition.keys for child in nodes[key].children if (d := nodes[child].assets_def)
        }
        for reader in readers.values():
            grid = self.grids.of(reader)
            if reader is definition or grid is None or reader.op.name not in self.found:
                continue
            for dep in reader.deps:
                if dep.asset_key in definition.keys:
                    mapping = mapping_between(reader, dep.asset_key, definition, dep.partition_mapping)
                    yield mapping.upstream(self.found[reader.op.name], grid, above)


def _union(sets: Sequence[IndexSet]) -> IndexSet:
    return IndexSet.of(*(span for found in sets for span in found.ranges))
