"""The events of what people log themselves: materializations, observations, expectations, evaluations of checks."""

from __future__ import annotations

from typing import Any

from assetq.definitions import AssetCheckEvaluation, AssetMaterialization, AssetObservation, ExpectationResult
from assetq.execution.event import EventType, StepEvent, now_ms
from assetq.execution.event_detail import plain_metadata


def evaluation_event(evaluation: AssetCheckEvaluation, partition: str | None = None) -> StepEvent:
    """The event of a check that was evaluated, of one partition or of the asset."""
    data: dict[str, Any] = {
        "check_name": evaluation.check_name,
        "passed": evaluation.passed,
        "severity": evaluation.severity.value,
        "blocking": evaluation.blocking,
        "metadata": plain_metadata(evaluation.metadata),
    }
    if partition is not None:
        data["partition"] = partition
    told = f"check '{evaluation.check_name}' {'passed' if evaluation.passed else 'failed'}"
    message = f"{told}: {evaluation.description}" if evaluation.description else told
    key = str(evaluation.asset_key)
    return StepEvent(EventType.ASSET_CHECK_EVALUATION, now_ms(), key, message=message, data=data)


def expectation_event(result: ExpectationResult) -> StepEvent:
    """The event of an expectation that an op has stated."""
    data = {"success": result.success, "label": result.label, "metadata": plain_metadata(result.metadata)}
    return StepEvent(EventType.STEP_EXPECTATION_RESULT, now_ms(), message=result.description, data=data)


def asset_event(item: AssetMaterialization | AssetObservation) -> StepEvent:
    """The event of a materialization or observation that was logged, not made or seen by an op's output."""
    made = isinstance(item, AssetMaterialization)
    kind = EventType.ASSET_MATERIALIZATION if made else EventType.ASSET_OBSERVATION
    data: dict[str, Any] = {"metadata": plain_metadata(item.metadata), "tags": dict(item.tags), "is_logged": True}
    if item.partition is not None:
        data["partition"] = item.partition
    return StepEvent(kind, now_ms(), str(item.asset_key), message=item.description, data=data)
