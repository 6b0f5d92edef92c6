"""Assets of an instance in memory: catalog, status, histories, dynamic partitions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from assetq.definitions import AssetCheckKey, AssetKey, Definitions
from assetq.errors import UnknownAssetError, suggest
from assetq.execution.asset_memory import AssetMemory
from assetq.execution.catalog import catalog_record
from assetq.execution.data_version import VersionMark, Wanted
from assetq.execution.dynamic_partitions import DynamicKeys, checked_keys
from assetq.execution.event import Event, EventType
from assetq.execution.history import HistoryPage
from assetq.execution.instance import Instance
from assetq.execution.record import AssetRecord, PartitionStatus
from assetq.execution.runless import reported_partitions, runless_event
from assetq.partitions import IndexSet, PartitionsDefinition


class AssetsInMemory(Instance):
    """The part of `MemoryInstance` that is about assets."""

    def __init__(self) -> None:
        self._catalog: dict[str, AssetRecord] = {}
        self._assets = AssetMemory()
        self._dynamic: defaultdict[str, DynamicKeys] = defaultdict(DynamicKeys)

    def register_assets(self, defs: Definitions) -> None:
        """Write the catalog."""
        for key, node in defs.graph.nodes.items():
            before, now = self._catalog.get(str(key)), catalog_record(defs.graph, node)
            if before is not None and before.partitions != now.partitions:
                self._assets.carry(str(key), self.partitions_of(before), self.partitions_of(now))
            self._catalog[str(key)] = now

    def list_assets(self) -> list[AssetRecord]:
        """The catalog."""
        return [self.get_asset(key) for key in sorted(self._catalog)]

    def get_asset(self, key: Any) -> AssetRecord:
        """An asset of the catalog."""
        name = str(AssetKey.from_coercible(key))
        if name not in self._catalog and not self._assets.exists(name):
            raise UnknownAssetError(f"There is no asset '{name}'.{suggest(name, self._catalog)}")
        return replace(self._catalog.get(name, AssetRecord(name)), latest=self._assets.latest(name))

    def asset_status(self, key: Any, defs: Definitions | None = None) -> PartitionStatus:
        """Partitions by status."""
        name = str(AssetKey.from_coercible(key))
        if defs is not None:
            self.register_assets(defs)
        grid = self.partitions_of(self.get_asset(name))
        every = IndexSet.range(0, 1) if grid is None else grid.all_indices()
        materialized, failed = self._assets.states(name, grid)
        failed = failed & every
        done = (materialized & every) - failed
        missing = len(every) - len(done) - len(failed)
        return PartitionStatus(name, len(every), len(done), len(failed), 0, missing)

    def partition_states(self, asset: str, partitions_def: PartitionsDefinition | None) -> tuple[IndexSet, IndexSet]:
        """Materialized and failed partitions."""
        return self._assets.states(asset, partitions_def and partitions_def.bound(self))

    def latest_materialization(self, key: Any, partition: str | None = None) -> Event | None:
        """The latest materialization."""
        record = self.get_asset(key)
        if partition is None or (record.latest and record.latest.partition == partition):
            return record.latest
        grid = self.partitions_of(record)
        index = None if grid is None else grid.find(partition)
        return None if index is None else self._assets.latest(record.key, grid, index)

    def asset_history(self, asset_key: Any, kind: str, page: HistoryPage) -> list[tuple[int, Event]]:
        """Events of one kind, with their positions."""
        return self._assets.read(str(AssetKey.from_coercible(asset_key)), kind, page)

    def has_history(self, asset_key: Any) -> bool:
        """Whether anything was recorded of an asset."""
        return self._assets.exists(str(AssetKey.from_coercible(asset_key)))

    def latest_checks(self, asset_key: Any) -> Mapping[str, Event]:
        """Name of a check -> its latest evaluation."""
        return self._assets.checks(str(AssetKey.from_coercible(asset_key)))

    def latest_check(self, asset_check_key: AssetCheckKey) -> Event | None:
        """The latest evaluation of a check."""
        return self.latest_checks(asset_check_key.asset_key).get(asset_check_key.name)

    def report_runless_asset_event(self, asset_event: Any) -> None:
        """Record an event that no run made."""
        told = runless_event(asset_event)
        name, partition = str(told.asset), told.data.get("partition")
        event = Event(
            told.type,
            told.timestamp_ms,
            "",
            asset=name,
            partition=partition,
            message=told.message,
            data=told.data,
        )
        record = self._catalog.get(name, AssetRecord(name))
        grid = self.partitions_of(record)
        index = grid.index_of(str(partition)) if grid is not None and partition is not None else 0
        self._assets.remember(event)
        if told.marks:
            self._assets.versions.write(name, grid, reported_partitions(grid, partition), told.marks)
        if event.type is EventType.ASSET_MATERIALIZATION:
            is_placed = grid is None or partition is not None
            self._catalog.setdefault(name, record)
            self._assets.materialized(event, grid, IndexSet.range(index, index + is_placed))

    def wipe_asset(self, key: Any, partition: str | None = None) -> None:
        """Forget materializations."""
        record = self.get_asset(key)
        grid = self.partitions_of(record)
        if partition is None:
            self._assets.wipe(record.key, grid, None)
        elif grid is not None:
            index = grid.index_of(partition)
            self._assets.wipe(record.key, grid, IndexSet.range(index, index + 1))

    def version_marks(self, wanted: Sequence[Wanted]) -> list[list[VersionMark | None]]:
        """Data versions of partitions."""
        return self._assets.versions.read(wanted)

    def add_dynamic_partitions(self, partitions_def_name: str, partition_keys: Sequence[str]) -> None:
        """Add keys, in their order."""
        self._dynamic[partitions_def_name].add(checked_keys(partitions_def_name, partition_keys))

    def delete_dynamic_partition(self, partitions_def_name: str, partition_key: str) -> None:
        """Delete a key."""
        self._dynamic[partitions_def_name].now.pop(partition_key, None)

    def dynamic_partition_slots(self, partitions_def_name: str) -> Mapping[str, int]:
        """Keys that exist, with their slots."""
        return dict(self._dynamic[partitions_def_name].now)
