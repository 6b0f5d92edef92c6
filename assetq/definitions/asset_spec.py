"""What is known about an asset apart from how it is made."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from assetq.definitions.asset_dep import AssetDep, merge_deps
from assetq.definitions.asset_key import AssetKey, prefix_parts
from assetq.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Sequence

OWNER = re.compile(r"^(team:.+|[^@\s]+@[^@\s]+\.[^@\s]+)$")
GROUP = re.compile(r"^[A-Za-z0-9_]+(/[A-Za-z0-9_]+)*$")
TAG_KEY = re.compile(r"^([A-Za-z0-9_.\-]{1,63}/)?[A-Za-z0-9_.\-]{1,63}$")
TAG_VALUE = re.compile(r"^[A-Za-z0-9_.\-]{0,63}$")
DEFAULT_GROUP = "default"


class PartitionsLike(Protocol):
    """What definitions need of a partitions definition."""

    @property
    def identity(self) -> str:
        """Text that is equal for equal definitions."""


def check_owners(owners: Iterable[str], asset: object, location: object | None) -> tuple[str, ...]:
    """The owners, if each is an e-mail address or `team:name`."""
    checked = tuple(owners)
    for owner in checked:
        if not isinstance(owner, str) or not OWNER.match(owner):
            raise DefinitionError(
                f"Asset '{asset}' has owner {owner!r}; give an e-mail address, or 'team:name'.",
                asset=str(asset),
                location=location,
            )
    return checked


def check_group(group: str | None, asset: object, location: object | None) -> str | None:
    """The group name, if its parts are letters, digits and underscores."""
    if group is not None and not GROUP.match(group):
        raise DefinitionError(
            f"Asset '{asset}' has group {group!r}; use letters, digits, underscores, and '/' to nest.",
            asset=str(asset),
            location=location,
        )
    return group


def check_tags(tags: Mapping[str, str] | None, asset: object, location: object | None) -> dict[str, str]:
    """The tags, if keys are plain words and values are strings."""
    for key, value in (tags or {}).items():
        good = isinstance(key, str) and TAG_KEY.match(key) and isinstance(value, str) and TAG_VALUE.match(value)
        if not good:
            raise DefinitionError(
                f"Asset '{asset}' has tag {key!r}: {value!r}; keys and values are words of letters, digits, '_', '-', "
                "'.', at most 63.",
                asset=str(asset),
                location=location,
            )
    return dict(tags or {})


@dataclass(frozen=True, slots=True, init=False)
class AssetSpec:
    """Describes an asset. On its own it is an external asset: known, not made here. Mirrors Dagster's `AssetSpec`."""

    key: AssetKey
    deps: tuple[AssetDep, ...] = ()
    description: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    skippable: bool = False
    group_name: str | None = None
    code_version: str | None = None
    automation_condition: Any = None
    owners: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    kinds: frozenset[str] = frozenset()
    partitions_def: PartitionsLike | None = None

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
        location: object | None = None,
    ) -> None:
        own = AssetKey.from_coercible(key)
        values: dict[str, Any] = {
            "key": own,
            "deps": merge_deps((AssetDep.from_coercible(dep) for dep in deps or ()), own, location),
            "description": description,
            "metadata": dict(metadata or {}),
            "skippable": skippable,
            "group_name": check_group(group_name, own, location),
            "code_version": code_version,
            "automation_condition": automation_condition,
            "owners": check_owners(owners or (), own, location),
            "tags": check_tags(tags, own, location),
            "kinds": frozenset(kinds or ()),
            "partitions_def": partitions_def,
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def replace_attributes(self, **changes: Any) -> AssetSpec:
        """A copy with other attributes."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return AssetSpec(**{**values, **changes})


class SourceAsset:
    """An asset that others read and that is not made here. Mirrors Dagster's `SourceAsset`.

    Args:
        key: The asset.
        io_manager_key: Resource that loads it; "io_manager" by default.
        partitions_def: How it is partitioned.
        description, metadata, group_name, tags: As for `AssetSpec`.
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
        return self.spec.partitions_def


def prefixed_key(name: str, key_prefix: str | Sequence[str] | None) -> AssetKey:
    """Key of the asset `name` under a prefix."""
    return AssetKey([*prefix_parts(key_prefix), name])


__all__ = ["DEFAULT_GROUP", "AssetSpec", "PartitionsLike", "SourceAsset", "prefixed_key"]
