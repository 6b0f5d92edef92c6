"""How one asset reads another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from assetq.definitions.asset_key import AssetKey, prefix_parts
from assetq.definitions.spec_check import check_class, check_mapping, check_type
from assetq.errors import DefinitionError


@dataclass(frozen=True, slots=True, init=False, repr=False)
class AssetDep:
    """A dependency that is not loaded. Mirrors Dagster's `AssetDep`.

    Args:
        asset: Anything that names an asset.
        partition_mapping: Which partitions of it are read.
        metadata: About the dependency.
    """

    asset_key: AssetKey
    partition_mapping: Any = None
    metadata: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __init__(self, asset: Any, *, partition_mapping: Any = None, metadata: Mapping[str, Any] | None = None) -> None:
        if isinstance(asset, AssetDep):
            raise DefinitionError(
                f"{asset!r} is a dependency already; pass it on as it is.", asset=str(asset.asset_key)
            )
        object.__setattr__(self, "asset_key", AssetKey.from_coercible(asset))
        owner = f"AssetDep('{self.asset_key}')"
        object.__setattr__(self, "partition_mapping", check_mapping(partition_mapping, owner))
        object.__setattr__(self, "metadata", dict(check_class(metadata, Mapping, "metadata", owner) or {}))

    @property
    def asset(self) -> AssetKey:
        """Key of the upstream asset."""
        return self.asset_key

    @classmethod
    def from_coercible(cls, value: Any) -> AssetDep:
        """A dependency from a dependency, or from anything that names an asset."""
        return value if isinstance(value, AssetDep) else cls(value)

    @classmethod
    def all_from(cls, value: Any) -> list[AssetDep]:
        """The same, from something that may stand for several assets: each of them."""
        specs = getattr(value, "specs", ())
        return [cls(spec.key) for spec in specs] if len(specs) > 1 else [cls.from_coercible(value)]

    def rekeyed(self, replacements: Mapping[AssetKey, AssetKey]) -> AssetDep:
        """The dependency on what its asset is called now."""
        key = replacements.get(self.asset_key, self.asset_key)
        return AssetDep(key, partition_mapping=self.partition_mapping, metadata=self.metadata)

    def __repr__(self) -> str:
        return f"AssetDep({self.asset_key})"


@dataclass(frozen=True, slots=True, init=False)
class AssetIn:
    """How an argument is loaded from an asset. Mirrors Dagster's `AssetIn`.

    Args:
        key: The asset; by default the argument's name, under `key_prefix`.
        metadata: For the I/O manager; `"assetq/cache": True` has a process keep the value for further steps.
        key_prefix: Parts before the argument's name; "/" separates parts.
        input_manager_key: Resource that loads it, instead of the I/O manager that stored it.
        partition_mapping: Which partitions of it are read.
        dagster_type: Type of the value; `Nothing` means not loaded.
    """

    key: AssetKey | None
    metadata: Mapping[str, Any]
    key_prefix: list[str]
    input_manager_key: str | None
    partition_mapping: Any
    dagster_type: Any

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
        values = {
            "key": None if key is None else AssetKey.from_coercible(key),
            "metadata": dict(check_class(metadata, Mapping, "metadata", "AssetIn") or {}),
            "key_prefix": _prefix(key_prefix),
            "input_manager_key": check_class(input_manager_key, str, "input_manager_key", "AssetIn"),
            "partition_mapping": check_mapping(partition_mapping, "AssetIn"),
            "dagster_type": check_type(dagster_type, "AssetIn"),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @classmethod
    def from_coercible(cls, value: Any) -> AssetIn:
        """An `AssetIn` from one, or from an asset key as it may be written.

        Raises:
            DefinitionError: It is neither.
        """
        if isinstance(value, AssetIn):
            return value
        if isinstance(value, str | AssetKey | list | tuple):
            return cls(key=value)
        raise DefinitionError(f"{value!r} does not say how an argument is loaded. Give an AssetIn or an asset key.")

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__slots__ if getattr(self, name))
        return f"AssetIn({shown})"

    def key_for(self, argument: str) -> AssetKey:
        """Key of the asset that the argument reads."""
        return self.key or AssetKey([*self.key_prefix, argument])

    def resolve_key(self, input_name: str) -> AssetKey:
        """Key of the asset that the argument reads, as Dagster calls it."""
        return self.key_for(input_name)


def _prefix(given: Any) -> list[str]:
    parts = prefix_parts(check_class(given, Sequence, "key_prefix", "AssetIn"))
    for part in parts:
        check_class(part, str, "key_prefix", "AssetIn")
    return parts


def merge_deps(deps: Iterable[Any], asset: AssetKey, location: object | None) -> tuple[AssetDep, ...]:
    """The dependencies, each upstream asset once; of two partition mappings for one asset the later stays.

    Args:
        deps: Dependencies, or what names assets.
        asset: What depends on them, for the error.
        location: Where that was defined, for the error.

    Raises:
        DefinitionError: One asset is given with a partition mapping and without.
    """
    merged: dict[AssetKey, AssetDep] = {}
    for dep in (one for value in deps for one in AssetDep.all_from(value)):
        other = merged.get(dep.asset_key, dep)
        if (other.partition_mapping is None) != (dep.partition_mapping is None):
            raise DefinitionError(
                f"Asset '{asset}' depends on '{dep.asset_key}' twice, with a partition mapping and without; keep one.",
                asset=str(asset),
                location=location,
            )
        merged[dep.asset_key] = dep
    return tuple(merged.values())
