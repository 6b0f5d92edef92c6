"""From which code and which data an asset was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from assetq.definitions.asset_key import AssetKey
from assetq.definitions.output import DataVersion


@dataclass(frozen=True, slots=True)
class DataProvenance:
    """What a materialization was made from. Mirrors Dagster's `DataProvenance`.

    Attributes:
        code_version: Version of the code; None when it has none.
        input_data_versions: Data version of each asset that was read.
        input_storage_ids: Empty: versions identify what was read.
        is_user_provided: True when the op gave the data version itself.
    """

    code_version: str | None
    input_data_versions: Mapping[AssetKey, DataVersion]
    input_storage_ids: Mapping[AssetKey, int | None] = field(default_factory=dict)
    is_user_provided: bool = False

    def has_input_asset(self, key: AssetKey) -> bool:
        """Whether the asset was read."""
        return key in self.input_data_versions
