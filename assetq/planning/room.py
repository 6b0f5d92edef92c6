"""Refuses partitions for which there is no room in the record."""

from __future__ import annotations

from assetq.errors import UsageError
from assetq.partitions import IndexSet, MultiPartitionsDefinition
from assetq.planning.plan import Plan

MOST_PLACES = 2**32  # bits of the largest bitmap that Redis holds


def refuse_overflow(plan: Plan) -> None:
    """Checks that the status of every partition of a plan has a place in a bitmap.

    Two dimensions that both grow spread widely: a dynamic key has a place for every window until 2100.

    Raises:
        UsageError: One has none.
    """
    for node in plan.nodes:
        grid = node.partitions_def
        if not isinstance(grid, MultiPartitionsDefinition) or not node.partitions:
            continue
        last = node.partitions.last
        place = grid.to_status(IndexSet.range(last, last + 1))
        if place and place.last >= MOST_PLACES:
            raise UsageError(
                f"Asset '{node.assets[0] if node.assets else node.name}' has too many partitions to be recorded: that "
                f"of '{grid.key_at(last)}' would be number {place.last:,}, of {MOST_PLACES:,} at most. Use longer "
                "windows (days instead of hours), fewer dynamic keys, or a list of keys instead of dynamic ones."
            )
