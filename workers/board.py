"""What each process of a worker is running, readable by the parent without a word over the network.

A child writes its pid and fence into a slot of memory shared since before the fork. The parent renews
leases from it, so that heartbeats never depend on user code giving way.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass, field

SLOT = struct.Struct("<qq")


@dataclass(slots=True)
class Board:
    """Slots for `size` processes or threads: (process or thread id, fence); 0 means free. One more says "drain"."""

    size: int
    memory: mmap.mmap = field(init=False)

    def __post_init__(self) -> None:
        self.memory = mmap.mmap(-1, (self.size + 1) * SLOT.size)

    def write(self, slot: int, ident: int, fence: str | None) -> None:
        """Say what slot's owner runs now; None for nothing."""
        SLOT.pack_into(self.memory, (slot % self.size) * SLOT.size, ident, int(fence or 0))

    def read(self) -> dict[str, int]:
        """Fence -> process or thread id, for every busy slot."""
        entries = (SLOT.unpack_from(self.memory, slot * SLOT.size) for slot in range(self.size))
        return {str(fence): ident for ident, fence in entries if fence}

    def drain(self) -> None:
        """Tell every process to take nothing further."""
        SLOT.pack_into(self.memory, self.size * SLOT.size, 1, 0)

    @property
    def is_draining(self) -> bool:
        """True once the worker was told to stop."""
        return bool(SLOT.unpack_from(self.memory, self.size * SLOT.size)[0])

    def clear_process(self, ident: int) -> None:
        """Forget what a dead process ran."""
        for slot in range(self.size):
            if SLOT.unpack_from(self.memory, slot * SLOT.size)[0] == ident:
                self.write(slot, 0, None)
