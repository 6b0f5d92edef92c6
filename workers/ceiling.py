"""When a child process has done its part: too much memory, or enough steps. A new one takes its place."""

from __future__ import annotations

import os
import resource
import sys
from dataclasses import dataclass

import billiard.pool

from assetq.broker.settings import Settings

USED_UP_KB, FINE_KB = 2, 1
CEILING_KB = 1  # what Celery is told; the answers above decide
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def memory_bytes() -> int:
    """Memory that this process has resident; its largest so far where the system does not tell the present one."""
    try:
        with open("/proc/self/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * PAGE_BYTES
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024


@dataclass(slots=True)
class Ceiling:
    """What a child may use up; 0 for no bound."""

    memory_mb: int = 0
    most_steps: int = 0
    steps: int = 0

    @classmethod
    def of(cls, settings: Settings) -> Ceiling:
        """As the settings have it."""
        return cls(settings.max_memory_mb, settings.max_steps_per_child)

    @property
    def is_set(self) -> bool:
        """True when there is any bound."""
        return bool(self.memory_mb or self.most_steps)

    def is_reached(self) -> bool:
        """True when the process is to be replaced before it takes another step."""
        if self.most_steps and self.steps >= self.most_steps:
            return True
        return bool(self.memory_mb) and memory_bytes() > self.memory_mb * 1024 * 1024

    def install(self) -> None:
        """Have billiard ask here, after each message, whether this process is to be replaced.

        Its own ceilings count messages, and know a process's peak only; a message here is a batch and what follows it.
        """
        billiard.pool.mem_rss = lambda: USED_UP_KB if self.is_reached() else FINE_KB
