"""Loads the stored values of one `Definitions`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from assetq.definitions.definitions import Definitions


@dataclass(frozen=True, slots=True)
class AssetValueLoader:
    """Loads stored values, in a `with` block or without. Mirrors Dagster's `AssetValueLoader`.

    Attributes:
        defs: Where the assets are defined.
        instance: What resources see as their instance, and where values are stored that no I/O manager places.
        storage: Where those are stored instead; without an instance by default `ASSETQ_STORAGE`, else
            `.assetq/storage`.
    """

    defs: Definitions
    instance: Any = None
    storage: str | None = None

    def load_asset_value(
        self,
        asset_key: Any,
        *,
        python_type: Any = None,
        partition_key: str | None = None,
        partition_key_range: Any = None,
        input_definition_metadata: Mapping[str, Any] | None = None,
        resource_config: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> Any:
        """The stored value of an asset; see `Definitions.load_asset_value`.

        Args:
            asset_key: Anything that names an asset.
            python_type: What the I/O manager is to make of it, for those that can choose.
            partition_key: Which partition, of a partitioned asset.
            partition_key_range: Instead of it several, of which the value is a dict by partition key.
            input_definition_metadata: For the I/O manager; the newer name of `metadata`.
            resource_config: Resource key -> `{"config": ...}`.
            metadata: For the I/O manager.

        Raises:
            UnknownAssetError: There is no such asset.
            StorageError: It is not stored.
        """
        load = import_module("assetq.execution.load")  # a layer above, found when it is needed
        return load.load_asset_value(
            self.defs,
            asset_key,
            python_type=python_type,
            instance=self.instance,
            partition_key=partition_key,
            partition_key_range=partition_key_range,
            resource_config=resource_config,
            metadata=input_definition_metadata if input_definition_metadata is not None else metadata,
            storage=self.storage,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing stays open between values."""
