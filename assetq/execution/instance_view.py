"""What Dagster's instance offers, under its names, on top of what every instance has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from assetq.definitions import AssetKey
from assetq.errors import UnknownAssetError, UnknownRunError
from assetq.execution.event import Event
from assetq.execution.record import AssetRecord, RunRecord
from assetq.partitions import PartitionsDefinition, partitions_from_dict

if TYPE_CHECKING:
    from assetq.execution.instance import Instance

MANY = 1_000_000


class InstanceView:
    """Mixed into `Instance`."""

    @staticmethod
    def get() -> Instance:
        """The instance that the environment names: `ASSETQ_REDIS_URL`, or the server of this folder."""
        from assetq.execution.instance import Instance

        return Instance.connect()

    @staticmethod
    def local_temp(tempdir: str | None = None) -> Instance:
        """An instance in memory whose values are stored in a folder. Mirrors Dagster's method of that name."""
        from assetq.execution.memory import MemoryInstance

        return MemoryInstance(tempdir)

    def partitions_of(self: Any, record: AssetRecord) -> PartitionsDefinition | None:
        """How an asset of the catalog is partitioned, with the dynamic keys that exist now."""
        grid = partitions_from_dict(record.partitions)
        return None if grid is None else grid.bound(self)

    def get_run_by_id(self: Any, run_id: str) -> RunRecord | None:
        """A run; None when there is none."""
        try:
            found: RunRecord = self.get_run(run_id)
        except UnknownRunError:
            return None
        return found

    def has_run(self, run_id: str) -> bool:
        """Whether there is such a run."""
        return self.get_run_by_id(run_id) is not None

    def get_runs(self: Any, limit: int | None = None, tags: Mapping[str, str] | None = None) -> Sequence[RunRecord]:
        """Runs, newest first."""
        found: list[RunRecord] = self.list_runs(limit=limit or MANY, tags=tags)
        return found

    def get_runs_count(self) -> int:
        """How many runs there are."""
        return len(self.get_runs())

    def all_logs(self: Any, run_id: str) -> Sequence[Event]:
        """Every event of a run, in order."""
        found: list[Event] = self.read_events(run_id, limit=MANY)
        return found

    def all_asset_keys(self: Any) -> Sequence[AssetKey]:
        """Every asset of the catalog."""
        return [AssetKey.from_user_string(record.key) for record in self.list_assets()]

    def get_asset_keys(self) -> Sequence[AssetKey]:
        """Every asset of the catalog."""
        return self.all_asset_keys()

    def has_asset_key(self, asset_key: Any) -> bool:
        """Whether the catalog has an asset."""
        return AssetKey.from_coercible(asset_key) in self.all_asset_keys()

    def get_latest_materialization_event(self: Any, asset_key: Any) -> Event | None:
        """The latest materialization of an asset; None when there is none."""
        try:
            found: Event | None = self.latest_materialization(asset_key)
        except UnknownAssetError:
            return None
        return found

    def get_latest_materialization_events(self, asset_keys: Iterable[Any]) -> Mapping[AssetKey, Event | None]:
        """The latest materialization of each asset."""
        keys = [AssetKey.from_coercible(key) for key in asset_keys]
        return {key: self.get_latest_materialization_event(key) for key in keys}

    def get_materialized_partitions(self: Any, asset_key: Any) -> set[str]:
        """Keys of the partitions that are materialized."""
        try:
            record = self.get_asset(asset_key)
        except UnknownAssetError:
            return set()
        grid = self.partitions_of(record)
        if grid is None:
            return set()
        materialized, _ = self.partition_states(record.key, grid)
        return {grid.key_at(index) for index in materialized & grid.all_indices()}

    def wipe_assets(self: Any, asset_keys: Iterable[Any]) -> None:
        """Forget that assets were materialized."""
        for key in asset_keys:
            self.wipe_asset(key)

    def wipe_asset_partitions(self: Any, asset_key: Any, partition_keys: Iterable[str]) -> None:
        """Forget that partitions of an asset were materialized."""
        for key in partition_keys:
            self.wipe_asset(asset_key, key)
