"""What is known about an asset apart from how it is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from assetq.definitions.asset_dep import AssetDep, merge_deps
from assetq.definitions.asset_key import AssetKey, prefix_parts
from assetq.definitions.automation_condition import check_condition
from assetq.definitions.freshness_policy import FreshnessPolicy, check_freshness
from assetq.definitions.spec_check import (
    check_class,
    check_group,
    check_metadata,
    check_owners,
    check_partitions,
    check_tags,
    check_text,
    kinds_in,
    with_kinds,
    without_kinds,
)
from assetq.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Sequence

DEFAULT_GROUP = "default"
IO_MANAGER_ENTRY = "dagster/io_manager_key"


class PartitionsLike(Protocol):
    """What definitions need of a partitions definition."""

    @property
    def identity(self) -> str:
        """Text that is equal for equal definitions."""


@dataclass(frozen=True, slots=True, init=False)
class AssetSpec:
    """Describes an asset. On its own it is an external asset: known, not made here. Mirrors Dagster's `AssetSpec`.

    Args:
        key: Anything that names the asset.
        deps: What it is made from.
        description: What it is.
        metadata: Recorded with the definition.
        skippable: Whether the function that makes it may leave it out.
        group_name: Group in the catalog.
        code_version: Version of the code that makes it.
        automation_condition, freshness_policy, is_virtual: Carried along.
        owners: E-mail addresses, or `team:name`.
        tags: For selection.
        kinds: What it is made with; each becomes the tag `dagster/kind/<kind>`.
        partitions_def: How it is partitioned.
        location: Where it was defined, for errors.

    Raises:
        DefinitionError: Something does not fit; names the asset.
    """

    key: AssetKey
    deps: list[AssetDep] = field(default_factory=list)
    description: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    skippable: bool = False
    group_name: str | None = None
    code_version: str | None = None
    automation_condition: Any = None
    owners: list[str] = field(default_factory=list)
    tags: Mapping[str, str] = field(default_factory=dict)
    partitions_def: PartitionsLike | None = None
    freshness_policy: Any = None
    is_virtual: bool = False

    def __init__(
        self,
        key: Any,
        *,
        deps: Iterable[Any] | None = None,
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        skippable: bool = False,
        group_name: str | None = None,
        code_version: str | None = None,
        automation_condition: Any = None,
        owners: Iterable[str] | None = None,
        tags: Mapping[str, str] | None = None,
        kinds: Iterable[str] | None = None,
        partitions_def: Any = None,
        freshness_policy: Any = None,
        is_virtual: bool = False,
        location: object | None = None,
    ) -> None:
        own = AssetKey.from_coercible(key)
        named = f"Asset '{own}'"
        values: dict[str, Any] = {
            "key": own,
            "deps": list(merge_deps(deps or (), own, location)),
            "description": check_text(description, "description", own, location),
            "metadata": check_metadata(metadata, own, location),
            "skippable": check_class(skippable, bool, "skippable", named, location),
            "group_name": check_group(group_name, own, location),
            "code_version": check_text(code_version, "code_version", own, location),
            "automation_condition": check_condition(automation_condition, named, location),
            "owners": check_owners(owners or (), own, location),
            "tags": with_kinds(check_tags(tags, own, location), kinds),
            "partitions_def": check_partitions(partitions_def, named, location),
            "freshness_policy": check_freshness(freshness_policy, named, location),
            "is_virtual": check_class(is_virtual, bool, "is_virtual", named, location),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def kinds(self) -> frozenset[str]:
        """What it is made with."""
        return kinds_in(self.tags)

    @property
    def partition_mappings(self) -> dict[AssetKey, Any]:
        """Upstream asset -> which partitions of it are read, where that is said."""
        return {dep.asset_key: dep.partition_mapping for dep in self.deps if dep.partition_mapping is not None}

    @property
    def io_manager_key(self) -> str | None:
        """Resource that stores and loads it, where the spec says one."""
        return self.metadata.get(IO_MANAGER_ENTRY)

    def replace_attributes(
        self,
        *,
        key: Any = ...,
        deps: Any = ...,
        description: Any = ...,
        metadata: Any = ...,
        skippable: Any = ...,
        group_name: Any = ...,
        code_version: Any = ...,
        automation_condition: Any = ...,
        owners: Any = ...,
        tags: Any = ...,
        kinds: Any = ...,
        partitions_def: Any = ...,
        freshness_policy: Any = ...,
        is_virtual: Any = ...,
    ) -> AssetSpec:
        """A copy with other attributes. Tags and kinds change independently of each other."""
        given = {name: value for name, value in locals().items() if name != "self" and value is not ...}
        own_kinds = self.kinds if kinds is ... else kinds
        own_tags = without_kinds(self.tags) if tags is ... else tags
        return AssetSpec(**{**self._values(), **given, "tags": own_tags, "kinds": own_kinds})

    def merge_attributes(
        self,
        *,
        deps: Any = ...,
        metadata: Any = ...,
        owners: Any = ...,
        tags: Any = ...,
        kinds: Any = ...,
    ) -> AssetSpec:
        """A copy with more in its collections; of two metadata entries or tags of one name the new one stays."""
        more = {
            "deps": self.deps if deps is ... else [*self.deps, *deps],
            "metadata": self.metadata if metadata is ... else {**self.metadata, **metadata},
            "owners": self.owners if owners is ... else [*self.owners, *owners],
            "tags": {**without_kinds(self.tags), **({} if tags is ... else tags)},
            "kinds": [*self.kinds, *(() if kinds is ... else kinds)],
        }
        return AssetSpec(**{**self._values(), **more})

    def with_io_manager_key(self, io_manager_key: str) -> AssetSpec:
        """A copy that another resource stores and loads."""
        return self.merge_attributes(metadata={IO_MANAGER_ENTRY: io_manager_key})

    def _values(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def apply_freshness_policy(spec: AssetSpec, policy: FreshnessPolicy, overwrite_existing: bool = True) -> AssetSpec:
    """A spec with a freshness policy. Mirrors Dagster's function; made for `map_asset_specs`.

    Args:
        spec: The spec.
        policy: The policy.
        overwrite_existing: Whether it replaces one that is there.

    Raises:
        DefinitionError: The first argument is no spec.
    """
    if not isinstance(spec, AssetSpec):
        raise DefinitionError(f"{spec!r} is no AssetSpec; use it in map_asset_specs to reach the specs of assets.")
    keep = spec.freshness_policy is not None and not overwrite_existing
    return spec if keep else spec.replace_attributes(freshness_policy=policy)


def prefixed_key(name: str, key_prefix: str | Sequence[str] | None) -> AssetKey:
    """Key of the asset `name` under a prefix."""
    return AssetKey([*prefix_parts(key_prefix), name])


__all__ = ["DEFAULT_GROUP", "IO_MANAGER_ENTRY", "AssetSpec", "PartitionsLike", "apply_freshness_policy", "prefixed_key"]
