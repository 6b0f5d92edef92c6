"""Selection: text and objects that describe sets of assets."""

from assetq.selection.selection import AssetSelection, select

__all__ = ["AssetSelection", "select"]
