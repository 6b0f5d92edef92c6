"""Steps of a batch that have ended and are not recorded yet: they are recorded together, and soon.

Quick steps are recorded some at a time by the thread that runs them. However long a step takes, what ended before it is
in the record a moment later: another thread commits it. Nor does a slow step wait until the one before it is recorded,
nor any step for the disk to have what others stored.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from assetq.workers.durability import Done

FLUSH_S, LATEST_S = 0.02, 0.027


@dataclass(slots=True)
class Group:
    """What has ended of one batch.

    Args:
        record: Commits some steps, the next ones in order, while another step of the batch is under way.
        refused: Called when the record took none of them.
    """

    record: Callable[[list[Done]], object]
    refused: Callable[[], None]
    pending: list[Done] = field(default_factory=list)
    flushed: float = field(default_factory=time.monotonic)
    error: BaseException | None = None
    guard: threading.Lock = field(default_factory=threading.Lock)
    committing: threading.Lock = field(default_factory=threading.Lock)

    def add(self, done: Done) -> None:
        """A step has ended, and others of the batch follow."""
        with self.guard:
            self.pending.append(done)

    def is_due(self) -> bool:
        """True when nothing was recorded for as long as ended steps should wait."""
        return time.monotonic() - self.flushed >= FLUSH_S

    def take(self) -> list[Done]:
        """What is not recorded yet, for the caller to record.

        Raises:
            BaseException: What the other thread has met.
        """
        with self.committing:
            if self.error is not None:
                raise self.error
            return self._taken()

    def flush(self) -> None:
        """Record what has ended; what goes wrong is kept for the thread that runs the steps."""
        with self.committing:
            taken = self._taken()
            if not taken or self.error is not None:
                return
            try:
                self.record(taken)
            except BaseException as error:
                self.error = error
                self.refused()

    def _taken(self) -> list[Done]:
        with self.guard:
            taken, self.pending = self.pending, []
            self.flushed = time.monotonic()
            return taken


@dataclass(slots=True)
class Recorder:
    """The thread that records for one runner while its steps go on; begun when it is first called."""

    group: Group | None = None
    due: float = 0.0
    wakes: float = 0.0
    changed: threading.Condition = field(default_factory=threading.Condition)
    thread: threading.Thread | None = None

    def call(self, group: Group, due: float) -> None:
        """Have a group flushed at a moment of the monotonic clock; earlier calls are forgotten."""
        with self.changed:
            if self.thread is None:
                self.thread = threading.Thread(target=self._run, name="assetq-recorder", daemon=True)
                self.thread.start()
            self.group, self.due = group, due
            if due < self.wakes:
                self.changed.notify()

    def _run(self) -> None:
        while True:
            self._next().flush()

    def _next(self) -> Group:
        with self.changed:
            while self.group is None or self.due > time.monotonic():
                left = None if self.group is None else self.due - time.monotonic()
                self.wakes = float("inf") if left is None else self.due
                self.changed.wait(left)
            group, self.group, self.wakes = self.group, None, 0.0
            return group
