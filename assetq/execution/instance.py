"""`Instance`: the door to runs, events, pools and assets, in memory or on Redis."""

from __future__ import annotations

import importlib
import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from assetq.definitions import AssetCheckKey, AssetKey, Definitions
from assetq.errors import UnknownRunError, UsageError, suggest
from assetq.execution.attempt_log import read_log
from assetq.execution.catalog import versioned_record
from assetq.execution.data_version import VersionMark, Wanted, versioned
from assetq.execution.dynamic_partitions import DynamicPartitionsHolder
from assetq.execution.event import Event
from assetq.execution.history import HistoryPage
from assetq.execution.instance_view import InstanceView
from assetq.execution.local_run import LocalRun
from assetq.execution.record import (
    AssetRecord,
    PartitionStatus,
    PoolDetail,
    PoolRecord,
    RunRecord,
    StepWait,
    WorkerRecord,
)
from assetq.execution.run_tag import MAX_STEPS_TAG
from assetq.execution.session import ExecutionSession
from assetq.execution.staleness import Staleness, staleness
from assetq.partitions import IndexSet, PartitionsDefinition
from assetq.planning import PartitionScope, Plan, make_plan

# Implementations by URL scheme, loaded when asked for: this layer must not import the engine.
IMPLEMENTATIONS = {
    "memory": "assetq.execution.memory:MemoryInstance",
    "redis": "assetq.broker.instance:RedisInstance",
    "rediss": "assetq.broker.instance:RedisInstance",
    "unix": "assetq.broker.instance:RedisInstance",
}


class Instance(InstanceView, DynamicPartitionsHolder, ABC):
    """Runs, events, pools, assets and workers of one namespace. Everything the command line does is a call here."""

    @staticmethod
    def connect(url: str | None = None, *, namespace: str | None = None) -> Instance:
        """An instance on a Redis server.

        Args:
            url: Where it is; by default what the settings say.
            namespace: Prefix of all keys; by default what the settings say.

        Raises:
            ServerUnreachableError: Nothing answers there.
        """
        return _implementation((url or "redis:").partition(":")[0]).open(url, namespace)

    @staticmethod
    def ephemeral(tempdir: str | None = None) -> Instance:
        """An instance in memory, for tests and notebooks: it executes what is submitted in this process.

        Args:
            tempdir: Folder for stored values, which lie in `storage` there; by default one that goes with the object.
        """
        from assetq.execution.memory import MemoryInstance

        return MemoryInstance(os.path.join(tempdir, "storage") if tempdir else None)

    @classmethod
    @abstractmethod
    def open(cls, url: str | None, namespace: str | None) -> Instance:
        """Make the instance that `connect` or `ephemeral` asked for."""

    def submit(
        self,
        defs: Definitions,
        *,
        selection: Any = "*",
        partitions: Any = None,
        priority: int = 0,
        tags: Mapping[str, str] | None = None,
        run_config: Any = None,
        max_concurrent: int | None = None,
    ) -> RunHandle:
        """Plan a run and submit it, whole or not at all.

        Args:
            defs: The definitions.
            selection: Which assets.
            partitions: Which partitions: a `PartitionScope`, or what `PartitionScope.parse` reads. By default those
                that Dagster's tags of a run name, see `PartitionScope.of_tags`.
            priority: A larger one goes first.
            tags: For finding the run, and for the ops to read.
            run_config: Config of ops.
            max_concurrent: Most of its own steps that run at once, as the tag "assetq/max_concurrent_steps" says too.

        Raises:
            UsageError: Something is wrong; nothing was submitted.
        """
        if max_concurrent is not None:
            tags = {**(tags or {}), MAX_STEPS_TAG: str(max_concurrent)}
        self.register_assets(defs)
        scope = PartitionScope.of_tags(tags) if partitions is None else PartitionScope.parse(partitions)
        plan = self.plan(defs, selection=selection, scope=scope)
        return self.submit_plan(plan, priority=priority, tags=tags, run_config=run_config, defs=defs)

    def submit_job(self, defs: Definitions, name: str, **options: Any) -> RunHandle:
        """Launch a job: on the fleet, or in this process where the job's executor says so.

        Args:
            defs: The definitions that have it.
            name: Its name.
            options: `partitions`, `run_config`, `tags`, `priority`, and for a job of ops `op_selection`.

        Raises:
            UsageError: Something is wrong; nothing was submitted.
        """
        launching = importlib.import_module("assetq.execution.job_run")
        handle: RunHandle = launching.submit_job(self, defs, name, **options)
        return handle

    def plan(self, defs: Definitions, *, selection: Any = "*", scope: PartitionScope | None = None) -> Plan:
        """What `submit` would run, with what is known here of partitions; see `make_plan`."""
        return make_plan(
            defs,
            selection=selection,
            scope=scope,
            states=self.partition_states,
            store=self,
            stale=self.stale_partitions,
        )

    @abstractmethod
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
        """Submit a plan. `defs` is needed where this process executes it, and validates config elsewhere."""

    @abstractmethod
    def run_in_process(
        self,
        defs: Definitions,
        plan: Plan,
        session: ExecutionSession,
        *,
        tags: Mapping[str, str] | None = None,
        run_config: Any = None,
        parent_run_id: str | None = None,
    ) -> LocalRun:
        """Execute a plan in the calling thread, recorded here as it goes on."""

    @abstractmethod
    def storage_directory(self) -> str:
        """Where values are stored that no I/O manager places elsewhere."""

    @abstractmethod
    def run_config(self, run_id: str) -> Mapping[str, Any]:
        """The config that a run was submitted with; empty when there was none."""

    @abstractmethod
    def get_run(self, run_id: str) -> RunRecord:
        """A run.

        Raises:
            UnknownRunError: There is none with this id.
        """

    @abstractmethod
    def list_runs(
        self, limit: int = 50, statuses: Sequence[str] = (), tags: Mapping[str, str] | None = None
    ) -> list[RunRecord]:
        """Runs, newest first; empty when none match."""

    @abstractmethod
    def run_ids(self, prefix: str = "") -> list[str]:
        """Ids that begin with `prefix`, newest first."""

    def resolve_run_id(self, text: str) -> str:
        """The id that a person means: "last", a whole id, or a unique beginning.

        Raises:
            UnknownRunError: There is none, or more than one.
        """
        if text == "last":
            newest = self.list_runs(limit=1)
            if not newest:
                raise UnknownRunError(
                    "There are no runs yet. Submit one with `assetq backfill` or `assetq materialize`."
                )
            return newest[0].run_id
        found = self.run_ids(text)
        if text in found:
            return text
        if len(found) == 1:
            return found[0]
        if found:
            raise UnknownRunError(
                f"'{text}' is the beginning of {len(found)} runs: {', '.join(found[:5])}. Give more of it."
            )
        raise UnknownRunError(
            f"There is no run '{text}'.{suggest(text, self.run_ids()[:500])} `assetq runs list` shows the runs."
        )

    @abstractmethod
    def get_plan(self, run_id: str) -> Plan:
        """The plan of a run, as far as it has grown."""

    @abstractmethod
    def step_states(self, run_id: str) -> dict[int, dict[str, IndexSet]]:
        """Node -> final state -> steps. Steps that have not ended are in none."""

    @abstractmethod
    def made_partitions(self, run_id: str) -> dict[int, IndexSet]:
        """Node -> partitions made by steps that did not succeed as a whole, or not at once."""

    @abstractmethod
    def add_run_tags(self, run_id: str, new_tags: Mapping[str, str]) -> None:
        """Give a run further tags, or other values.

        Raises:
            UnknownRunError: There is no such run.
        """

    @abstractmethod
    def delete_run(self, run_id: str) -> None:
        """Delete a run with its events; nothing happens when there is none. What it made stays materialized.

        Raises:
            UsageError: The run has not ended.
        """

    def archive_run(self, run_id: str) -> bool:
        """Move a run that has ended from Redis to the archive on shared storage. It reads as before, only slower.

        Returns:
            False when nothing was to be moved: it was moved before, or this instance is in memory.

        Raises:
            UnknownRunError: There is no such run.
            UsageError: It has not ended, or pyarrow is not installed.
        """
        if not self.get_run(run_id).status.is_terminal:
            raise UsageError(f"Run {run_id} has not ended; only a run that has ended can be archived.")
        return False

    def archivable_runs(self, ended_before_s: float | None = None) -> list[str]:
        """Runs that can be archived, the oldest first.

        Args:
            ended_before_s: Those that ended so many seconds ago; by default those that the settings say are due.
        """
        return []

    @abstractmethod
    def cancel_run(self, run_id: str) -> RunRecord:
        """Cancel a run: when this returns, nothing of it starts any more.

        Raises:
            UsageError: The run has ended.
        """

    @abstractmethod
    def explain_step(self, run_id: str, step: str) -> StepWait:
        """Where a step is, and what it waits for: its place in the queue, what is missing, and who holds it.

        Args:
            run_id: The run.
            step: For example "orders[2024-01-01]".
        """

    @abstractmethod
    def set_run_priority(self, run_id: str, priority: int) -> None:
        """Give a run that has not ended another priority: what of it waits gets another place in every queue.

        Raises:
            UnknownRunError: There is no such run.
            UsageError: The run has ended, or the priority is out of range.
        """

    @abstractmethod
    def set_run_limit(self, tag: str, limit: int | None) -> None:
        """Change how many runs with a tag go on at once. Runs that have begun go on; others wait, QUEUED.

        Args:
            tag: "customer=acme", "customer=*" for each value, "customer" for all values together, "*" for all runs.
            limit: Runs; None removes the limit.
        """

    @abstractmethod
    def run_limits(self) -> dict[str, int]:
        """Limits of runs by tag; empty when there are none."""

    def retry_run(self, run_id: str, failed_only: bool = True, defs: Definitions | None = None) -> RunHandle:
        """Submit a new run with the steps of an ended one that did not succeed, or all of them.

        Raises:
            UsageError: The run is still going on, or nothing is left to do.
        """
        from assetq.execution.retry import retry

        return retry(self, run_id, failed_only=failed_only, defs=defs)

    @abstractmethod
    def read_events(self, run_id: str, after: str | None = None, limit: int = 1000) -> list[Event]:
        """Events of a run in order, from behind the cursor `after`; empty when there are none yet."""

    @abstractmethod
    def follow_events(self, run_id: str, after: str | None = None, timeout_s: float | None = None) -> Iterator[Event]:
        """Events as they happen, pushed; ends behind the run's last event, or when nothing came for `timeout_s`."""

    def attempt_log(self, run_id: str, step_key: str, attempt: int, offset: int = 0) -> bytes:
        """What an attempt of the fleet printed and logged, from a byte on; also while it runs, some seconds late."""
        return read_log(self.storage_directory(), run_id, step_key, attempt, offset)

    @abstractmethod
    def list_pools(self) -> list[PoolRecord]:
        """Every pool that is known, by name."""

    @abstractmethod
    def show_pool(self, pool: str) -> PoolDetail:
        """A pool with its holders and waiters."""

    @abstractmethod
    def set_pool_limit(self, pool: str, limit: int, rate: str | None = None) -> None:
        """Change a limit at once: 0 pauses the pool, a lower one kills nothing. Wins over limits in code.

        Args:
            pool: Its name; "*" for every named pool without a limit of its own.
            limit: Slots.
            rate: Steps that may begin in a period, for example "5/s" or "100/m"; none by default.

        Raises:
            PoolLimitError: The limit is below 0, or the rate is none.
        """

    @abstractmethod
    def unset_pool_limit(self, pool: str) -> None:
        """Remove a limit at once."""

    @abstractmethod
    def register_assets(self, defs: Definitions) -> None:
        """Write the definitions into the catalog."""

    @abstractmethod
    def list_assets(self) -> list[AssetRecord]:
        """The catalog, by key."""

    @abstractmethod
    def get_asset(self, key: Any) -> AssetRecord:
        """An asset of the catalog.

        Raises:
            UnknownAssetError: It is not there; proposes the nearest.
        """

    @abstractmethod
    def asset_status(self, key: Any, defs: Definitions | None = None) -> PartitionStatus:
        """Partitions of an asset by status."""

    @abstractmethod
    def partition_states(self, asset: str, partitions_def: PartitionsDefinition | None) -> tuple[IndexSet, IndexSet]:
        """Materialized and failed partitions, as indices of `partitions_def`."""

    @abstractmethod
    def latest_materialization(self, key: Any, partition: str | None = None) -> Event | None:
        """The latest materialization of an asset, or of one of its partitions; None when there is none."""

    def staleness(self, key: Any) -> Staleness:
        """What is out of date of an asset, as the catalog defines it.

        Raises:
            UnknownAssetError: It is not in the catalog.
        """
        record = self.get_asset(key)
        return self.staleness_of([record], {other: self.get_asset(other) for other in record.deps})[record.key]

    def stale_partitions(self, defs: Definitions, key: AssetKey) -> IndexSet:
        """Partitions of an asset that are out of date, as some definitions have it."""
        return staleness(versioned(defs, key), self).stale

    def staleness_of(self, records: Iterable[AssetRecord], known: Mapping[str, AssetRecord]) -> dict[str, Staleness]:
        """What is out of date of some assets, external ones left out; `known` holds what they read, by key."""
        return {r.key: staleness(versioned_record(r, known), self) for r in records if not r.is_external}

    @abstractmethod
    def version_marks(self, wanted: Sequence[Wanted]) -> list[list[VersionMark | None]]:
        """Data versions: of each `(asset, its partitions, which of them)`, in their order; None where none is known."""

    def partitions_in_progress(self, asset: str) -> IndexSet:
        """Partitions of an asset that are being made."""
        return IndexSet()

    @abstractmethod
    def asset_history(self, asset_key: Any, kind: str, page: HistoryPage) -> list[tuple[int, Event]]:
        """Events of an asset, "materialization", "observation" or "check", each with its position in that history.

        Positions grow with time and are never given twice, not even after the asset was wiped.
        """

    @abstractmethod
    def has_history(self, asset_key: Any) -> bool:
        """Whether an asset was ever materialized or observed, since it was wiped."""

    @abstractmethod
    def latest_checks(self, asset_key: Any) -> Mapping[str, Event]:
        """Name of a check -> its latest evaluation, for the checks of an asset; empty when none was evaluated."""

    @abstractmethod
    def latest_check(self, asset_check_key: AssetCheckKey) -> Event | None:
        """The latest evaluation of a check; None when it never was evaluated."""

    @abstractmethod
    def wipe_asset(self, key: Any, partition: str | None = None) -> None:
        """Forget that an asset, or one partition, was materialized. Stored values stay."""

    @abstractmethod
    def report_runless_asset_event(self, asset_event: Any) -> None:
        """Record that something happened to an asset outside of any run. Mirrors Dagster's method.

        Args:
            asset_event: An `AssetMaterialization`, `AssetObservation` or `AssetCheckEvaluation`.
        """

    @abstractmethod
    def list_workers(self) -> list[WorkerRecord]:
        """Live workers, by name."""

    @abstractmethod
    def close(self) -> None:
        """Close connections."""

    def __enter__(self) -> Instance:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _implementation(scheme: str) -> type[Instance]:
    module, _, name = IMPLEMENTATIONS.get(scheme, IMPLEMENTATIONS["redis"]).partition(":")
    found: type[Instance] = getattr(importlib.import_module(module), name)
    return found


@dataclass(frozen=True, slots=True)
class RunHandle:
    """A submitted run."""

    instance: Instance
    run_id: str

    def status(self) -> RunRecord:
        """The run as it is now."""
        return self.instance.get_run(self.run_id)

    def events(self, after: str | None = None) -> Iterator[Event]:
        """Its events as they happen, until its end."""
        return self.instance.follow_events(self.run_id, after)

    def wait(self, timeout: float | None = None) -> RunRecord:
        """Wait for the end.

        Args:
            timeout: Seconds; None waits for ever.

        Raises:
            TimeoutError: The run goes on after that time.
        """
        from assetq.execution.waiting import wait_for_run

        return wait_for_run(self.instance, self.run_id, timeout)

    def cancel(self) -> RunRecord:
        """Cancel it."""
        return self.instance.cancel_run(self.run_id)

    def retry(self, failed_only: bool = True) -> RunHandle:
        """Submit what did not succeed again."""
        return self.instance.retry_run(self.run_id, failed_only)
