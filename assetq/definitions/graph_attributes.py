"""What can be asked of the asset graph and its nodes under Dagster's names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from assetq.definitions.asset_key import AssetKey

if TYPE_CHECKING:
    from assetq.definitions.asset_dep import AssetDep
    from assetq.definitions.asset_spec import AssetSpec
    from assetq.definitions.assets_definition import AssetsDefinition
    from assetq.definitions.check import AssetCheckKey
    from assetq.definitions.graph import AssetNode
    from assetq.definitions.retry_policy import BackfillPolicy


class NodeAttributes:
    """The part of `AssetNode` that other attributes tell."""

    __slots__ = ()

    if TYPE_CHECKING:
        spec: AssetSpec
        assets_def: AssetsDefinition | None
        children: frozenset[AssetKey]

        @property
        def deps(self) -> tuple[AssetDep, ...]: ...

        @property
        def pool(self) -> str | None: ...
        @property
        def op_pools(self) -> frozenset[str]: ...

        @property
        def partitions_def(self) -> Any: ...

    @property
    def child_keys(self) -> frozenset[AssetKey]:
        """What reads it."""
        return self.children

    @property
    def parent_keys(self) -> frozenset[AssetKey]:
        """What it reads."""
        return frozenset(dep.asset_key for dep in self.deps)

    @property
    def is_materializable(self) -> bool:
        """Whether it is made here."""
        return self.assets_def is not None

    @property
    def is_external(self) -> bool:
        """Whether it is only known here."""
        return self.assets_def is None

    @property
    def is_partitioned(self) -> bool:
        """Whether it has partitions."""
        return self.partitions_def is not None

    @property
    def is_virtual(self) -> bool:
        """What its spec says of that."""
        return self.spec.is_virtual

    @property
    def has_self_dependency(self) -> bool:
        """Whether it reads earlier partitions of its own."""
        return self.spec.key in self.parent_keys

    @property
    def metadata(self) -> Mapping[str, Any]:
        """Its metadata, as it was given."""
        return self.spec.metadata

    @property
    def automation_condition(self) -> Any:
        """Its automation condition."""
        return self.spec.automation_condition

    @property
    def freshness_policy(self) -> Any:
        """Its freshness policy."""
        return self.spec.freshness_policy

    @property
    def backfill_policy(self) -> BackfillPolicy | None:
        """How many partitions one step takes."""
        return self.assets_def.backfill_policy if self.assets_def else None

    @property
    def partition_mappings(self) -> dict[AssetKey, Any]:
        """Upstream asset -> which partitions of it are read, where that is said."""
        return {dep.asset_key: dep.partition_mapping for dep in self.deps if dep.partition_mapping is not None}

    @property
    def pools(self) -> set[str]:
        """Its concurrency pools."""
        return set(self.op_pools)

    def to_asset_spec(self) -> AssetSpec:
        """What is known of it."""
        return self.spec


class GraphAttributes:
    """The part of `AssetGraph` that its nodes tell."""

    if TYPE_CHECKING:
        nodes: dict[AssetKey, AssetNode]

        @property
        def check_keys(self) -> tuple[AssetCheckKey, ...]: ...

        @property
        def observable_keys(self) -> frozenset[AssetKey]: ...

        def parents(self, key: AssetKey) -> tuple[AssetKey, ...]: ...

    @property
    def asset_nodes(self) -> list[AssetNode]:
        """Every asset."""
        return list(self.nodes.values())

    @property
    def asset_check_keys(self) -> set[AssetCheckKey]:
        """Every check."""
        return set(self.check_keys)

    @property
    def materializable_asset_keys(self) -> set[AssetKey]:
        """Assets that are made here."""
        return {key for key, node in self.nodes.items() if node.is_materializable}

    @property
    def observable_asset_keys(self) -> set[AssetKey]:
        """Assets that are observed here."""
        return set(self.observable_keys)

    @property
    def executable_asset_keys(self) -> set[AssetKey]:
        """Assets that are made or observed here."""
        return self.materializable_asset_keys | self.observable_asset_keys

    @property
    def external_asset_keys(self) -> set[AssetKey]:
        """Assets that are not made here."""
        return set(self.nodes) - self.materializable_asset_keys

    @property
    def unexecutable_asset_keys(self) -> set[AssetKey]:
        """Assets that are neither made nor observed here."""
        return set(self.nodes) - self.executable_asset_keys

    @property
    def unpartitioned_asset_keys(self) -> set[AssetKey]:
        """Assets without partitions."""
        return {key for key, node in self.nodes.items() if not node.is_partitioned}

    @property
    def root_materializable_asset_keys(self) -> set[AssetKey]:
        """Assets that are made here and read none that is, at any distance."""
        made = self.materializable_asset_keys
        fed: set[AssetKey] = set()  # what reads something that is made here
        for key in self.toposorted_asset_keys:
            if any(parent in made or parent in fed for parent in self.parents(key)):
                fed.add(key)
        return made - fed

    @property
    def all_group_names(self) -> set[str]:
        """Every group."""
        return {node.group_name for node in self.nodes.values()}

    @property
    def toposorted_asset_keys(self) -> list[AssetKey]:
        """Every asset, each after what it reads."""
        return [key for level in self.toposorted_asset_keys_by_level for key in level]

    @property
    def toposorted_asset_keys_by_level(self) -> list[list[AssetKey]]:
        """Every asset, by how far it is from what reads nothing; sorted within a level."""
        waiting = {key: {parent for parent in self.parents(key) if parent in self.nodes} for key in self.nodes}
        readers: dict[AssetKey, list[AssetKey]] = defaultdict(list)
        for key, parents in waiting.items():
            for parent in parents:
                readers[parent].append(key)
        levels = [sorted(key for key, parents in waiting.items() if not parents)]
        left = {key: len(parents) for key, parents in waiting.items()}
        while levels[-1]:
            ready: list[AssetKey] = []
            for reader in (reader for key in levels[-1] for reader in readers[key]):
                left[reader] -= 1
                ready += [reader] if left[reader] == 0 else []
            levels.append(sorted(ready))
        return levels[:-1]

    def get_all_asset_keys(self) -> set[AssetKey]:
        """Every asset."""
        return set(self.nodes)

    def has(self, key: Any) -> bool:
        """Whether there is an asset or check of this key."""
        return key in self.nodes or key in self.check_keys

    def asset_keys_for_group(self, group_name: str) -> set[AssetKey]:
        """The assets of a group."""
        return {key for key, node in self.nodes.items() if node.group_name == group_name}
