"""The instance on Redis: what the command line, users' programs and workers call."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from assetq.broker.asset_status import AssetStatus, status_identity, status_ranges
from assetq.broker.audit import problems, take_snapshot
from assetq.broker.connection import RECONNECT_S, check_layout, connect, translated, with_retries
from assetq.broker.dynamic_partitions import DynamicPartitions
from assetq.broker.engine import Engine
from assetq.broker.event_log import EventLog, pack_runless_event, unpack_event
from assetq.broker.keys import Keys
from assetq.broker.message import text
from assetq.broker.pool_reader import PoolReader
from assetq.broker.publisher import Publisher
from assetq.broker.repair import compute_frontier
from assetq.broker.run_reader import RunReader
from assetq.broker.script import packb, unpackb
from assetq.broker.settings import Settings
from assetq.broker.submission import node_entries, run_details
from assetq.broker.version_store import VersionStore, packed_versions
from assetq.definitions import AssetKey, Definitions
from assetq.definitions.config import run_config_dict
from assetq.errors import PoolLimitError, UnknownAssetError, UsageError, suggest
from assetq.execution.catalog import catalog_record, record_from_dict, record_to_dict
from assetq.execution.data_version import VersionMark, Wanted
from assetq.execution.dynamic_partitions import checked_keys
from assetq.execution.event import Event, EventType
from assetq.execution.instance import Instance, RunHandle
from assetq.execution.record import (
    AssetRecord,
    PartitionStatus,
    PoolDetail,
    PoolRecord,
    RunRecord,
    WorkerRecord,
)
from assetq.execution.run_config import check_run_config
from assetq.execution.runless import reported_partitions, runless_event
from assetq.partitions import IndexSet, PartitionsDefinition, partitions_from_dict
from assetq.planning import Plan

P = ParamSpec("P")
T = TypeVar("T")
REPAIR_TRIES = 20
RUNS_SEARCHED = 20


def on_redis(
    method: Callable[Concatenate[RedisInstance, P], T],
) -> Callable[Concatenate[RedisInstance, P], T]:
    """Errors of Redis leave the method in assetq's words."""

    @wraps(method)
    def translating(self: RedisInstance, *args: P.args, **kwargs: P.kwargs) -> T:
        with translated(self.settings.redis_url):
            return method(self, *args, **kwargs)

    return cast("Callable[Concatenate[RedisInstance, P], T]", translating)


class RedisInstance(Instance):
    """Runs, events, pools, assets and workers on a Redis server."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.keys = Keys(settings.namespace)
        self.client = connect(settings.redis_url)
        self.publisher = Publisher(settings)
        self.engine = Engine(self.client, self.keys, settings, self.publisher)
        self.runs = RunReader(self.client, self.keys)
        self.pool_reader = PoolReader(self.client, self.keys, self.runs)
        self.events = EventLog(self.client, self.keys, settings.redis_url)
        self.status = AssetStatus(self.client, self.keys)
        self.versions = VersionStore(self.client, self.keys)
        self.dynamic = DynamicPartitions(self.engine)

    @classmethod
    def open(cls, url: str | None, namespace: str | None) -> RedisInstance:
        """Connect, and check that server and layout fit."""
        settings = Settings.load()
        changes = {"redis_url": url, "namespace": namespace}
        settings = Settings.parse({**settings.model_dump(), **{k: v for k, v in changes.items() if v}})
        instance = cls(settings)
        instance.check()
        return instance

    @on_redis
    def check(self) -> None:
        """Raise when the server cannot be reached or holds another layout."""
        check_layout(self.client, self.keys)

    @on_redis
    def submit_plan(
        self,
        plan: Plan,
        *,
        priority: int = 0,
        tags: Mapping[str, str] | None = None,
        run_config: Any = None,
        parent_run_id: str | None = None,
        defs: Definitions | None = None,
    ) -> RunHandle:
        """Submit; the fleet executes."""
        config = run_config_dict(run_config)
        if defs is not None:
            check_run_config(defs, plan, config)
        details = run_details(plan, priority=priority, tags=tags, config=config, parent_run_id=parent_run_id)
        run_id = str(uuid.uuid4())
        self.engine.submit(run_id, plan.to_bytes(), details, plan.step_count, node_entries(plan))
        return RunHandle(self, run_id)

    def retry_run(self, run_id: str, failed_only: bool = True, defs: Definitions | None = None) -> RunHandle:
        """Submit what did not succeed again, with the run's own config."""
        return super().retry_run(run_id, failed_only, defs)

    @on_redis
    def get_run(self, run_id: str) -> RunRecord:
        """A run."""
        return with_retries(lambda: self.runs.run(run_id), deadline_s=RECONNECT_S)

    @on_redis
    def list_runs(
        self, limit: int = 50, statuses: Sequence[str] = (), tags: Mapping[str, str] | None = None
    ) -> list[RunRecord]:
        """Runs, newest first."""
        return self.runs.list(limit, statuses, tags or {})

    @on_redis
    def run_ids(self, prefix: str = "") -> list[str]:
        """Ids, newest first."""
        return self.runs.ids(prefix)

    @on_redis
    def get_plan(self, run_id: str) -> Plan:
        """The plan of a run."""
        return self.runs.plan(run_id)

    @on_redis
    def step_states(self, run_id: str) -> dict[int, dict[str, IndexSet]]:
        """Final states of steps."""
        return self.runs.states(run_id)

    @on_redis
    def cancel_run(self, run_id: str) -> RunRecord:
        """Cancel a run."""
        self.engine.cancel(run_id)
        return self.runs.run(run_id)

    @on_redis
    def read_events(self, run_id: str, after: str | None = None, limit: int = 1000) -> list[Event]:
        """Events from behind a cursor."""
        return self.events.read(run_id, self.runs.plan(run_id), after, limit)

    def follow_events(self, run_id: str, after: str | None = None, timeout_s: float | None = None) -> Iterator[Event]:
        """Events as they are written."""
        return self.events.follow(run_id, self.get_plan(run_id), after, timeout_s)

    @on_redis
    def list_pools(self) -> list[PoolRecord]:
        """Every pool."""
        return self.pool_reader.pools()

    @on_redis
    def show_pool(self, pool: str) -> PoolDetail:
        """A pool with holders and waiters."""
        return self.pool_reader.pool(pool)

    @on_redis
    def set_pool_limit(self, pool: str, limit: int) -> None:
        """Change a limit at once."""
        if isinstance(limit, bool) or not isinstance(limit, int) or limit < 0:
            raise PoolLimitError(f"A pool limit is a whole number from 0, not {limit!r}. 0 pauses the pool.")
        self.engine.set_pool_limit(pool, limit)

    @on_redis
    def unset_pool_limit(self, pool: str) -> None:
        """Remove a limit at once."""
        self.engine.set_pool_limit(pool, -1)

    @on_redis
    def register_assets(self, defs: Definitions) -> None:
        """Write the catalog, its pools, and the default limits of pools that have none."""
        defs.validate()
        with self.client.pipeline() as pipeline:
            for key, node in defs.graph.nodes.items():
                pipeline.sadd(self.keys("assets"), str(key))
                pipeline.hset(
                    self.keys("asset", key), "definition", packb(record_to_dict(catalog_record(defs.graph, node)))
                )
                pipeline.sadd(self.keys("pools"), node.pool or "default")
            for pool, limit in defs.pools.items():
                pipeline.hsetnx(self.keys("limits"), pool, str(limit))
            pipeline.execute()

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
        if not fields:
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

    @on_redis
    def asset_status(self, key: Any, defs: Definitions | None = None) -> PartitionStatus:
        """Partitions by status; what is in flight counts as in progress."""
        if defs is not None:
            self.register_assets(defs)
        record = self.get_asset(key)
        grid = partitions_from_dict(record.partitions)
        every = IndexSet.range(0, 1) if grid is None else grid.all_indices()
        materialized, failed = self.status.states(record.key, grid)
        moving = self._in_progress(record.key) & every
        failed = (failed & every) - moving
        done = (materialized & every) - failed - moving
        missing = len(every) - len(done) - len(failed) - len(moving)
        return PartitionStatus(record.key, len(every), len(done), len(failed), len(moving), missing)

    def _in_progress(self, asset: str) -> IndexSet:
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
        return self.status.states(asset, partitions_def)

    @on_redis
    def latest_materialization(self, key: Any, partition: str | None = None) -> Event | None:
        """The latest materialization; of a partition, as far as the newest runs tell."""
        record = self.get_asset(key)
        if partition is None or (record.latest and record.latest.partition == partition):
            return record.latest
        for run_id in self.runs.ids()[:RUNS_SEARCHED]:
            if self.runs.plan(run_id).node_for_asset(record.key) is not None:
                found = [e for e in self._all_events(run_id) if _materializes(e, record.key, partition)]
                if found:
                    return found[-1]
        return None

    def _all_events(self, run_id: str) -> Iterator[Event]:
        cursor: str | None = None
        while page := self.events.read(run_id, self.runs.plan(run_id), cursor, 1000):
            yield from page
            cursor = page[-1].cursor

    @on_redis
    def version_marks(self, wanted: Sequence[Wanted]) -> list[list[VersionMark | None]]:
        """Data versions of partitions."""
        return with_retries(lambda: self.versions.read(wanted), deadline_s=RECONNECT_S)

    @on_redis
    def wipe_asset(self, key: Any, partition: str | None = None) -> None:
        """Forget materializations."""
        record = self.get_asset(key)
        grid = partitions_from_dict(record.partitions)
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
        grid = partitions_from_dict(unpackb(fields)["partitions"]) if fields else None
        partitions = reported_partitions(grid, partition)
        start, stop = next(iter(status_ranges(grid, partitions)), (0, 0))
        versions = list(packed_versions(name, grid, partitions, event.marks))
        self.engine.run_script(
            "record_event",
            asset=name,
            kind=str(event.type),
            event=pack_runless_event(event),
            identity=status_identity(grid),
            start=start,
            stop=stop,
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

    @on_redis
    def active_run_ids(self) -> list[str]:
        """Runs that have not ended."""
        return sorted(text(run_id) for run_id in self.client.smembers(self.keys("active")))

    @on_redis
    def check_run(self, run_id: str) -> str | None:
        """What is wrong with an active run's record: None, or sentences."""
        plan = self.runs.plan(run_id)
        snapshot = take_snapshot(self.client, self.keys, run_id, plan)
        found = "; ".join(problems(plan, snapshot)) if snapshot else ""
        return None if self.runs.run(run_id).status.is_terminal else found or None

    @on_redis
    def repair_run(self, run_id: str) -> None:
        """Rebuild a run's frontier from its plan and completion bitmaps; steps under way begin again. Atomic.

        Raises:
            UsageError: The run has ended, or moves too fast, which means that it needs no repair.
        """
        for _ in range(REPAIR_TRIES):
            frontier = compute_frontier(self.runs.plan(run_id), self.runs.states(run_id))
            if self.engine.rebuild(run_id, frontier.nodes, frontier.need, frontier.counts):
                return
        raise UsageError(f"Run {run_id} goes on while it is to be repaired. Stop its workers first, then repair.")

    @on_redis
    def list_workers(self) -> list[WorkerRecord]:
        """Live workers."""
        return self.pool_reader.workers()

    def close(self) -> None:
        """Close connections."""
        self.publisher.close()
        self.client.close()


def _materializes(event: Event, asset: str, partition: str) -> bool:
    return event.type is EventType.ASSET_MATERIALIZATION and event.asset == asset and event.partition == partition
