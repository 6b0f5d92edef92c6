"""Selection: text and objects that describe sets of assets."""

from assetq.selection.selection import AssetSelection, select, select_checks, select_observed

__all__ = ["AssetSelection", "select", "select_checks", "select_observed"]
