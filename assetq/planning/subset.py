"""What may be selected of the assets that one definition makes."""

from __future__ import annotations

from collections.abc import Set

from assetq.definitions import AssetKey, AssetsDefinition
from assetq.definitions.asset_key import names_of
from assetq.errors import SubsetError


def refuse_part(definition: AssetsDefinition, keys: Set[AssetKey]) -> None:
    """Refuse a selection of some assets of a definition that makes all of them or none.

    Raises:
        SubsetError: Names what is missing.
    """
    left_out = definition.keys - keys
    if left_out and not definition.can_subset:
        raise SubsetError(
            f"'{definition.op.name}' makes all of its assets or none, and {names_of(sorted(left_out))} is not "
            "selected. Select all of them, or define it with can_subset=True.",
            asset=str(min(left_out)),
            location=definition.location,
        )
