"""Steps of a batch that have ended and are not recorded yet: they are recorded together, and soon.

The next step of the batch need not wait for the record of the last one, and however long it takes, what ended before it
is in the record a moment later: another thread commits it.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from assetq.workers.durability import Done

FLUSH_S = 0.025


@dataclass(slots=True)
class Group:
    """What has ended of one batch.

    Args:
        record: Commits some steps, the next ones in order.
        refused: Called when the record took none of them, while another step of the batch may be under way.
    """

    record: Callable[[list[Done]], object]
    refused: Callable[[], None]
    pending: list[Done] = field(default_factory=list)
    flushed: float = field(default_factory=time.monotonic)
    error: BaseException | None = None
    is_called: bool = False
    guard: threading.Lock = field(default_factory=threading.Lock)
    committing: threading.Lock = field(default_factory=threading.Lock)

    def add(self, done: Done, recorder: Recorder) -> None:
        """A step has ended, and others of the batch follow."""
        with self.guard:
            self.pending.append(done)
            is_called, self.is_called = self.is_called, True
        if not is_called:
            recorder.call(self, self.flushed + FLUSH_S)

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
            self.flushed, self.is_called = time.monotonic(), False
            return taken


@dataclass(slots=True)
class Recorder:
    """The thread that records for one runner while its steps go on; begun when it is first called."""

    calls: queue.SimpleQueue[tuple[Group, float]] = field(default_factory=queue.SimpleQueue)
    thread: threading.Thread | None = None

    def call(self, group: Group, due: float) -> None:
        """Have a group flushed at a moment of the monotonic clock."""
        if self.thread is None:
            self.thread = threading.Thread(target=self._run, name="assetq-recorder", daemon=True)
            self.thread.start()
        self.calls.put((group, due))

    def _run(self) -> None:
        while True:
            group, due = self.calls.get()
            left = due - time.monotonic()
            if left > 0:
                time.sleep(left)
            group.flush()
