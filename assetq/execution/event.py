"""Events: what happened, as one list for people and programs."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from assetq.execution.event_view import EventView

if TYPE_CHECKING:
    from assetq.execution.data_version import VersionMark


class EventType(StrEnum):
    """Kinds of events; Dagster's names where it has them."""

    RUN_ENQUEUED = "RUN_ENQUEUED"
    RUN_START = "RUN_START"
    RUN_SUCCESS = "RUN_SUCCESS"
    RUN_FAILURE = "RUN_FAILURE"
    RUN_CANCELING = "RUN_CANCELING"
    RUN_CANCELED = "RUN_CANCELED"
    STEP_WAITING = "STEP_WAITING"
    STEP_START = "STEP_START"
    STEP_SUCCESS = "STEP_SUCCESS"
    STEP_FAILURE = "STEP_FAILURE"
    STEP_SKIPPED = "STEP_SKIPPED"
    STEP_UP_FOR_RETRY = "STEP_UP_FOR_RETRY"
    STEP_RESTARTED = "STEP_RESTARTED"
    STEP_WORKER_LOST = "STEP_WORKER_LOST"
    PARTITIONS_FAILED = "PARTITIONS_FAILED"
    ASSET_MATERIALIZATION = "ASSET_MATERIALIZATION"
    ASSET_OBSERVATION = "ASSET_OBSERVATION"
    ASSET_CHECK_EVALUATION = "ASSET_CHECK_EVALUATION"
    STEP_EXPECTATION_RESULT = "STEP_EXPECTATION_RESULT"
    HOOK_COMPLETED = "HOOK_COMPLETED"
    HOOK_ERRORED = "HOOK_ERRORED"
    LOADED_INPUT = "LOADED_INPUT"
    STEP_INPUT = "STEP_INPUT"
    STEP_OUTPUT = "STEP_OUTPUT"
    HANDLED_OUTPUT = "HANDLED_OUTPUT"
    LOG = "LOG"
    LOGS_CAPTURED = "LOGS_CAPTURED"

    @property
    def ends_run(self) -> bool:
        """True for the last event of a run."""
        return self in (EventType.RUN_SUCCESS, EventType.RUN_FAILURE, EventType.RUN_CANCELED)


def now_ms() -> int:
    """This machine's time in ms since the epoch."""
    return time.time_ns() // 1_000_000


def iso(timestamp_ms: int | None) -> str | None:
    """ISO-8601 UTC text of a time in ms since the epoch."""
    if timestamp_ms is None:
        return None
    moment = datetime.fromtimestamp(timestamp_ms / 1000, tz=UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Event(EventView):
    """One entry of a run's log.

    Attributes:
        cursor: Place in the log; reading `after` it goes on behind this event.
        partition: Key of the partition, or "first...last".
        attempt: Number of the step's attempt, from 1.
        data: Details, by type: `metadata` of a materialization, `error` of a failure, `level` of a log line.
    """

    type: EventType
    timestamp_ms: int
    run_id: str
    cursor: str = ""
    step_key: str | None = None
    asset: str | None = None
    partition: str | None = None
    attempt: int | None = None
    worker: str | None = None
    message: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """For `assetq events --json`; fields without a value are left out."""
        document = {
            "cursor": self.cursor,
            "type": str(self.type),
            "timestamp": iso(self.timestamp_ms),
            "run_id": self.run_id,
            "step_key": self.step_key,
            "asset": self.asset,
            "partition": self.partition,
            "attempt": self.attempt,
            "worker": self.worker,
            "message": self.message,
            "data": dict(self.data) or None,
        }
        return {name: value for name, value in document.items() if value is not None}


@dataclass(frozen=True, slots=True)
class StepEvent:
    """What a step reports; whoever records it adds run and step.

    Attributes:
        partition: Half-open range of partition indices, for materializations of less than the step.
        marks: Data versions of the partitions that were made or seen, in their order.
    """

    type: EventType
    timestamp_ms: int
    asset: str | None = None
    partition: tuple[int, int] | None = None
    message: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    marks: tuple[VersionMark, ...] = ()


def partition_text(keys: tuple[str, str] | None) -> str | None:
    """First and last key as people write them."""
    if keys is None:
        return None
    first, last = keys
    return first if first == last else f"{first}...{last}"
