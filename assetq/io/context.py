"""What I/O managers are told: which asset, which partitions, and whether the attempt may still publish."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from assetq.definitions import AssetKey, MetadataValue
from assetq.definitions.metadata import normalize_metadata

DEFAULT_LOG = logging.getLogger("assetq.io")


def always_current() -> None:
    """The guard of an attempt that nobody can overtake."""


@dataclass(slots=True)
class _PartitionedContext:
    name: str
    asset_key: AssetKey
    run_id: str = ""
    partition_keys: Sequence[str] | None = None
    definition_metadata: Mapping[str, Any] = field(default_factory=dict)
    annotation: Any = None
    resources: Any = None
    storage: str | None = None
    log: Any = DEFAULT_LOG

    @property
    def has_asset_partitions(self) -> bool:
        """True when the asset is partitioned."""
        return self.partition_keys is not None

    @property
    def has_partition_key(self) -> bool:
        """True when there is exactly one partition."""
        return self.partition_keys is not None and len(self.partition_keys) == 1

    @property
    def asset_partition_keys(self) -> Sequence[str]:
        """Keys of the partitions; empty for an asset without."""
        return self.partition_keys or []

    @property
    def asset_partition_key(self) -> str:
        """The one partition's key.

        Raises:
            ValueError: There is none, or there are several.
        """
        if not self.has_partition_key:
            raise ValueError(f"Asset '{self.asset_key}' has {len(self.asset_partition_keys)} partitions here, not one.")
        return self.asset_partition_keys[0]

    @property
    def partition_key(self) -> str:
        """The one partition's key."""
        return self.asset_partition_key

    @property
    def has_asset_key(self) -> bool:
        """Always true: every value belongs to an asset."""
        return True

    @property
    def dagster_type(self) -> Any:
        """The declared Python type, or None."""
        return self.annotation

    def get_identifier(self) -> list[str]:
        """Parts of the asset key."""
        return list(self.asset_key.path)


@dataclass(slots=True)
class OutputContext(_PartitionedContext):
    """For `handle_output`. Mirrors Dagster's `OutputContext`.

    Attributes:
        fence: Number of the attempt; part of temporary names.
        guard: Raises `StaleAttemptError` when the attempt has lost its lease; call it before a value
            becomes visible.
    """

    step_key: str = ""
    fence: int = 0
    guard: Callable[[], None] = always_current
    metadata: Mapping[str, Any] = field(default_factory=dict)
    recorded: dict[str, MetadataValue] = field(default_factory=dict)

    def add_output_metadata(self, metadata: Mapping[str, Any]) -> None:
        """Record metadata with the materialization."""
        self.recorded.update(normalize_metadata(metadata))


@dataclass(slots=True)
class InputContext(_PartitionedContext):
    """For `load_input`. Mirrors Dagster's `InputContext`.

    Attributes:
        metadata: Of the `AssetIn`.
        upstream_output: Context of the output that is read.
        reader: Name of the asset that reads, for messages.
    """

    metadata: Mapping[str, Any] = field(default_factory=dict)
    upstream_output: OutputContext | None = None
    reader: str = ""
