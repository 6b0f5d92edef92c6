"""Events as records: with their place in the history of their asset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from assetq.definitions import AssetCheckEvaluation, AssetCheckKey, AssetKey, AssetMaterialization, AssetObservation
from assetq.execution.event import Event, EventType


@dataclass(frozen=True, slots=True)
class EventLogRecord:
    """An event and its place. Mirrors Dagster's `EventLogRecord`.

    Attributes:
        storage_id: Position among the events of this kind of its asset; grows, and is never given twice.
        event_log_entry: The event.
    """

    storage_id: int
    event_log_entry: Event

    @property
    def run_id(self) -> str:
        """The run; empty when no run made the event."""
        return self.event_log_entry.run_id

    @property
    def timestamp(self) -> float:
        """Seconds since the epoch."""
        return self.event_log_entry.timestamp

    @property
    def event_type(self) -> EventType:
        """The kind of event."""
        return self.event_log_entry.type

    @property
    def asset_key(self) -> AssetKey | None:
        """The asset."""
        return self.event_log_entry.asset_key

    @property
    def partition_key(self) -> str | None:
        """The partition, if the asset has any; "first...last" when a step made several at once."""
        return self.event_log_entry.partition

    @property
    def asset_materialization(self) -> AssetMaterialization | None:
        """The materialization; None for another event."""
        return self.event_log_entry.asset_materialization

    @property
    def asset_observation(self) -> AssetObservation | None:
        """The observation; None for another event."""
        return self.event_log_entry.asset_observation if self.event_log_entry.is_asset_observation else None

    @property
    def asset_event(self) -> AssetMaterialization | AssetObservation | None:
        """The materialization or observation."""
        return self.asset_materialization or self.asset_observation


@dataclass(frozen=True, slots=True)
class EventRecordsResult:
    """A page of records. Mirrors Dagster's `EventRecordsResult`.

    Attributes:
        records: Newest first, unless asked for otherwise.
        cursor: Where the next page begins.
        has_more: Whether there is one.
    """

    records: Sequence[EventLogRecord]
    cursor: str
    has_more: bool


class AssetPartitionStatus(StrEnum):
    """Status of a partition. Mirrors Dagster's `AssetPartitionStatus`."""

    MATERIALIZED = "MATERIALIZED"
    IN_PROGRESS = "IN_PROGRESS"
    FAILED = "FAILED"


class CheckStatus(StrEnum):
    """How a check went the last time."""

    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class CheckRecord:
    """The latest evaluation of a check. Reads as Dagster's `AssetCheckExecutionRecord`."""

    key: AssetCheckKey
    event: Event

    @property
    def status(self) -> CheckStatus:
        """Whether it passed."""
        return CheckStatus.SUCCEEDED if self.evaluation.passed else CheckStatus.FAILED

    @property
    def run_id(self) -> str:
        """The run; empty when no run made it."""
        return self.event.run_id

    @property
    def create_timestamp(self) -> float:
        """Seconds since the epoch."""
        return self.event.timestamp

    @property
    def partition(self) -> str | None:
        """The partition, if there is any."""
        return self.event.partition

    @property
    def evaluation(self) -> AssetCheckEvaluation:
        """What the check found."""
        return self.event.asset_check_evaluation_data


@dataclass(frozen=True, slots=True)
class AssetEntry:
    """The latest that is known of an asset. Reads as the `asset_entry` of Dagster's asset records."""

    asset_key: AssetKey
    last_materialization_record: EventLogRecord | None = None
    last_observation_record: EventLogRecord | None = None

    @property
    def last_materialization(self) -> Event | None:
        """The latest materialization."""
        record = self.last_materialization_record
        return record.event_log_entry if record else None

    @property
    def last_observation(self) -> Event | None:
        """The latest observation."""
        record = self.last_observation_record
        return record.event_log_entry if record else None

    @property
    def last_run_id(self) -> str | None:
        """The run of the latest materialization."""
        record = self.last_materialization_record
        return record.run_id or None if record else None

    @property
    def last_materialization_storage_id(self) -> int | None:
        """Position of the latest materialization."""
        record = self.last_materialization_record
        return record.storage_id if record else None


@dataclass(frozen=True, slots=True)
class RecordedAsset:
    """An asset with events. Reads as Dagster's asset records."""

    asset_entry: AssetEntry


@dataclass(frozen=True, slots=True)
class RunStats:
    """What happened in a run, in numbers; times are seconds since the epoch."""

    run_id: str
    steps_succeeded: int
    steps_failed: int
    materializations: int
    expectations: int
    enqueued_time: float
    start_time: float | None
    end_time: float | None
