"""Inputs and outputs of ops and graphs, as they are declared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from assetq.definitions.asset_key import AssetKey
from assetq.definitions.spec_check import check_class, check_type


class _NoDefault:
    def __repr__(self) -> str:
        return "NO_DEFAULT"


NO_DEFAULT = _NoDefault()


@dataclass(frozen=True, slots=True)
class In:
    """An input of an op. Mirrors Dagster's `In`.

    Args:
        dagster_type: Type of the value; `Nothing` means that the op only waits for it.
        description: What it is.
        default_value: Taken where nothing is connected.
        metadata: For the I/O manager that loads it; `"assetq/cache": True` has a process keep the value for further
            steps.
        asset_key: Asset that it is loaded from where nothing is connected.
        asset_partitions: Carried along.
        input_manager_key: Resource that loads it.
    """

    dagster_type: Any = None
    description: str | None = None
    default_value: Any = NO_DEFAULT
    metadata: Mapping[str, Any] | None = field(default=None, hash=False)
    asset_key: AssetKey | None = None
    asset_partitions: Any = None
    input_manager_key: str | None = None

    def __post_init__(self) -> None:
        check_type(self.dagster_type, "In")
        check_class(self.metadata, Mapping, "metadata", "In")
        check_class(self.input_manager_key, str, "input_manager_key", "In")

    @property
    def has_default(self) -> bool:
        """True when something is taken where nothing is connected."""
        return self.default_value is not NO_DEFAULT


@dataclass(frozen=True, slots=True)
class Out:
    """An output of an op. Mirrors Dagster's `Out`.

    Args:
        dagster_type: Type of the value; by default what the return annotation says.
        description: What it is.
        is_required: False if the op may leave it out; then what reads it is skipped.
        io_manager_key: Resource that stores it.
        metadata: For that resource.
        code_version: Version of the code that makes it.
    """

    dagster_type: Any = None
    description: str | None = None
    is_required: bool = True
    io_manager_key: str | None = None
    metadata: Mapping[str, Any] | None = field(default=None, hash=False)
    code_version: str | None = None

    def __post_init__(self) -> None:
        check_type(self.dagster_type, "Out")
        check_class(self.is_required, bool, "is_required", "Out")
        check_class(self.io_manager_key, str, "io_manager_key", "Out")
        check_class(self.metadata, Mapping, "metadata", "Out")

    @property
    def is_dynamic(self) -> bool:
        """True when the op gives any number of values."""
        return False


@dataclass(frozen=True, slots=True)
class DynamicOut(Out):
    """An output of which the op gives any number of values, each a `DynamicOutput`. Mirrors Dagster's `DynamicOut`."""

    @property
    def is_dynamic(self) -> bool:
        """True when the op gives any number of values."""
        return True


@dataclass(frozen=True, slots=True)
class GraphIn:
    """An input of a graph. Mirrors Dagster's `GraphIn`."""

    description: str | None = None


@dataclass(frozen=True, slots=True)
class GraphOut:
    """An output of a graph. Mirrors Dagster's `GraphOut`."""

    description: str | None = None
