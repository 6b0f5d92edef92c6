"""What each process of a worker is running, readable by the parent without a word over the network.

A child writes its pid, its fence and the time at which its step must have ended into a slot of memory shared since
before the fork. The parent renews leases from it, so that heartbeats never depend on user code giving way, and writes
there which fence it wants to be stopped.
"""

from __future__ import annotations

import mmap
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

SLOT = struct.Struct("<qqqq")
NUMBER = struct.Struct("<q")
DEADLINE, ORDER = 16, 24


@dataclass(frozen=True, slots=True)
class Entry:
    """A busy slot: process or thread, fence, and when its step must have ended (monotonic ns; 0 for never)."""

    ident: int
    fence: str
    deadline_ns: int

    def overdue_s(self) -> float | None:
        """Seconds since its time was over; None while it is not."""
        late_ns = time.monotonic_ns() - self.deadline_ns
        return late_ns / 1e9 if self.deadline_ns and late_ns >= 0 else None


@dataclass(slots=True)
class Board:
    """Slots for `size` processes or threads; fence 0 means free. One more says until when a stopping worker goes on."""

    size: int
    memory: mmap.mmap = field(init=False)

    def __post_init__(self) -> None:
        self.memory = mmap.mmap(-1, (self.size + 1) * SLOT.size)

    def write(self, slot: int, ident: int, fence: str | None) -> None:
        """Say what slot's owner runs now; None for nothing."""
        SLOT.pack_into(self.memory, (slot % self.size) * SLOT.size, ident, int(fence or 0), 0, 0)

    def limit(self, slot: int, deadline_ns: int) -> None:
        """Say when the owner's step must have ended; 0 for never."""
        NUMBER.pack_into(self.memory, (slot % self.size) * SLOT.size + DEADLINE, deadline_ns)

    def order(self, fence: str) -> None:
        """Ask whoever runs a fence to stop."""
        for slot in range(self.size):
            if SLOT.unpack_from(self.memory, slot * SLOT.size)[1] == int(fence):
                NUMBER.pack_into(self.memory, slot * SLOT.size + ORDER, int(fence))

    def is_ordered(self, slot: int) -> bool:
        """True when the owner is asked to stop what it runs now."""
        _, fence, _, ordered = SLOT.unpack_from(self.memory, (slot % self.size) * SLOT.size)
        return bool(fence) and fence == ordered

    def entries(self) -> Iterator[Entry]:
        """Every busy slot."""
        for slot in range(self.size):
            ident, fence, deadline_ns, _ = SLOT.unpack_from(self.memory, slot * SLOT.size)
            if fence:
                yield Entry(ident, str(fence), deadline_ns)

    def read(self) -> dict[str, int]:
        """Fence -> process or thread id, for every busy slot."""
        return {entry.fence: entry.ident for entry in self.entries()}

    def drain(self, grace_s: float) -> None:
        """Tell every process to take nothing further, and for how long it may still try to record what it did."""
        NUMBER.pack_into(self.memory, self.size * SLOT.size, time.monotonic_ns() + int(grace_s * 1e9))

    @property
    def is_draining(self) -> bool:
        """True once the worker was told to stop."""
        return bool(self._drained_ns)

    @property
    def is_over(self) -> bool:
        """True once the worker was told to stop and its grace has passed."""
        return 0 < self._drained_ns <= time.monotonic_ns()

    @property
    def _drained_ns(self) -> int:
        return int(NUMBER.unpack_from(self.memory, self.size * SLOT.size)[0])

    def clear_process(self, ident: int) -> None:
        """Forget what a dead process ran."""
        for slot in range(self.size):
            if SLOT.unpack_from(self.memory, slot * SLOT.size)[0] == ident:
                self.write(slot, 0, None)
