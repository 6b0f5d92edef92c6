"""Asset checks as data: what is checked, and what a check found."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, TypeAlias

from assetq.definitions.asset_dep import AssetDep, merge_deps
from assetq.definitions.asset_key import AssetKey
from assetq.definitions.metadata import MetadataValue, normalize_metadata
from assetq.definitions.record_value import RecordValue
from assetq.errors import DefinitionError, DuplicateKeyError, InvalidKeyError

# A check is written as "asset:name", and is named in events and on the command line.
CHECK_NAME = re.compile(r"^[^\x00-\x1f\x7f:]+$")


class AssetCheckSeverity(Enum):
    """How bad a failed check is. Only `ERROR` blocks."""

    WARN = "WARN"
    ERROR = "ERROR"


@dataclass(frozen=True, slots=True, order=True)
class AssetCheckKey:
    """Names a check: an asset, and the check's name within it."""

    asset_key: AssetKey
    name: str

    def to_user_string(self) -> str:
        """`asset:name`."""
        return f"{self.asset_key}:{self.name}"

    @classmethod
    def from_user_string(cls, text: str) -> AssetCheckKey:
        """The key that `to_user_string` wrote."""
        asset, _, name = text.rpartition(":")
        return cls(AssetKey.from_user_string(asset), name)

    def with_asset_key_prefix(self, prefix: str | Sequence[str]) -> AssetCheckKey:
        """The key with parts put before the asset's."""
        return AssetCheckKey(self.asset_key.with_prefix(prefix), self.name)

    def replace_asset_key(self, asset_key: AssetKey) -> AssetCheckKey:
        """The key of a check of the same name of another asset."""
        return AssetCheckKey(asset_key, self.name)

    def __str__(self) -> str:
        return self.to_user_string()


@dataclass(frozen=True, slots=True, init=False)
class AssetCheckSpec:
    """Describes a check. Mirrors Dagster's `AssetCheckSpec`.

    Args:
        name: Unique among the checks of the asset.
        asset: Anything that names an asset.
        description: What it checks.
        additional_deps: Assets that must be there before it runs, besides the asset.
        blocking: Whether a failure of severity `ERROR` keeps what reads the asset from running.
        metadata: Recorded with the definition.
        automation_condition: Carried along.
        partitions_def: Carried along; a check runs once for a run.
    """

    name: str
    asset_key: AssetKey
    description: str | None = None
    additional_deps: tuple[AssetDep, ...] = ()
    blocking: bool = False
    metadata: Mapping[str, Any] = field(default_factory=dict)
    automation_condition: Any = None
    partitions_def: Any = None

    def __init__(
        self,
        name: str,
        *,
        asset: Any,
        description: str | None = None,
        additional_deps: Iterable[Any] | None = None,
        blocking: bool = False,
        metadata: Mapping[str, Any] | None = None,
        automation_condition: Any = None,
        partitions_def: Any = None,
    ) -> None:
        key = AssetKey.from_coercible(asset)
        if not isinstance(blocking, bool):
            raise DefinitionError(
                f"Check '{name}' of '{key}' has blocking={blocking!r}; give True or False.", asset=str(key)
            )
        deps = merge_deps((AssetDep.from_coercible(dep) for dep in additional_deps or ()), key, None)
        if any(dep.asset_key == key for dep in deps):
            raise DefinitionError(
                f"Check '{name}' of '{key}' names its own asset in additional_deps; leave it out.", asset=str(key)
            )
        values = {
            "name": _checked_name(name, key),
            "asset_key": key,
            "description": description,
            "additional_deps": deps,
            "blocking": blocking,
            "metadata": dict(metadata or {}),
            "automation_condition": automation_condition,
            "partitions_def": partitions_def,
        }
        for field_name, value in values.items():
            object.__setattr__(self, field_name, value)

    @property
    def key(self) -> AssetCheckKey:
        """Names the check."""
        return AssetCheckKey(self.asset_key, self.name)

    def get_python_identifier(self) -> str:
        """Name for what evaluates it."""
        return f"{self.asset_key.to_python_identifier()}_{self.name}".replace("-", "_").replace(".", "_")

    def replace_key(self, key: AssetCheckKey) -> AssetCheckSpec:
        """A copy for another asset or with another name."""
        return self._replaced(name=key.name, asset=key.asset_key)

    def with_metadata(self, metadata: Mapping[str, Any]) -> AssetCheckSpec:
        """A copy with other metadata."""
        return self._replaced(metadata=metadata)

    def _replaced(self, **changes: Any) -> AssetCheckSpec:
        values = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "asset_key"}
        return AssetCheckSpec(**{"asset": self.asset_key, **values, **changes})


def _checked_name(name: str, key: AssetKey) -> str:
    if isinstance(name, str) and CHECK_NAME.match(name):
        return name
    raise InvalidKeyError(
        f"Bad check name {name!r} of '{key}': give text without ':' and control characters.", asset=str(key)
    )


def refuse_same_checks(specs: Iterable[AssetCheckSpec], location: object | None) -> None:
    """Refuse specs of which two name the same check.

    Raises:
        DuplicateKeyError: Two do.
    """
    for key, count in Counter(spec.key for spec in specs).items():
        if count > 1:
            raise DuplicateKeyError(
                f"Check '{key}' is given {count} times; rename one.", asset=str(key.asset_key), location=location
            )


class AssetCheckResult(RecordValue):
    """What a check found. Mirrors Dagster's `AssetCheckResult`.

    Args:
        passed: Whether the asset is as it should be.
        asset_key: Which asset; needed when the op checks several.
        check_name: Which check; needed when the op has several.
        metadata: Recorded with the evaluation.
        severity: How bad a failure is.
        description: What was found.
    """

    __slots__ = ("asset_key", "check_name", "description", "metadata", "passed", "severity")

    def __init__(
        self,
        *,
        passed: bool,
        asset_key: Any = None,
        check_name: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        severity: AssetCheckSeverity = AssetCheckSeverity.ERROR,
        description: str | None = None,
    ) -> None:
        if not (isinstance(passed, bool) or type(passed).__name__ in ("bool", "bool_")):
            raise DefinitionError(f"AssetCheckResult: passed must be True or False, not {passed!r}.")
        if not isinstance(severity, AssetCheckSeverity):
            raise DefinitionError(f"AssetCheckResult: severity must be an AssetCheckSeverity, not {severity!r}.")
        self.passed = bool(passed)
        self.asset_key = None if asset_key is None else AssetKey.from_coercible(asset_key)
        self.check_name = check_name
        self.metadata: dict[str, MetadataValue] = normalize_metadata(metadata)
        self.severity = severity
        self.description = description

    def with_metadata(self, metadata: Mapping[str, Any]) -> AssetCheckResult:
        """A copy with other metadata."""
        return self._changed(metadata=metadata)


@dataclass(frozen=True, slots=True)
class AssetCheckEvaluation:
    """The record of one check. Mirrors Dagster's `AssetCheckEvaluation`."""

    asset_key: AssetKey
    check_name: str
    passed: bool
    metadata: Mapping[str, MetadataValue] = field(default_factory=dict)
    severity: AssetCheckSeverity = AssetCheckSeverity.ERROR
    description: str | None = None
    blocking: bool = False
    partition: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "metadata", normalize_metadata(self.metadata))

    def with_metadata(self, metadata: Mapping[str, Any]) -> AssetCheckEvaluation:
        """A copy with other metadata."""
        return replace(self, metadata=normalize_metadata(metadata))

    @property
    def asset_check_key(self) -> AssetCheckKey:
        """Which check."""
        return AssetCheckKey(self.asset_key, self.check_name)


AssetOrCheckKey: TypeAlias = AssetKey | AssetCheckKey
"""What a selection or an automation is about."""
