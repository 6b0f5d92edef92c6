"""Parts of definitions that several measurements ask for."""

from __future__ import annotations

from typing import Any

from assetq.partitions import PartitionsDefinition


def hours_of(defs: Any, count: int) -> str:
    """The first partitions of the grid, as a range."""
    grid = next(node.partitions_def for node in defs.graph.nodes.values() if node.partitions_def is not None)
    assert isinstance(grid, PartitionsDefinition)
    return f"{grid.key_at(0)}..{grid.key_at(count - 1)}"
