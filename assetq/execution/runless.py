"""Events about assets that no run made."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

from assetq.definitions import AssetCheckEvaluation, AssetMaterialization, AssetObservation
from assetq.errors import UsageError
from assetq.execution.data_version import WHOLE, VersionMark, digest
from assetq.execution.event import StepEvent
from assetq.execution.event_view import DATA_VERSION_TAG
from assetq.execution.logged_event import asset_event, evaluation_event
from assetq.execution.step_versions import observed_mark
from assetq.partitions import IndexSet, PartitionsDefinition


def runless_event(item: Any) -> StepEvent:
    """The event that records what was reported.

    Args:
        item: An `AssetMaterialization`, `AssetObservation` or `AssetCheckEvaluation`.

    Raises:
        UsageError: It is something else.
    """
    if isinstance(item, AssetCheckEvaluation):
        return evaluation_event(item)
    if not isinstance(item, AssetMaterialization | AssetObservation):
        raise UsageError(
            f"{type(item).__name__} cannot be reported; give an AssetMaterialization, AssetObservation or "
            "AssetCheckEvaluation."
        )
    event, marks = asset_event(item), _marks(item)
    return replace(event, data={**event.data, "data_version": marks[0].version}, marks=marks) if marks else event


def _marks(item: AssetMaterialization | AssetObservation) -> tuple[VersionMark, ...]:
    """The data version in the tag that Dagster has for it; else each report makes a new one."""
    given = item.tags.get(DATA_VERSION_TAG)
    if given is not None:
        return (observed_mark(given),)
    if isinstance(item, AssetObservation):
        return ()
    return (VersionMark(data=digest(uuid.uuid4().bytes) & ~1 or 2),)


def reported_partitions(grid: PartitionsDefinition | None, partition: str | None) -> IndexSet:
    """Which partitions a report is about; none when it names none of a partitioned asset.

    Raises:
        UnknownPartitionError: It names one that does not exist.
    """
    if grid is None:
        return WHOLE
    if partition is None:
        return IndexSet()
    index = grid.index_of(partition)
    return IndexSet.range(index, index + 1)
