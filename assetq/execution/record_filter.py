"""Which runs and events are wanted. Mirrors Dagster's filters, without what only its storage needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from assetq.definitions import AssetKey
from assetq.execution.event import EventType
from assetq.execution.record import RunRecord, RunStatus


def _ms(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp() * 1000


def _is_between(value: float | None, after: float | None, before: float | None) -> bool:
    if after is None and before is None:
        return True
    return value is not None and (after is None or value > after) and (before is None or value < before)


@dataclass(frozen=True, slots=True)
class RunsFilter:
    """Runs that match everything given. Mirrors Dagster's `RunsFilter`.

    Attributes:
        run_ids: Their ids.
        statuses: Their statuses.
        tags: Tag -> value, or values of which one must be there.
        created_after, created_before: When they were submitted.
        updated_after, updated_before: When they last changed status.
    """

    run_ids: Sequence[str] | None = None
    statuses: Sequence[RunStatus] | None = None
    tags: Mapping[str, str | Sequence[str]] | None = None
    updated_after: datetime | None = None
    updated_before: datetime | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None

    def matches(self, run: RunRecord) -> bool:
        """Whether a run is wanted."""
        changed = run.ended_at_ms or run.started_at_ms or run.submitted_at_ms
        return (
            (self.run_ids is None or run.run_id in self.run_ids)
            and (not self.statuses or run.status in self.statuses)
            and all(self._has_tag(run, name) for name in self.tags or {})
            and _is_between(run.submitted_at_ms, _ms(self.created_after), _ms(self.created_before))
            and _is_between(changed, _ms(self.updated_after), _ms(self.updated_before))
        )

    def _has_tag(self, run: RunRecord, name: str) -> bool:
        wanted = (self.tags or {})[name]
        values = (wanted,) if isinstance(wanted, str) else wanted
        return name in run.tags and run.tags[name] in values


@dataclass(frozen=True, slots=True)
class AssetRecordsFilter:
    """Events of one asset. Mirrors Dagster's `AssetRecordsFilter`.

    Attributes:
        asset_key: The asset.
        asset_partitions: Keys of partitions.
        after_timestamp, before_timestamp: Seconds since the epoch, both exclusive.
        after_storage_id, before_storage_id: Positions in the asset's history, both exclusive.
        storage_ids: Positions.
    """

    asset_key: AssetKey
    asset_partitions: Sequence[str] | None = None
    after_timestamp: float | None = None
    before_timestamp: float | None = None
    after_storage_id: int | None = None
    before_storage_id: int | None = None
    storage_ids: Sequence[int] | None = None


@dataclass(frozen=True, slots=True)
class EventRecordsFilter:
    """Events of one kind about assets. Mirrors Dagster's `EventRecordsFilter`.

    Attributes:
        event_type: A materialization, observation or check evaluation.
        asset_key: The asset; by default all.
        asset_partitions: Keys of partitions.
        after_cursor, before_cursor: Positions in the asset's history, both exclusive.
        after_timestamp, before_timestamp: Seconds since the epoch, both exclusive.
        storage_ids: Positions.
    """

    event_type: EventType
    asset_key: AssetKey | None = None
    asset_partitions: Sequence[str] | None = None
    after_cursor: int | None = None
    before_cursor: int | None = None
    after_timestamp: float | None = None
    before_timestamp: float | None = None
    storage_ids: Sequence[int] | None = None

    def of_asset(self, key: AssetKey) -> AssetRecordsFilter:
        """The same for one asset."""
        return AssetRecordsFilter(
            key,
            self.asset_partitions,
            self.after_timestamp,
            self.before_timestamp,
            self.after_cursor,
            self.before_cursor,
            self.storage_ids,
        )
