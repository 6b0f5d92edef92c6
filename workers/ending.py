"""How a process ended: by an exit code or a signal, and whether memory was the likely reason."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ending:
    """How a process ended; neither `signal_number` nor `exit_code` when nobody saw it.

    Attributes:
        struck: The kernel's out-of-memory killer struck on this machine at about that time.
    """

    signal_number: int | None = None
    exit_code: int | None = None
    struck: bool = False

    @property
    def is_known(self) -> bool:
        """True when somebody saw it end."""
        return self.signal_number is not None or self.exit_code is not None

    def text(self) -> str:
        """In words, for events."""
        if self.signal_number is None:
            return (
                "its process ended" if self.exit_code is None else f"its process ended with exit code {self.exit_code}"
            )
        told = f"its process was killed by {signal_name(self.signal_number)}"
        if self.signal_number != signal.SIGKILL:
            return told
        if self.struck:
            return f"{told}: out of memory, the kernel's OOM killer struck"
        return f"{told}: out of memory (the kernel's OOM killer), or `kill -9`"


def signal_name(number: int) -> str:
    """Name of a signal, "signal 99" for one that has none."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def told_ending(status: int | None) -> Ending:
    """What the exit status of a child tells: a signal's number with a minus, or an exit code."""
    if status is None:
        return Ending()
    return Ending(signal_number=-status) if status < 0 else Ending(exit_code=status)


def seen_ending(pid: int) -> Ending:
    """How a process ended that its parent has not yet buried; unknown where the kernel does not tell."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
            fields = stat.read().rpartition(")")[2].split()
    except OSError:
        return Ending()
    status = int(fields[-1])
    if fields[0] != "Z":
        return Ending()
    return Ending(signal_number=os.WTERMSIG(status)) if os.WIFSIGNALED(status) else Ending(exit_code=status >> 8)


def oom_kills() -> int:
    """How often the kernel's out-of-memory killer has struck on this machine; 0 where it does not tell."""
    try:
        with open("/proc/vmstat", encoding="utf-8") as counters:
            return next((int(line.split()[1]) for line in counters if line.startswith("oom_kill ")), 0)
    except OSError:
        return 0
