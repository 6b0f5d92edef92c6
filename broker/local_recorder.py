"""Records a run that this process executes by itself: in the record like any other, never handed to the fleet."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from redis.exceptions import RedisError

from assetq.broker.asset_entry import failed_entries, index_entries, materialized_entries
from assetq.broker.codes import Code
from assetq.broker.connection import RECONNECT_S, translated, with_retries
from assetq.broker.engine import Engine
from assetq.broker.event_log import pack_event
from assetq.broker.growth import growth_entry
from assetq.broker.version_store import VersionEntry, version_entries
from assetq.errors import StepInterrupted
from assetq.execution.event import Event, StepEvent
from assetq.execution.local_run import STATE_OF, LocalRun
from assetq.execution.task import StepResult, StepStatus, StepTask
from assetq.partitions import IndexSet

# The scripts tell these themselves, in the moment in which they happen.
TOLD_BY_SCRIPTS = "RUN_"


@dataclass(slots=True)
class LocalRecorder:
    """Gathers what happens and writes it between steps; a thread keeps the hold on the run while a step lasts."""

    engine: Engine
    run: LocalRun
    turn: int = 0
    has_ended: bool = False
    thread_id: int = field(default_factory=threading.get_ident)
    _stop: threading.Event = field(default_factory=threading.Event)
    _events: list[bytes] = field(default_factory=list)
    _index: list[Any] = field(default_factory=list)
    _ended: list[Any] = field(default_factory=list)
    _assets: list[Any] = field(default_factory=list)
    _made: list[list[int]] = field(default_factory=list)
    _versions: list[VersionEntry] = field(default_factory=list)

    def noted(self, event: Event) -> None:
        """An event was appended."""
        if str(event.type).startswith(TOLD_BY_SCRIPTS):
            return
        self._events.append(pack_event(event))
        told = StepEvent(event.type, event.timestamp_ms, event.asset, data=event.data)
        self._index += index_entries([told], len(self._events))

    def step_ended(self, task: StepTask, result: StepResult, events: Sequence[Event]) -> None:
        """An attempt ended."""
        if result.status in STATE_OF:
            self._ended.append([task.node, task.step, task.step + 1, STATE_OF[result.status]])
        where = task.plan, task.node, task.step
        self._made += [[task.node, start, stop] for start, stop in result.made.ranges]
        if result.status is StepStatus.SUCCEEDED or result.made:
            first = len(self._events) - len(events)
            made = materialized_entries(*where, result.events, self._events[first:], first + 1)
            self._assets += made
            self._versions += version_entries(*where, result.events)
        if result.status is StepStatus.FAILED:
            self._assets += failed_entries(*where, result.made)

    def grew(self, fan: int, keys: Sequence[str], nodes: Sequence[int]) -> None:
        """The keys of a fan are known."""
        self._ended.append([growth_entry(fan, keys, [(node, 0) for node in nodes])])

    def steps_skipped(self, node: int, steps: IndexSet) -> None:
        """Steps will not run."""
        self._ended += [[node, start, stop, "skipped"] for start, stop in steps.ranges]

    def flush(self) -> None:
        """Write what was gathered; a run that has ended meanwhile is canceled here too."""
        self._write(is_last=False)

    def _write(self, *, is_last: bool) -> None:
        if self.has_ended:
            return
        self.turn += 1
        arguments = {
            "run_id": self.run.run_id,
            "turn": self.turn,
            "events": self._events,
            "index": self._index,
            "ended": self._ended,
            "assets": self._assets,
            "versions": self._versions,
            "running": int(self.run.current is not None),
            "lease_ms": self.engine.settings.lease_ms,
            "is_last": is_last,
            "made": self._made,
        }
        with translated(self.engine.settings.redis_url):
            reply = with_retries(lambda: self.engine.run_script("record_steps", **arguments), deadline_s=RECONNECT_S)
        self._events, self._index, self._ended, self._assets, self._versions, self._made = [], [], [], [], [], []
        if is_last or reply[0] is Code.ENDED:
            self.has_ended = True
            if not is_last:
                self.run.canceled.set()

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Hold the run for as long as the block lasts, and end it behind it, however the block is left."""
        keeper = threading.Thread(target=self._keep, name=f"assetq-keep-{self.run.run_id}", daemon=True)
        keeper.start()
        try:
            yield
        finally:
            self._stop.set()
            keeper.join()
            self._write(is_last=True)

    def _keep(self) -> None:
        settings = self.engine.settings
        while not self._stop.wait(min(settings.heartbeat_ms, settings.lease_ms / 3) / 1000):
            try:
                reply = self.engine.run_script("keep_run", run_id=self.run.run_id, lease_ms=settings.lease_ms)
            except RedisError:
                continue  # the next turn, or the record of the step, tries again
            if reply[0] is Code.ENDED:
                self._interrupt()
                return

    def _interrupt(self) -> None:
        """The run was canceled, or counts as lost: stop the step under way."""
        self.run.canceled.set()
        if self.run.current is not None and not self._stop.is_set():
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(self.thread_id), ctypes.py_object(StepInterrupted)
            )
