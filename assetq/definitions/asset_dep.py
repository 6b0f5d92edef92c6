"""How one asset reads another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from assetq.definitions.asset_key import AssetKey, prefix_parts
from assetq.errors import DefinitionError


class AssetDep:
    """A dependency that is not loaded. Mirrors Dagster's `AssetDep`.

    Args:
        asset: Anything that names an asset.
        partition_mapping: Which partitions of it are read.
        metadata: About the dependency.
    """

    __slots__ = ("asset_key", "metadata", "partition_mapping")
    asset_key: AssetKey

    def __init__(self, asset: Any, *, partition_mapping: Any = None, metadata: Mapping[str, Any] | None = None) -> None:
        if isinstance(asset, AssetDep):
            raise DefinitionError(
                f"{asset!r} is a dependency already; pass it on as it is.", asset=str(asset.asset_key)
            )
        self.asset_key = AssetKey.from_coercible(asset)
        self.partition_mapping = partition_mapping
        self.metadata = dict(metadata or {})

    @property
    def asset(self) -> AssetKey:
        """Key of the upstream asset."""
        return self.asset_key

    @classmethod
    def from_coercible(cls, value: Any) -> AssetDep:
        """A dependency from a dependency, or from anything that names an asset."""
        return value if isinstance(value, AssetDep) else cls(value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AssetDep) and _same(self, other)

    def __hash__(self) -> int:
        return hash(self.asset_key)

    def __repr__(self) -> str:
        return f"AssetDep({self.asset_key})"


class AssetIn:
    """How an argument is loaded from an asset. Mirrors Dagster's `AssetIn`.

    Args:
        key: The asset; by default the argument's name, under `key_prefix`.
        metadata: For the I/O manager.
        key_prefix: Parts before the argument's name; "/" separates parts.
        input_manager_key: Resource that loads it, instead of the I/O manager that stored it.
        partition_mapping: Which partitions of it are read.
        dagster_type: Type of the value; `Nothing` means not loaded.
    """

    __slots__ = ("dagster_type", "input_manager_key", "key", "key_prefix", "metadata", "partition_mapping")

    def __init__(
        self,
        key: Any = None,
        metadata: Mapping[str, Any] | None = None,
        key_prefix: str | Sequence[str] | None = None,
        input_manager_key: str | None = None,
        partition_mapping: Any = None,
        dagster_type: Any = None,
    ) -> None:
        if key is not None and key_prefix is not None:
            raise DefinitionError("AssetIn takes key or key_prefix, not both: put the prefix into the key.")
        self.key = None if key is None else AssetKey.from_coercible(key)
        self.metadata = dict(metadata or {})
        self.key_prefix = prefix_parts(key_prefix)
        self.input_manager_key = input_manager_key
        self.partition_mapping = partition_mapping
        self.dagster_type = dagster_type

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AssetIn) and _same(self, other)

    def __hash__(self) -> int:
        return hash((self.key, self.input_manager_key))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__slots__ if getattr(self, name))
        return f"AssetIn({shown})"

    def key_for(self, argument: str) -> AssetKey:
        """Key of the asset that the argument reads."""
        return self.key or AssetKey([*self.key_prefix, argument])


def _same(one: AssetDep | AssetIn, other: AssetDep | AssetIn) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in one.__slots__)


def merge_deps(deps: Iterable[AssetDep], asset: AssetKey, location: object | None) -> tuple[AssetDep, ...]:
    """The dependencies, each upstream asset once.

    Raises:
        DefinitionError: One asset is given twice with different partition mappings.
    """
    merged: dict[AssetKey, AssetDep] = {}
    for dep in deps:
        other = merged.setdefault(dep.asset_key, dep)
        if other is not dep and other.partition_mapping != dep.partition_mapping:
            raise DefinitionError(
                f"Asset '{asset}' depends on '{dep.asset_key}' twice with different partition mappings; keep one.",
                asset=str(asset),
                location=location,
            )
    return tuple(merged.values())
