"""The instance on Redis: what the command line, users' programs and workers call."""

from __future__ import annotations

import os
import socket
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from assetq.broker.archive import Archive, delete_folder
from assetq.broker.archiver import Archiver
from assetq.broker.audit import problems, take_snapshot
from assetq.broker.codes import Code
from assetq.broker.connection import RECONNECT_S, SOCKET_TIMEOUT_S, check_layout, connect, with_retries
from assetq.broker.engine import Engine
from assetq.broker.event_log import EventLog
from assetq.broker.explanation import Explainer
from assetq.broker.instance_assets import AssetsOnRedis
from assetq.broker.keys import Keys
from assetq.broker.local_recorder import LocalRecorder
from assetq.broker.message import text
from assetq.broker.pool_reader import PoolReader
from assetq.broker.publisher import Publisher
from assetq.broker.repair import compute_frontier
from assetq.broker.retention import Retention
from assetq.broker.run_reader import RunReader
from assetq.broker.script import packb, unpackb
from assetq.broker.settings import Settings
from assetq.broker.submission import counted_tags, node_entries, run_details
from assetq.broker.translating import on_redis
from assetq.definitions import Definitions
from assetq.definitions.config import run_config_dict
from assetq.errors import UnknownRunError, UsageError
from assetq.execution.attempt_log import delete_logs
from assetq.execution.event import Event
from assetq.execution.local_run import LocalRun
from assetq.execution.pool_limit import Rate, check_limit, check_weights
from assetq.execution.record import PoolDetail, PoolRecord, RunRecord, StepWait, WorkerRecord
from assetq.execution.run_config import check_run_config
from assetq.execution.run_handle import RunHandle
from assetq.execution.run_tag import check_priority, check_run_limit, checked_tags
from assetq.execution.session import ExecutionSession
from assetq.partitions import IndexSet
from assetq.planning import Plan
from assetq.planning.room import refuse_overflow

REPAIR_TRIES = 20
SETTLE_S, SETTLE_PACE_S = 0.3, 0.01


class RedisInstance(AssetsOnRedis):
    """Runs, events, pools, assets and workers on a Redis server."""

    def __init__(self, settings: Settings, *, socket_timeout_s: float = SOCKET_TIMEOUT_S) -> None:
        self.settings = settings
        self.keys = Keys(settings.namespace)
        self.client = connect(settings.redis_url, socket_timeout_s=socket_timeout_s)
        self.publisher = Publisher(settings)
        self.engine = Engine(self.client, self.keys, settings, self.publisher)
        self.archive = Archive(self.client, self.keys, settings.effective_archive)
        self.runs = RunReader(self.client, self.keys, self.archive)
        self.pool_reader = PoolReader(self.client, self.keys, self.runs)
        self.events = EventLog(self.client, self.keys, settings.redis_url, self.archive)
        self.open_assets()

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
        refuse_overflow(plan)
        if defs is not None:
            check_run_config(defs, plan, config)
        check_weights(plan, self.pool_reader.limits)
        details = run_details(plan, priority=priority, tags=tags, config=config, parent_run_id=parent_run_id)
        run_id = str(uuid.uuid4())
        self.engine.submit(
            run_id, plan.to_bytes(), details, plan.step_count, node_entries(plan, tags), tags=counted_tags(tags)
        )
        return RunHandle(self, run_id)

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
        """Execute in the calling thread and record it here. The fleet never sees the run; should this process die,
        the recovery of any worker ends it."""
        self.register_assets(defs)
        config = run_config_dict(run_config)
        check_run_config(defs, plan, config)
        run = LocalRun(str(uuid.uuid4()), plan, session, dict(tags or {}), config, parent_run_id=parent_run_id)
        recorder = LocalRecorder(self.engine, run)
        self._hold(run)
        with recorder.holding():
            run.recorder = recorder
            run.execute()
        return run

    @on_redis
    def _hold(self, run: LocalRun) -> None:
        details = run_details(run.plan, priority=0, tags=run.tags, config=run.config, parent_run_id=run.parent_run_id)
        details["holder"] = f"{socket.gethostname()}:{os.getpid()}"
        held_ms = self.settings.lease_ms
        self.engine.submit(run.run_id, run.plan.to_bytes(), details, run.plan.step_count, (), held_ms)

    def storage_directory(self) -> str:
        """Where values are stored that no I/O manager places elsewhere."""
        return self.settings.storage

    def retry_run(self, run_id: str, failed_only: bool = True, defs: Definitions | None = None) -> RunHandle:
        """Submit what did not succeed again, with the run's own config."""
        return super().retry_run(run_id, failed_only, defs)

    @on_redis
    def run_config(self, run_id: str) -> Mapping[str, Any]:
        """The config that the run was submitted with."""
        packed = self.client.hget(self.keys("run", run_id), "config")
        config: Mapping[str, Any] = unpackb(packed) if packed else {}
        return config

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
    def made_partitions(self, run_id: str) -> dict[int, IndexSet]:
        """Partitions made by steps that did not succeed as a whole."""
        return self.runs.made(run_id)

    @on_redis
    def add_run_tags(self, run_id: str, new_tags: Mapping[str, str]) -> None:
        """Give a run further tags. Atomic."""
        checked_tags(new_tags)
        while True:
            before = self.client.hget(self.keys("run", run_id), "tags")
            if before is None:
                raise UnknownRunError(f"There is no run '{run_id}'. `assetq runs list` shows the runs.")
            after = packb({**unpackb(before), **new_tags})
            reply = self.engine.run_script("tag_run", run_id=run_id, expected=before, tags=after)
            if reply[0] is Code.OK:
                return

    @on_redis
    def delete_run(self, run_id: str) -> None:
        """Delete a run with its events. Atomic."""
        if self.get_run_by_id(run_id) is None:
            return
        # What an archived run left here does not need its plan, nor does it need to be changed.
        nodes = () if self.archive.has(run_id) else self.runs.plan(run_id).nodes
        folder = self.archive.folder(run_id) if self.archive.parts(run_id) else None
        latest = [[asset, self._latest_form(asset, run_id)] for node in nodes for asset in node.assets]
        reply = self.engine.run_script(
            "delete_run", run_id=run_id, nodes=len(nodes), latest=[item for item in latest if item[1]]
        )
        if reply[0] is Code.BUSY:
            raise UsageError(f"Run {run_id} has not ended; cancel it first.")
        self.runs.forget(run_id)
        delete_logs(self.storage_directory(), run_id)
        if folder is not None:
            delete_folder(folder)

    @on_redis
    def archive_run(self, run_id: str) -> bool:
        """Move an ended run to the archive; it reads as before."""
        return Archiver(self.engine, self.runs, self.archive).archive_run(run_id)

    @on_redis
    def archivable_runs(self, ended_before_s: float | None = None) -> list[str]:
        """Runs that the policy moves now, or that ended so long ago."""
        policy = Retention(self.client, self.keys, self.settings)
        return policy.due_runs() if ended_before_s is None else policy.ended_before(ended_before_s)

    @on_redis
    def cancel_run(self, run_id: str) -> RunRecord:
        """Cancel a run: nothing of it is claimed any more.

        Waits until workers amid a batch of tiny steps know: they believe what they last heard for less than this.
        """
        self.engine.cancel(run_id)
        deadline = time.monotonic() + SETTLE_S
        while (record := self.runs.run(run_id)).steps.running and time.monotonic() < deadline:
            time.sleep(SETTLE_PACE_S)
        return record

    @on_redis
    def explain_step(self, run_id: str, step: str) -> StepWait:
        """Where a step is, and what it waits for."""
        return Explainer(self.pool_reader).explain(run_id, *self.runs.plan(run_id).find_step(step))

    @on_redis
    def set_run_priority(self, run_id: str, priority: int) -> None:
        """Another place in every queue."""
        check_priority(priority)
        self.engine.set_priority(run_id, priority)

    @on_redis
    def set_run_limit(self, tag: str, limit: int | None) -> None:
        """Change how many runs with a tag go on at once."""
        check_run_limit(tag, 0 if limit is None else limit)
        self.engine.set_run_limit(tag, -1 if limit is None else limit)

    @on_redis
    def run_limits(self) -> dict[str, int]:
        """Limits of runs by tag."""
        return {text(tag): int(limit) for tag, limit in self.client.hgetall(self.keys("run_limits")).items()}

    @on_redis
    def read_events(self, run_id: str, after: str | None = None, limit: int = 1000) -> list[Event]:
        """Events from behind a cursor."""
        return self.events.read(run_id, lambda: self.runs.readable_plan(run_id), after, limit)

    def follow_events(self, run_id: str, after: str | None = None, timeout_s: float | None = None) -> Iterator[Event]:
        """Events as they are written."""
        return self.events.follow(run_id, lambda: self._readable_plan(run_id), after, timeout_s)

    def run_news(self, run_id: str, timeout_s: float | None) -> Iterator[None]:
        """Comes back whenever the run may have ended."""
        return self.events.news(timeout_s)

    @on_redis
    def _readable_plan(self, run_id: str) -> Plan | None:
        return self.runs.readable_plan(run_id)

    @on_redis
    def list_pools(self) -> list[PoolRecord]:
        """Every pool."""
        return self.pool_reader.pools()

    @on_redis
    def show_pool(self, pool: str) -> PoolDetail:
        """A pool with holders and waiters."""
        return self.pool_reader.pool(pool)

    @on_redis
    def set_pool_limit(self, pool: str, limit: int, rate: str | None = None) -> None:
        """Change a limit at once."""
        check_limit(pool, limit, rate)
        self.engine.set_pool_limit(pool, limit, Rate.parse(rate))

    @on_redis
    def unset_pool_limit(self, pool: str) -> None:
        """Remove a limit at once."""
        self.engine.set_pool_limit(pool, -1)

    @on_redis
    def active_run_ids(self) -> list[str]:
        """Runs that have not ended."""
        return sorted(text(run_id) for run_id in self.client.smembers(self.keys("active")))

    @on_redis
    def check_run(self, run_id: str) -> str | None:
        """What is wrong with an active run's record: None, or sentences."""
        if self.client.zscore(self.keys("held"), run_id) is not None:
            return None
        plan = self.runs.plan(run_id)
        snapshot = take_snapshot(self.client, self.keys, run_id, plan)
        while snapshot is not None and plan.has_open_fans and snapshot.growth != plan.growth:
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
            plan, tags = self.runs.plan(run_id), self.runs.run(run_id).tags
            frontier = compute_frontier(plan, self.runs.states(run_id), self.runs.made(run_id), tags)
            if self.engine.rebuild(
                run_id, frontier.nodes, frontier.need, frontier.counts, plan.growth, frontier.undone
            ):
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
