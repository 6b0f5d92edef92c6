"""Events about assets that no run made."""

from __future__ import annotations

import uuid
from typing import Any

from assetq.definitions import AssetCheckEvaluation, AssetMaterialization, AssetObservation
from assetq.definitions.metadata import normalize_metadata
from assetq.errors import UsageError
from assetq.execution.data_version import WHOLE, VersionMark, digest
from assetq.execution.event import EventType, StepEvent
from assetq.execution.event_view import DATA_VERSION_TAG
from assetq.execution.report import now_ms, plain
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
        data: dict[str, Any] = {
            "check_name": item.check_name,
            "passed": item.passed,
            "severity": item.severity.value,
            "blocking": item.blocking,
            "metadata": plain(normalize_metadata(item.metadata)),
        }
        told = f"check '{item.check_name}' {'passed' if item.passed else 'failed'}"
        message = f"{told}: {item.description}" if item.description else told
        return StepEvent(EventType.ASSET_CHECK_EVALUATION, now_ms(), str(item.asset_key), message=message, data=data)
    if not isinstance(item, AssetMaterialization | AssetObservation):
        raise UsageError(
            f"{type(item).__name__} cannot be reported; give an AssetMaterialization, AssetObservation or "
            "AssetCheckEvaluation."
        )
    made = isinstance(item, AssetMaterialization)
    data = {"metadata": plain(item.metadata), "tags": dict(item.tags), "is_logged": True}
    if item.partition is not None:
        data["partition"] = item.partition
    kind = EventType.ASSET_MATERIALIZATION if made else EventType.ASSET_OBSERVATION
    marks = _marks(item)
    if marks:
        data["data_version"] = marks[0].version
    return StepEvent(kind, now_ms(), str(item.asset_key), message=item.description, data=data, marks=marks)


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
