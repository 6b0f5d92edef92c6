"""Parts of definitions that several measurements ask for."""

from __future__ import annotations

from assetq.partitions import PartitionsDefinition


def first_of(grid: PartitionsDefinition, count: int) -> str:
    """The first partitions of a grid, as a range."""
    return f"{grid.key_at(0)}..{grid.key_at(count - 1)}"
