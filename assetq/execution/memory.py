"""An instance in memory: it executes what is submitted in a thread of this process."""

from __future__ import annotations

import ctypes
import os
import shutil
import tempfile
import threading
import uuid
import weakref
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from assetq.definitions import Definitions
from assetq.definitions.config import run_config_dict
from assetq.definitions.pool_name import slots_of
from assetq.errors import StepInterrupted, UnknownRunError, UsageError, suggest
from assetq.execution.asset_memory import MemoryRecorder
from assetq.execution.event import Event, EventType
from assetq.execution.local_run import LocalRun
from assetq.execution.memory_assets import AssetsInMemory
from assetq.execution.pool_limit import PoolLimits, Rate, check_limit, check_weights, key_limits
from assetq.execution.record import (
    PoolDetail,
    PoolHolder,
    PoolRecord,
    PoolWaiter,
    RunRecord,
    RunStatus,
    StepWait,
    WorkerRecord,
)
from assetq.execution.run_config import check_run_config
from assetq.execution.run_handle import RunHandle
from assetq.execution.run_tag import check_priority, check_run_limit, checked_tags, max_steps
from assetq.execution.session import ExecutionSession
from assetq.partitions import IndexSet
from assetq.planning import Plan


class MemoryInstance(AssetsInMemory):
    """Runs and records that live as long as the object. Runs go one at a time, each in order.

    Limits of pools are recorded and shown. Since one step runs at a time they hold by themselves, but for 0: a run that
    was submitted stops before a step of a paused pool, and all behind it wait with it. What the calling thread executes
    by itself (`materialize`) does not stop, because nobody could start it again.
    """

    def __init__(self, storage: str | None = None) -> None:
        super().__init__()
        self.storage = storage
        self._runs: dict[str, LocalRun] = {}
        self._defs: dict[str, Definitions] = {}
        self._threads: dict[str, threading.Thread] = {}
        self._limits = PoolLimits()
        self._run_limits: dict[str, int] = {}
        self._turn = threading.RLock()  # an op may run assets itself

    @classmethod
    def open(cls, url: str | None, namespace: str | None) -> MemoryInstance:
        """A fresh one."""
        return cls()

    def storage_directory(self) -> str:
        """Where values are stored; without a folder of its own, one that lives as long as the instance."""
        if self.storage is None:
            passing = tempfile.mkdtemp(prefix="assetq-")
            weakref.finalize(self, shutil.rmtree, passing, ignore_errors=True)
            self.storage = os.path.join(passing, "storage")
        return self.storage

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
        """Submit, and execute in a thread."""
        check_weights(plan, lambda: self._limits)
        run = self._prepare(plan, priority, tags, run_config, parent_run_id, defs)
        run.is_paused = self._limits.paused
        thread = threading.Thread(target=self._execute, args=(run,), name=f"assetq-{run.run_id}", daemon=True)
        self._threads[run.run_id] = thread
        thread.start()
        return RunHandle(self, run.run_id)

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
        """Execute a plan in the calling thread."""
        self.register_assets(defs)
        run = self._prepare(plan, 0, tags, run_config, parent_run_id, defs, session)
        self._execute(run)
        return run

    def _prepare(
        self,
        plan: Plan,
        priority: int,
        tags: Mapping[str, str] | None,
        run_config: Any,
        parent_run_id: str | None,
        defs: Definitions | None,
        session: ExecutionSession | None = None,
    ) -> LocalRun:
        definitions = defs or (self._defs.get(parent_run_id) if parent_run_id else None)
        if definitions is None:
            raise UsageError("An instance in memory executes by itself and needs the definitions: give defs=.")
        config = run_config_dict(run_config)
        check_run_config(definitions, plan, config)
        max_steps(tags)
        opened = session or ExecutionSession(
            definitions, storage=self.storage, instance=self, config=config.get("resources")
        )
        run = LocalRun(str(uuid.uuid4()), plan, opened, dict(tags or {}), config, priority, parent_run_id)
        run.recorder = MemoryRecorder(self._assets)
        self._runs[run.run_id] = run
        self._defs[run.run_id] = definitions
        return run

    def _execute(self, run: LocalRun) -> None:
        with self._turn:
            run.execute()

    def _run(self, run_id: str) -> LocalRun:
        if run_id not in self._runs:
            raise UnknownRunError(f"There is no run '{run_id}'.{suggest(run_id, self._runs)}")
        return self._runs[run_id]

    def run_config(self, run_id: str) -> Mapping[str, Any]:
        """The config that the run was submitted with."""
        return self._run(run_id).config

    def get_run(self, run_id: str) -> RunRecord:
        """A run."""
        return self._run(run_id).record()

    def list_runs(
        self, limit: int = 50, statuses: Sequence[str] = (), tags: Mapping[str, str] | None = None
    ) -> list[RunRecord]:
        """Runs, newest first."""
        records = (run.record() for run in reversed(self._runs.values()))
        wanted = [
            record
            for record in records
            if (not statuses or record.status in statuses)
            and all(record.tags.get(key) == value for key, value in (tags or {}).items())
        ]
        return wanted[:limit]

    def run_ids(self, prefix: str = "") -> list[str]:
        """Ids of runs, newest first."""
        return [run_id for run_id in reversed(self._runs) if run_id.startswith(prefix)]

    def get_plan(self, run_id: str) -> Plan:
        """The plan of a run."""
        return self._run(run_id).plan

    def step_states(self, run_id: str) -> dict[int, dict[str, IndexSet]]:
        """Final states of steps."""
        return {node: dict(states) for node, states in self._run(run_id).states.items()}

    def made_partitions(self, run_id: str) -> dict[int, IndexSet]:
        """Partitions made by steps that did not succeed as a whole."""
        return dict(self._run(run_id).made)

    def add_run_tags(self, run_id: str, new_tags: Mapping[str, str]) -> None:
        """Give a run further tags."""
        run = self._run(run_id)
        run.tags = {**run.tags, **checked_tags(new_tags)}

    def delete_run(self, run_id: str) -> None:
        """Delete a run with its events."""
        if run_id not in self._runs:
            return
        if not self._runs[run_id].status.is_terminal:
            raise UsageError(f"Run {run_id} has not ended; cancel it first.")
        for kept in (self._runs, self._defs, self._threads):
            kept.pop(run_id, None)
        self._assets.forget_run(run_id)

    def cancel_run(self, run_id: str) -> RunRecord:
        """Cancel: interrupts the step under way."""
        run = self._run(run_id)
        if run.status.is_terminal:
            raise UsageError(f"Run {run_id} has already ended with {run.status}.")
        run.canceled.set()
        if run.status is not RunStatus.CANCELING:
            run.status = RunStatus.CANCELING
            run.note(EventType.RUN_CANCELING)
        thread = self._threads.get(run_id)
        if run.current is not None and thread is not None and thread.ident is not None:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(StepInterrupted))
        return run.record()

    def explain_step(self, run_id: str, step: str) -> StepWait:
        """Where a step is; what waits here waits for its turn, or for a paused pool."""
        run = self._run(run_id)
        node, number = run.plan.find_step(step)
        ended = [state for state, steps in run.states.get(node, {}).items() if number in steps]
        state = ended[0] if ended else "running" if run.current == (node, number) else "waiting"
        paused = run.blocked_by if state == "waiting" else None
        missing = {"limit": f"the pool '{paused}' is paused (limit 0)"} if paused else {}
        return StepWait(step, state, dict(slots_of(run.plan.nodes[node].bundle)), None, missing)

    def set_run_priority(self, run_id: str, priority: int) -> None:
        """Record a priority: runs go in the order of their submission here."""
        run = self._run(run_id)
        check_priority(priority)
        if run.status.is_terminal:
            raise UsageError(f"Run {run_id} has already ended with {run.status}.")
        run.priority = priority

    def set_run_limit(self, tag: str, limit: int | None) -> None:
        """Record a limit: runs go one at a time here."""
        check_run_limit(tag, 0 if limit is None else limit)
        self._run_limits.pop(tag, None)
        if limit is not None:
            self._run_limits[tag] = limit

    def run_limits(self) -> dict[str, int]:
        """Limits of runs by tag."""
        return dict(self._run_limits)

    def read_events(self, run_id: str, after: str | None = None, limit: int = 1000) -> list[Event]:
        """Events from behind a cursor."""
        start = 0 if after is None else int(after) + 1
        return self._run(run_id).events[start : start + limit]

    def follow_events(self, run_id: str, after: str | None = None, timeout_s: float | None = None) -> Iterator[Event]:
        """Events as they happen."""
        return self._run(run_id).follow(after, timeout_s)

    def _pool_names(self) -> list[str]:
        used = {pool for run in self._runs.values() for node in run.plan.nodes for pool in node.pools}
        named = {record.pool for record in self._catalog.values() if record.pool}
        return sorted(used | named | self._limits.names() | {"default"})

    def list_pools(self) -> list[PoolRecord]:
        """Every pool."""
        return [self.show_pool(pool).record for pool in self._pool_names()]

    def show_pool(self, pool: str) -> PoolDetail:
        """A pool; runs here hold at most one slot, since they go one step at a time."""
        if pool not in self._pool_names():
            raise UsageError(f"There is no pool '{pool}'.{suggest(pool, self._pool_names())}")
        holders = tuple(
            PoolHolder(run.run_id, run.plan.step_key(*run.current), "running", None, run.started_at_ms or 0)
            for run in self._runs.values()
            if run.current is not None and pool in run.plan.nodes[run.current[0]].pools
        )
        waiting = [run for run in self._runs.values() if run.blocked_by == pool]
        waiters = tuple(PoolWaiter(run.run_id, 1, "the pool is paused (limit 0)") for run in waiting)
        source = self._limits.source_of(pool)
        held, rate = len(holders), self._limits.rate_of(pool)
        record = PoolRecord(pool, self._limits.of(pool), held, 0, len(waiters), source, rate, batches=held)
        return PoolDetail(record, holders, waiters)

    def set_pool_limit(self, pool: str, limit: int, rate: str | None = None) -> None:
        """Record a limit."""
        check_limit(pool, limit, rate)
        self._limits.assign(pool, limit, Rate.parse(rate))
        self._limits_changed()

    def unset_pool_limit(self, pool: str) -> None:
        """Forget a limit."""
        self._limits.unset(pool)
        self._limits_changed()

    def register_assets(self, defs: Definitions) -> None:
        """Write the catalog, and the limits of pools that code gives."""
        super().register_assets(defs)
        self._limits.register({**key_limits(defs), **defs.pools})
        self._limits_changed()

    def _limits_changed(self) -> None:
        """Runs that stand before a paused pool look again."""
        for run in list(self._runs.values()):
            with run.changed:
                run.changed.notify_all()

    def list_workers(self) -> list[WorkerRecord]:
        """None: this process is the worker."""
        return []

    @property
    def is_ephemeral(self) -> bool:
        """Always: the records end with the object."""
        return True

    def close(self) -> None:
        """Close what sessions opened."""
        for run in self._runs.values():
            if run.status.is_terminal:
                run.session.close()
