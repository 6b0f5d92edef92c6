"""Assets of the instance on Redis: catalog, status, histories, dynamic partitions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from redis import Redis

from assetq.broker.archive import Archive
from assetq.broker.asset_history import AssetHistory
from assetq.broker.asset_status import AssetStatus, status_identity, status_ranges
from assetq.broker.catalog import Catalog
from assetq.broker.connection import RECONNECT_S, with_retries
from assetq.broker.dynamic_partitions import DynamicPartitions
from assetq.broker.engine import Engine
from assetq.broker.event_log import pack_event, pack_runless_event, unpack_event
from assetq.broker.keys import Keys
from assetq.broker.message import text
from assetq.broker.pool_reader import PoolReader
from assetq.broker.run_reader import RunReader
from assetq.broker.script import unpackb
from assetq.broker.settings import Settings
from assetq.broker.translating import on_redis
from assetq.broker.version_store import VersionStore, packed_versions
from assetq.definitions import AssetCheckKey, AssetKey, Definitions
from assetq.errors import UnknownAssetError, suggest
from assetq.execution.catalog import record_from_dict
from assetq.execution.data_version import VersionMark, Wanted
from assetq.execution.dynamic_partitions import checked_keys
from assetq.execution.event import Event
from assetq.execution.history import KIND_OF, HistoryPage
from assetq.execution.instance import Instance
from assetq.execution.record import AssetRecord, PartitionStatus
from assetq.execution.runless import reported_partitions, runless_event
from assetq.partitions import IndexSet, PartitionsDefinition
from assetq.planning import Plan


class AssetsOnRedis(Instance):
    """The part of `RedisInstance` that is about assets."""

    settings: Settings
    keys: Keys
    client: Redis
    engine: Engine
    archive: Archive
    runs: RunReader
    pool_reader: PoolReader

    def open_assets(self) -> None:
        """Make the readers and writers, once the connection is there."""
        self.status = AssetStatus(self.client, self.keys)
        self.versions = VersionStore(self.client, self.keys)
        self.history = AssetHistory(self.client, self.keys, self.runs, self.archive)
        self.dynamic = DynamicPartitions(self.engine)
        self.catalog = Catalog(self.engine, self)

    @on_redis
    def register_assets(self, defs: Definitions) -> None:
        """Write the catalog, its pools, and the default limits of pools that have none."""
        defs.validate()
        self.catalog.register(defs)

    @on_redis
    def list_assets(self) -> list[AssetRecord]:
        """The catalog."""
        names = sorted(text(name) for name in self.client.smembers(self.keys("assets")))
        with self.client.pipeline(transaction=False) as pipeline:
            for name in names:
                pipeline.hgetall(self.keys("asset", name))
            rows = pipeline.execute() if names else []
        return [self._asset_record(name, fields) for name, fields in zip(names, rows, strict=True)]

    @on_redis
    def get_asset(self, key: Any) -> AssetRecord:
        """An asset of the catalog."""
        name = str(AssetKey.from_coercible(key))
        fields = self.client.hgetall(self.keys("asset", name))
        if not fields and not self.client.sismember(self.keys("assets"), name):
            known = [text(other) for other in self.client.smembers(self.keys("assets"))]
            raise UnknownAssetError(f"There is no asset '{name}' in the catalog.{suggest(name, known)}")
        return self._asset_record(name, fields)

    def _asset_record(self, name: str, fields: Mapping[bytes, bytes]) -> AssetRecord:
        latest = self._latest(fields)
        if b"definition" not in fields:
            return AssetRecord(name, latest=latest)
        return record_from_dict(unpackb(fields[b"definition"]), latest=latest)

    def _latest(self, fields: Mapping[bytes, bytes]) -> Event | None:
        if not fields.get(b"latest"):
            return None
        run_id = text(fields[b"latest_run"])
        plan = self.runs.plan(run_id) if run_id else Plan((), ())
        return unpack_event(run_id, plan, "", {b"e": fields[b"latest"]})

    def _latest_form(self, asset: str, run_id: str) -> bytes:
        """The latest materialization, if a run made it, in a form that does not need the run."""
        fields = self.client.hgetall(self.keys("asset", asset))
        latest = self._latest(fields) if text(fields.get(b"latest_run", b"")) == run_id else None
        return pack_event(latest) if latest else b""

    @on_redis
    def asset_status(self, key: Any, defs: Definitions | None = None) -> PartitionStatus:
        """Partitions by status; what is in flight counts as in progress."""
        if defs is not None:
            self.register_assets(defs)
        record = self.get_asset(key)
        grid = self.partitions_of(record)
        every = IndexSet.range(0, 1) if grid is None else grid.all_indices()
        materialized, failed = self.status.states(record.key, grid)
        moving = self.partitions_in_progress(record.key) & every
        failed = (failed & every) - moving
        done = (materialized & every) - failed - moving
        missing = len(every) - len(done) - len(failed) - len(moving)
        return PartitionStatus(record.key, len(every), len(done), len(failed), len(moving), missing)

    @on_redis
    def partitions_in_progress(self, asset: str) -> IndexSet:
        """Partitions that hold a slot, or wait for a worker with one."""
        found = IndexSet()
        for member in self.client.smembers(self.keys("active")):
            run_id = text(member)
            node = self.runs.plan(run_id).node_for_asset(asset)
            if node is None:
                continue
            fences = [text(fence) for fence in self.client.smembers(self.keys("run_grants", run_id))]
            spans = [(g.start, g.stop) for g in self.pool_reader.grants(fences) if g.node == node.index]
            found = found | node.partitions_in(IndexSet.of(*spans))
        return found

    @on_redis
    def partition_states(self, asset: str, partitions_def: PartitionsDefinition | None) -> tuple[IndexSet, IndexSet]:
        """Materialized and failed partitions."""
        return self.status.states(asset, partitions_def and partitions_def.bound(self))

    @on_redis
    def latest_materialization(self, key: Any, partition: str | None = None) -> Event | None:
        """The latest materialization of the asset, or of one partition; a few round trips however much there is."""
        record = self.get_asset(key)
        if partition is None or (record.latest and record.latest.partition == partition):
            return record.latest
        grid = self.partitions_of(record)
        index = None if grid is None else grid.find(partition)
        if grid is None or index is None:
            return None
        place = grid.to_status(IndexSet.range(index, index + 1))
        return self.history.latest(record.key, grid.status_identity, place.first) if place else None

    @on_redis
    def asset_history(self, asset_key: Any, kind: str, page: HistoryPage) -> list[tuple[int, Event]]:
        """Events of one kind, with their positions."""
        return self.history.read(str(AssetKey.from_coercible(asset_key)), kind, page)

    @on_redis
    def has_history(self, asset_key: Any) -> bool:
        """Whether anything was recorded of an asset."""
        return self.history.exists(str(AssetKey.from_coercible(asset_key)))

    @on_redis
    def latest_checks(self, asset_key: Any) -> Mapping[str, Event]:
        """Name of a check -> its latest evaluation."""
        return self.history.checks(str(AssetKey.from_coercible(asset_key)))

    @on_redis
    def latest_check(self, asset_check_key: AssetCheckKey) -> Event | None:
        """The latest evaluation of a check."""
        return self.history.check(str(asset_check_key.asset_key), asset_check_key.name)

    @on_redis
    def version_marks(self, wanted: Sequence[Wanted]) -> list[list[VersionMark | None]]:
        """Data versions of partitions."""
        return with_retries(lambda: self.versions.read(wanted), deadline_s=RECONNECT_S)

    @on_redis
    def wipe_asset(self, key: Any, partition: str | None = None) -> None:
        """Forget materializations."""
        record = self.get_asset(key)
        grid = self.partitions_of(record)
        start, stop = -1, 0
        if partition is not None and grid is not None:
            index = grid.index_of(partition)
            ((start, stop),) = status_ranges(grid, IndexSet.range(index, index + 1))
        identity = status_identity(grid)
        self.engine.run_script("wipe_asset", asset=record.key, identity=identity, start=start, stop=stop)

    @on_redis
    def report_runless_asset_event(self, asset_event: Any) -> None:
        """Record an event that no run made."""
        event = runless_event(asset_event)
        name, partition = str(event.asset), event.data.get("partition")
        fields = self.client.hget(self.keys("asset", name), "definition")
        grid = self.partitions_of(record_from_dict(unpackb(fields))) if fields else None
        partitions = reported_partitions(grid, partition)
        start, stop = next(iter(status_ranges(grid, partitions)), (0, 0))
        versions = list(packed_versions(name, grid, partitions, event.marks))
        self.engine.run_script(
            "record_event",
            asset=name,
            kind=KIND_OF[event.type],
            event=pack_runless_event(event),
            identity=status_identity(grid),
            start=start,
            stop=stop,
            check=event.data.get("check_name", ""),
            marks=versions[0][3] if versions else b"",
            given=versions[0][4] if versions else "",
        )

    @on_redis
    def add_dynamic_partitions(self, partitions_def_name: str, partition_keys: Sequence[str]) -> None:
        """Add keys, in their order. Atomic by thousands."""
        self.dynamic.add(partitions_def_name, checked_keys(partitions_def_name, partition_keys))

    @on_redis
    def delete_dynamic_partition(self, partitions_def_name: str, partition_key: str) -> None:
        """Delete a key. Atomic."""
        self.dynamic.delete(partitions_def_name, partition_key)

    @on_redis
    def dynamic_partition_slots(self, partitions_def_name: str) -> Mapping[str, int]:
        """Keys that exist, with their slots."""
        return self.dynamic.slots(partitions_def_name)

    @on_redis
    def has_dynamic_partition(self, partitions_def_name: str, partition_key: str) -> bool:
        """Whether a key exists. One round trip."""
        return self.dynamic.has(partitions_def_name, partition_key)
