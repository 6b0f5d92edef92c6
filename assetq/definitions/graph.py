"""The asset graph: what reads what."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from assetq.definitions.asset_dep import AssetDep
from assetq.definitions.asset_key import AssetKey
from assetq.definitions.asset_spec import DEFAULT_GROUP, AssetSpec
from assetq.definitions.assets_definition import AssetChecksDefinition, AssetsDefinition
from assetq.definitions.check import AssetCheckKey
from assetq.definitions.graph_attributes import GraphAttributes, NodeAttributes
from assetq.definitions.observable import ObservableSourceAsset
from assetq.errors import CycleError, UnknownAssetError, suggest


@dataclass(frozen=True, slots=True)
class AssetNode(NodeAttributes):
    """One asset with its neighbours; `assets_def` is None for an external one."""

    spec: AssetSpec
    assets_def: AssetsDefinition | None
    children: frozenset[AssetKey]
    io_manager_key: str = "io_manager"

    @property
    def key(self) -> AssetKey:
        """Key of the asset."""
        return self.spec.key

    @property
    def deps(self) -> tuple[AssetDep, ...]:
        """What it reads."""
        return self.assets_def.deps if self.assets_def and not self.is_one_of_several else tuple(self.spec.deps)

    @property
    def is_one_of_several(self) -> bool:
        """True when its op makes other assets too; then its spec says what it is made from itself."""
        return self.assets_def is not None and len(self.assets_def.specs) > 1

    @property
    def is_executable(self) -> bool:
        """True when assetq can materialize it."""
        return self.assets_def is not None

    @property
    def group_name(self) -> str:
        """Its group; "default" when none was given."""
        return self.spec.group_name or DEFAULT_GROUP

    @property
    def tags(self) -> Mapping[str, str]:
        """Its tags."""
        return self.spec.tags

    @property
    def kinds(self) -> frozenset[str]:
        """Its kinds."""
        return self.spec.kinds

    @property
    def owners(self) -> tuple[str, ...]:
        """Its owners."""
        return tuple(self.spec.owners)

    @property
    def code_version(self) -> str | None:
        """Version of its code."""
        return self.spec.code_version

    @property
    def description(self) -> str | None:
        """What it is."""
        return self.spec.description

    @property
    def pool(self) -> str | None:
        """Its concurrency pool."""
        return self.assets_def.op.pool if self.assets_def else None

    @property
    def op_pools(self) -> frozenset[str]:
        """Every pool of which its op needs slots."""
        return self.assets_def.op.pools if self.assets_def else frozenset()

    @property
    def partitions_def(self) -> Any:
        """How it is partitioned."""
        return self.assets_def.partitions_def if self.assets_def else self.spec.partitions_def


class AssetGraph(GraphAttributes):
    """All assets of a `Definitions`, connected.

    Attributes:
        nodes: Every defined asset, external ones included.
        ops: Asset-making definitions in topological order; definition order among equals.
        executable_keys: Assets that can be materialized, in topological order.
        checks: Definitions that only evaluate checks.
        observables: Definitions that observe external assets.
    """

    def __init__(
        self,
        assets_defs: Iterable[AssetsDefinition],
        specs: Mapping[AssetKey, tuple[AssetSpec, str]],
        checks: Iterable[AssetChecksDefinition] = (),
        observables: Iterable[ObservableSourceAsset] = (),
    ) -> None:
        definitions = list(assets_defs)
        self.definition_of = {key: definition for definition in definitions for key in definition.keys}
        children: dict[AssetKey, set[AssetKey]] = defaultdict(set)
        for definition in definitions:
            for key, dep in _pairs(definition):
                children[dep.asset_key].add(key)
        for spec, _ in specs.values():
            for dep in spec.deps:
                children[dep.asset_key].add(spec.key)
        self.nodes: dict[AssetKey, AssetNode] = {}
        for definition in definitions:
            for output in definition.op.outputs:
                self.nodes[output.key] = AssetNode(
                    output.spec, definition, frozenset(children[output.key]), output.io_manager_key
                )
        for key, (spec, io_manager_key) in specs.items():
            self.nodes.setdefault(key, AssetNode(spec, None, frozenset(children[key]), io_manager_key))
        self.ops = tuple(self._sorted(definitions))
        self.checks = tuple(checks)
        self.observables = tuple(observables)

    @cached_property
    def executable_keys(self) -> tuple[AssetKey, ...]:
        """Assets that can be materialized, in topological order."""
        return tuple(output.key for definition in self.ops for output in definition.op.outputs)

    @cached_property
    def executable_key_set(self) -> frozenset[AssetKey]:
        """The same, for set operations."""
        return frozenset(self.executable_keys)

    @cached_property
    def all_nodes(self) -> Mapping[AssetKey, AssetNode]:
        """Every asset, those too that are only named by what reads or checks them; these are external."""
        below = self._below
        named = [*below, *(check.asset_key for check in self.check_keys)]
        stubs = {key: AssetNode(AssetSpec(key), None, below.get(key, frozenset())) for key in named}
        return {**self.nodes, **{key: node for key, node in stubs.items() if key not in self.nodes}}

    @cached_property
    def check_keys(self) -> tuple[AssetCheckKey, ...]:
        """Every check, in definition order."""
        definitions = (*self.ops, *self.checks, *self.observables)
        return tuple(spec.key for definition in definitions for spec in definition.check_specs)

    @property
    def observable_keys(self) -> frozenset[AssetKey]:
        """External assets that are observed here."""
        return frozenset(key for definition in self.observables for key in definition.keys)

    def get(self, key: Any) -> AssetNode:
        """The asset's node.

        Raises:
            UnknownAssetError: It is not defined; proposes the nearest.
        """
        wanted = AssetKey.from_coercible(key)
        if wanted not in self.nodes:
            raise UnknownAssetError(f"There is no asset '{wanted}'.{suggest(str(wanted), self.nodes)}")
        return self.nodes[wanted]

    def parents(self, key: AssetKey) -> tuple[AssetKey, ...]:
        """What the asset reads, other than itself."""
        return tuple(sorted(self._above[self.get(key).key]))

    def children(self, key: AssetKey) -> tuple[AssetKey, ...]:
        """What reads the asset, other than itself."""
        return tuple(sorted(self._below.get(self.get(key).key, ())))

    def ancestors(self, keys: Iterable[AssetKey], depth: int | None = None) -> set[AssetKey]:
        """Everything upstream of `keys`, at most `depth` steps away, without `keys` themselves."""
        start = set(keys)
        return _reach(start, self._above, depth) - start

    def descendants(self, keys: Iterable[AssetKey], depth: int | None = None) -> set[AssetKey]:
        """Everything downstream of `keys`, at most `depth` steps away, without `keys` themselves."""
        start = set(keys)
        return _reach(start, self._below, depth) - start

    def roots(self, keys: Iterable[AssetKey]) -> set[AssetKey]:
        """Those of `keys` with no other of them upstream, however far."""
        start = set(keys)
        return start - _reach(start, self._below, None)

    def sinks(self, keys: Iterable[AssetKey]) -> set[AssetKey]:
        """Those of `keys` with no other of them downstream, however far."""
        start = set(keys)
        return start - _reach(start, self._above, None)

    @cached_property
    def _above(self) -> dict[AssetKey, frozenset[AssetKey]]:
        """Asset -> what it reads, other than itself. Of several assets of one op, each has its own."""
        return {key: frozenset(_deps_of(node)) - {key} for key, node in self.nodes.items()}

    @cached_property
    def _below(self) -> dict[AssetKey, frozenset[AssetKey]]:
        """Asset -> what reads it, other than itself."""
        below: dict[AssetKey, set[AssetKey]] = defaultdict(set)
        for key, above in self._above.items():
            for parent in above:
                below[parent].add(key)
        return {key: frozenset(children) for key, children in below.items()}

    def _sorted(self, definitions: list[AssetsDefinition]) -> Iterable[AssetsDefinition]:
        position = {id(definition): i for i, definition in enumerate(definitions)}
        upstream = {id(d): {id(u) for u in self._upstream(d)} - {id(d)} for d in definitions}
        downstream: dict[int, list[int]] = defaultdict(list)
        for definition in definitions:
            for other in upstream[id(definition)]:
                downstream[other].append(id(definition))
        waiting = {ident: len(others) for ident, others in upstream.items()}
        ready = deque(ident for ident in position if waiting[ident] == 0)
        done = 0
        while ready:
            ident = ready.popleft()
            done += 1
            yield definitions[position[ident]]
            for follower in sorted(downstream[ident], key=position.__getitem__):
                waiting[follower] -= 1
                if waiting[follower] == 0:
                    ready.append(follower)
        if done < len(definitions):
            raise self._cycle([definitions[position[ident]] for ident, count in waiting.items() if count > 0])

    def _upstream(self, definition: AssetsDefinition) -> list[AssetsDefinition]:
        found = (self.definition_of.get(dep.asset_key) for dep in definition.deps)
        return [other for other in found if other is not None]

    def _cycle(self, stuck: list[AssetsDefinition]) -> CycleError:
        members = {id(definition) for definition in stuck}
        path, current = [stuck[0]], stuck[0]
        while True:
            current = next(u for u in self._upstream(current) if id(u) in members and u is not current)
            if any(current is seen for seen in path):
                break
            path.append(current)
        start = next(i for i, seen in enumerate(path) if seen is current)
        circle = [*path[start:], current][::-1]
        names = " -> ".join(str(sorted(definition.keys)[0]) for definition in circle)
        return CycleError(
            f"Assets depend on each other in a circle: {names}. Remove one of these dependencies.",
            asset=str(sorted(circle[0].keys)[0]),
            location=circle[0].location,
        )


def _deps_of(node: AssetNode) -> Iterable[AssetKey]:
    return (dep.asset_key for dep in node.deps)


def _pairs(definition: AssetsDefinition) -> Iterable[tuple[AssetKey, AssetDep]]:
    """`(asset, what it is made from)`: of one asset as the definition says, of several as their specs say."""
    if len(definition.specs) > 1:
        return ((spec.key, dep) for spec in definition.specs for dep in spec.deps)
    return ((key, dep) for key in definition.keys for dep in definition.deps)


def _reach(start: set[AssetKey], near: Mapping[AssetKey, frozenset[AssetKey]], depth: int | None) -> set[AssetKey]:
    """What lies 1 to `depth` steps from some of `start`; members of `start` too, if they lie beyond others of it."""
    seen: set[AssetKey] = set()
    frontier, distance = start, 0
    while frontier and (depth is None or distance < depth):
        found: set[AssetKey] = set()
        for key in frontier:
            found |= near.get(key, frozenset())
        frontier = found - seen
        seen |= found
        distance += 1
    return seen
