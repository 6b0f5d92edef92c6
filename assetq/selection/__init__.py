"""Selection: text and objects that describe sets of assets."""

from assetq.selection.choice import select, select_checks, select_observed
from assetq.selection.selection import AssetSelection

__all__ = ["AssetSelection", "select", "select_checks", "select_observed"]
