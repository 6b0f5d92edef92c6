"""What the end of a step changes for assets, as the scripts take it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assetq.broker.asset_status import status_identity, status_ranges
from assetq.execution.event import EventType, StepEvent
from assetq.execution.history import KIND_OF
from assetq.partitions import IndexSet
from assetq.planning import Plan

AssetEntry = tuple[str, str, int, int, bytes, int]
"""Asset key, identity of its status space, half-open range in it, packed materialization and its number, from 1; 0
where it failed to be made."""

IndexEntry = tuple[int, str, str, str]
"""Number of an event, from 1, the asset whose history it enters, the kind, the name of the check."""


def index_entries(events: Sequence[StepEvent], start: int = 1) -> Iterator[IndexEntry]:
    """Which of some events enter the histories of assets; `start` is the first one's number."""
    for number, event in enumerate(events, start):
        if event.asset and event.type in KIND_OF:
            yield number, event.asset, KIND_OF[event.type], str(event.data.get("check_name", ""))


def materialized_entries(
    plan: Plan, node: int, step: int, events: Sequence[StepEvent], packed: Sequence[bytes], start: int = 1
) -> Iterator[AssetEntry]:
    """What a step made."""
    plan_node = plan.nodes[node]
    for number, (event, form) in enumerate(zip(events, packed, strict=True), start):
        if event.type is EventType.ASSET_MATERIALIZATION and event.asset:
            span = event.partition or plan.partitions_of(node, step)
            # An op may log that it made another asset, of whose partitions nothing is known here.
            is_own = event.asset in plan_node.assets or not event.data.get("is_logged")
            grid = plan_node.partitions_def if is_own else None
            for first, stop in status_ranges(grid, IndexSet.range(*span)):
                yield event.asset, status_identity(grid), first, stop, form, number


def failed_entries(plan: Plan, node: int, step: int, made: IndexSet) -> Iterator[AssetEntry]:
    """What a step that failed did not make; `made` are the partitions that it did."""
    plan_node = plan.nodes[node]
    lost = IndexSet.range(*plan.partitions_of(node, step)) - made
    for asset in plan.assets_lost_with(node):
        for first, stop in status_ranges(plan_node.partitions_def, lost) if lost else ():
            yield asset, status_identity(plan_node.partitions_def), first, stop, b"", 0
