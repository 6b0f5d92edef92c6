"""What is known about an asset apart from how it is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Protocol

from assetq.definitions.asset_dep import AssetDep, deps_from, merge_deps
from assetq.definitions.asset_key import AssetKey
from assetq.definitions.attribute import (
    check_group,
    check_kinds,
    check_metadata,
    check_owners,
    check_partitions,
    check_tags,
)
from assetq.definitions.source_location import SourceLocation, located, user_location

DEFAULT_GROUP = "default"


class PartitionsLike(Protocol):
    """What definitions need of a partitions definition."""

    @property
    def identity(self) -> str:
        """Text that is equal for equal definitions."""


@dataclass(frozen=True, slots=True, init=False)
class AssetSpec:
    """Describes an asset. On its own it is an external asset: known, not made here. Mirrors Dagster's `AssetSpec`.

    Args:
        key: The asset.
        deps: What it is derived from.
        description, metadata, owners, tags, kinds: For people and for selection.
        skippable: True when a run may leave it out.
        group_name: Group in the catalog; "default" when there is none.
        code_version: Version of the code that makes it.
        automation_condition: Carried along.
        partitions_def: How it is partitioned.
        location: Where it was defined; by default the line of the call.

    Raises:
        DefinitionError: An attribute does not fit; names the asset, file and line.
    """

    key: AssetKey
    deps: tuple[AssetDep, ...] = ()
    description: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict, hash=False)
    skippable: bool = False
    group_name: str | None = None
    code_version: str | None = None
    automation_condition: Any = field(default=None, hash=False)
    owners: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)
    kinds: frozenset[str] = frozenset()
    partitions_def: Any = field(default=None, hash=False)
    location: SourceLocation | None = field(default=None, compare=False, repr=False)

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
        location: SourceLocation | None = None,
    ) -> None:
        place = location or user_location()
        with located(location=place):
            own = AssetKey.from_coercible(key)
        with located(own, place):
            checked_tags = check_tags(tags, own)
            values: dict[str, Any] = {
                "key": own,
                "deps": merge_deps(deps_from(deps), own, place),
                "description": description,
                "metadata": check_metadata(metadata, own),
                "skippable": skippable,
                "group_name": check_group(group_name, own),
                "code_version": code_version,
                "automation_condition": automation_condition,
                "owners": check_owners(owners, own),
                "tags": checked_tags,
                "kinds": check_kinds(kinds, checked_tags, own),
                "partitions_def": check_partitions(partitions_def, own),
                "location": place,
            }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def replace_attributes(self, **changes: Any) -> AssetSpec:
        """A copy with other attributes."""
        return AssetSpec(**{**{f.name: getattr(self, f.name) for f in fields(self)}, **changes})


class SourceAsset:
    """An asset that others read and that is not made here. Mirrors Dagster's `SourceAsset`.

    Args:
        key: The asset.
        metadata, description, group_name, tags: As for `AssetSpec`.
        io_manager_key: Resource that loads it; "io_manager" by default.
        partitions_def: How it is partitioned.
    """

    __slots__ = ("io_manager_key", "spec")

    def __init__(
        self,
        key: Any,
        metadata: Mapping[str, Any] | None = None,
        io_manager_key: str | None = None,
        description: str | None = None,
        partitions_def: Any = None,
        group_name: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        self.io_manager_key = io_manager_key or "io_manager"
        self.spec = AssetSpec(
            key,
            description=description,
            metadata=metadata,
            partitions_def=partitions_def,
            group_name=group_name,
            tags=tags,
        )

    @property
    def key(self) -> AssetKey:
        """Key of the asset."""
        return self.spec.key

    @property
    def partitions_def(self) -> PartitionsLike | None:
        """How it is partitioned."""
        found: PartitionsLike | None = self.spec.partitions_def
        return found

    def __repr__(self) -> str:
        return f"SourceAsset({str(self.key)!r})"
