"""Events about assets that no run made."""

from __future__ import annotations

from typing import Any

from assetq.definitions import AssetCheckEvaluation, AssetMaterialization, AssetObservation
from assetq.errors import UsageError
from assetq.execution.event import EventType, StepEvent
from assetq.execution.report import now_ms, plain


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
            "metadata": plain(item.metadata),
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
    return StepEvent(kind, now_ms(), str(item.asset_key), message=item.description, data=data)
