"""What Dagster's instance tells of assets, under its names, on top of what every instance has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from assetq.definitions import AssetCheckKey, AssetKey
from assetq.errors import UnknownAssetError, UsageError
from assetq.execution.event import Event
from assetq.execution.event_record import (
    AssetEntry,
    AssetPartitionStatus,
    CheckRecord,
    EventLogRecord,
    EventRecordsResult,
    RecordedAsset,
)
from assetq.execution.history import KIND_OF, MATERIALIZATION, OBSERVATION, HistoryPage
from assetq.execution.record import AssetRecord
from assetq.execution.record_filter import AssetRecordsFilter, EventRecordsFilter
from assetq.partitions import IndexSet, PartitionsDefinition, partitions_from_dict

if TYPE_CHECKING:
    from assetq.execution.instance import Instance

READ_AT_ONCE = 500
RANGE = "..."


class AssetView:
    """Mixed into `Instance`."""

    def partitions_of(self: Any, record: AssetRecord) -> PartitionsDefinition | None:
        """How an asset of the catalog is partitioned, with the dynamic keys that exist now."""
        grid = partitions_from_dict(record.partitions)
        return None if grid is None else grid.bound(self)

    def has_asset_key(self: Any, asset_key: Any) -> bool:
        """Whether anything was recorded of an asset: a materialization or an observation."""
        found: bool = self.has_history(asset_key)
        return found

    def all_asset_keys(self: Any) -> Sequence[AssetKey]:
        """Every asset of which anything was recorded, by key; `list_assets` gives the whole catalog."""
        records = self.list_assets()
        return [AssetKey.from_user_string(r.key) for r in records if r.latest is not None or self.has_history(r.key)]

    def get_asset_keys(
        self, prefix: Sequence[str] | None = None, limit: int | None = None, cursor: str | None = None
    ) -> Sequence[AssetKey]:
        """Assets of which anything was recorded.

        Args:
            prefix: First parts of their keys.
            limit: Most keys.
            cursor: Key, as text, behind which to go on.
        """
        start = list(prefix or ())
        keys = [key for key in self.all_asset_keys() if list(key.path[: len(start)]) == start]
        if cursor is not None:
            keys = [key for key in keys if key.to_user_string() > cursor]
        return keys[:limit]

    def get_latest_materialization_event(self: Any, asset_key: Any) -> Event | None:
        """The latest materialization of an asset; None when there is none."""
        try:
            found: Event | None = self.latest_materialization(asset_key)
        except UnknownAssetError:
            return None
        return found

    def get_latest_materialization_events(self, asset_keys: Iterable[Any]) -> Mapping[AssetKey, Event]:
        """The latest materialization of each asset that has one."""
        keys = [AssetKey.from_coercible(key) for key in asset_keys]
        found = ((key, self.get_latest_materialization_event(key)) for key in keys)
        return {key: event for key, event in found if event is not None}

    def get_latest_materialization_code_versions(self, asset_keys: Iterable[Any]) -> Mapping[AssetKey, str | None]:
        """Code version of the latest materialization of each asset; None of one that has none.

        An asset without a code version has the id of the run that made it. Mirrors Dagster's method.
        """
        keys = [AssetKey.from_coercible(key) for key in asset_keys]
        found = self.get_latest_materialization_events(keys)
        return {
            key: str(found[key].data.get("code_version") or found[key].run_id) if key in found else None for key in keys
        }

    def get_latest_data_version_record(
        self,
        key: Any,
        is_source: bool | None = None,
        partition_key: str | None = None,
        before_cursor: int | None = None,
        after_cursor: int | None = None,
    ) -> EventLogRecord | None:
        """The latest materialization of an asset, or else its latest observation. Mirrors Dagster's method."""
        wanted = AssetRecordsFilter(
            AssetKey.from_coercible(key),
            None if partition_key is None else [partition_key],
            after_storage_id=after_cursor,
            before_storage_id=before_cursor,
        )
        for kind in (OBSERVATION,) if is_source else (MATERIALIZATION, OBSERVATION):
            found = _fetch(self, kind, wanted, 1, None, ascending=False).records
            if found:
                return found[0]
        return None

    def fetch_materializations(
        self, records_filter: Any, limit: int, cursor: str | None = None, ascending: bool = False
    ) -> EventRecordsResult:
        """A page of an asset's materializations, newest first. Mirrors Dagster's method.

        Args:
            records_filter: An asset key, or an `AssetRecordsFilter`.
            limit: Most records.
            cursor: Where to go on: that of the page before.
            ascending: Oldest first.
        """
        return _fetch(self, MATERIALIZATION, _filter_of(records_filter), limit, cursor, ascending=ascending)

    def fetch_observations(
        self, records_filter: Any, limit: int, cursor: str | None = None, ascending: bool = False
    ) -> EventRecordsResult:
        """A page of an asset's observations, newest first; arguments as for `fetch_materializations`."""
        return _fetch(self, OBSERVATION, _filter_of(records_filter), limit, cursor, ascending=ascending)

    def get_event_records(
        self: Any, event_records_filter: EventRecordsFilter, limit: int | None = None, ascending: bool = False
    ) -> Sequence[EventLogRecord]:
        """Events of one kind about one asset or all, newest first. Mirrors Dagster's method.

        Raises:
            UsageError: The kind of event is not one that assets have; `all_logs` and `get_runs` tell of runs.
        """
        kind = KIND_OF.get(event_records_filter.event_type)
        if kind is None:
            raise UsageError(
                f"Events of type {event_records_filter.event_type} are found by run: instance.all_logs(run_id); "
                "runs by status with instance.get_runs(RunsFilter(statuses=...))."
            )
        key = event_records_filter.asset_key
        names = [record.key for record in self.list_assets()] if key is None else [str(AssetKey.from_coercible(key))]
        records = [
            record
            for name in names
            for record in _matching(
                self, kind, event_records_filter.of_asset(AssetKey.from_user_string(name)), limit, ascending=ascending
            )
        ]
        records.sort(key=lambda record: (record.timestamp, record.storage_id), reverse=not ascending)
        return records[:limit]

    def get_asset_records(self: Any, asset_keys: Sequence[Any] | None = None) -> Sequence[RecordedAsset]:
        """Assets of which anything was recorded, with their latest events. Mirrors Dagster's method."""
        keys = self.all_asset_keys() if asset_keys is None else [AssetKey.from_coercible(key) for key in asset_keys]
        return [RecordedAsset(_entry(self, key)) for key in keys if self.has_history(key)]

    def get_latest_asset_check_evaluation_record(self: Any, asset_check_key: AssetCheckKey) -> CheckRecord | None:
        """The latest evaluation of a check; None when there is none. Mirrors Dagster's method."""
        event = self.latest_check(asset_check_key)
        return None if event is None else CheckRecord(asset_check_key, event)

    def get_materialized_partitions(
        self: Any, asset_key: Any, before_cursor: int | None = None, after_cursor: int | None = None
    ) -> set[str]:
        """Keys of the partitions that are materialized; with cursors, those whose events lie between them."""
        key = AssetKey.from_coercible(asset_key)
        try:
            record = self.get_asset(key)
        except UnknownAssetError:
            return set()
        grid = self.partitions_of(record)
        if grid is None or before_cursor is not None or after_cursor is not None:
            wanted = AssetRecordsFilter(key, after_storage_id=after_cursor, before_storage_id=before_cursor)
            found = _matching(self, MATERIALIZATION, wanted, None, ascending=True)
            return {name for record in found for name in _keys_of(record.event_log_entry, grid)}
        materialized, _ = self.partition_states(record.key, grid)
        return {grid.key_at(index) for index in materialized & grid.all_indices()}

    def get_status_by_partition(
        self: Any, asset_key: Any, partition_keys: Sequence[str], partitions_def: PartitionsDefinition
    ) -> Mapping[str, AssetPartitionStatus | None] | None:
        """Status of partitions; None for those that never ran. None when nothing was recorded of the asset."""
        name = str(AssetKey.from_coercible(asset_key))
        if not self.has_history(name):
            return None
        grid = partitions_def.bound(self)
        materialized, failed = self.partition_states(name, grid)
        moving = self.partitions_in_progress(name)
        found: dict[str, AssetPartitionStatus | None] = {}
        for key in partition_keys:
            index = grid.find(key)
            is_failed, is_done = index in failed, index in materialized
            status = AssetPartitionStatus.FAILED if is_failed else AssetPartitionStatus.MATERIALIZED
            found[key] = status if is_failed or is_done else None
            if index in moving:
                found[key] = AssetPartitionStatus.IN_PROGRESS
        return found

    def wipe_assets(self: Any, asset_keys: Iterable[Any]) -> None:
        """Forget everything that was recorded of assets; nothing happens to unknown ones."""
        for key in asset_keys:
            try:
                self.wipe_asset(key)
            except UnknownAssetError:
                continue

    def wipe_asset_partitions(self: Any, asset_key: Any, partition_keys: Iterable[str]) -> None:
        """Forget that partitions of an asset were materialized."""
        for key in partition_keys:
            self.wipe_asset(asset_key, key)


def _filter_of(given: Any) -> AssetRecordsFilter:
    return given if isinstance(given, AssetRecordsFilter) else AssetRecordsFilter(AssetKey.from_coercible(given))


def _fetch(
    instance: Any, kind: str, wanted: AssetRecordsFilter, limit: int, cursor: str | None, *, ascending: bool
) -> EventRecordsResult:
    found = list(_matching(instance, kind, wanted, limit + 1, ascending=ascending, cursor=cursor))
    records = found[:limit]
    last = str(records[-1].storage_id) if records else cursor or ""
    return EventRecordsResult(records, last, len(found) > limit)


def _matching(
    instance: Instance,
    kind: str,
    wanted: AssetRecordsFilter,
    limit: int | None,
    *,
    ascending: bool,
    cursor: str | None = None,
) -> Iterator[EventLogRecord]:
    """Records that match, in order, read in pages."""
    low, high = wanted.after_storage_id, wanted.before_storage_id
    left = limit
    at = int(cursor) if cursor else None
    while left is None or left > 0:
        after = max((x for x in (low, at if ascending else None) if x is not None), default=None)
        before = min((x for x in (high, None if ascending else at) if x is not None), default=None)
        page = instance.asset_history(
            wanted.asset_key, kind, HistoryPage(after, before, min(left or READ_AT_ONCE, READ_AT_ONCE), ascending)
        )
        for position, event in page:
            if _is_wanted(wanted, position, event):
                yield EventLogRecord(position, event)
                left = None if left is None else left - 1
                if left == 0:
                    return
        if not page:
            return
        at = page[-1][0]


def _is_wanted(wanted: AssetRecordsFilter, position: int, event: Event) -> bool:
    return (
        (wanted.storage_ids is None or position in wanted.storage_ids)
        and (wanted.after_timestamp is None or event.timestamp > wanted.after_timestamp)
        and (wanted.before_timestamp is None or event.timestamp < wanted.before_timestamp)
        and (wanted.asset_partitions is None or event.partition in wanted.asset_partitions)
    )


def _entry(instance: Any, key: AssetKey) -> AssetEntry:
    latest = [
        next(_matching(instance, kind, AssetRecordsFilter(key), 1, ascending=False), None)
        for kind in (MATERIALIZATION, OBSERVATION)
    ]
    return AssetEntry(key, *latest)


def _keys_of(event: Event, grid: PartitionsDefinition | None) -> Iterator[str]:
    """Keys of the partitions that an event is about."""
    if event.partition is None:
        return
    first, dots, last = event.partition.partition(RANGE)
    start, stop = (grid.find(first), grid.find(last)) if grid is not None and dots else (None, None)
    if grid is None or start is None or stop is None:
        yield event.partition
    else:
        yield from grid.keys_of(IndexSet.range(start, stop + 1) & grid.all_indices())
