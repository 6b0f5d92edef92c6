"""Loads the stored values of one `Definitions`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from assetq.definitions.definitions import Definitions


@dataclass(frozen=True, slots=True)
class AssetValueLoader:
    """Loads stored values, in a `with` block or without. Mirrors Dagster's `AssetValueLoader`.

    Attributes:
        defs: Where the assets are defined.
        instance: What resources see as their instance.
        storage: Where values are stored; by default `ASSETQ_STORAGE`, else `.assetq/storage`.
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
        metadata: Mapping[str, Any] | None = None,
    ) -> Any:
        """The stored value of an asset; see `Definitions.load_asset_value`."""
        return self.defs.load_asset_value(
            asset_key,
            python_type=python_type,
            instance=self.instance,
            partition_key=partition_key,
            metadata=metadata,
            storage=self.storage,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing stays open between values."""
