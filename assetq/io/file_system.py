"""One call brings all that was written to a file system to disk, where that is sure and quick.

`syncfs(2)` costs little more than one `fsync` however many files there are, for the journal is written once. It also
waits for what other programs have written there, and tells an error only to who had the file system open before it
happened; so it is used only on Linux 5.8 or later, on file systems known to tell, while little waits to be written.
"""

from __future__ import annotations

import ctypes
import os
import platform
import re
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path

BACKLOG_KIB = 16 * 1024
TYPES = frozenset({"ext4", "xfs"})
MOUNTS, MEMORY = Path("/proc/self/mountinfo"), Path("/proc/meminfo")


def sync_whole(device: int, folder: str) -> bool:
    """Have the disk keep everything on one file system.

    Args:
        device: Its number, as `os.stat` gives it.
        folder: Any of its folders.

    Returns:
        False when files are to be synced one by one: this is not the place for the call, or something on it was lost.
    """
    try:
        return _is_synced(device, folder)
    except OSError:  # the folder cannot be opened, or the system hides what is asked for here
        return False


def _is_synced(device: int, folder: str) -> bool:
    call = _call()
    if call is None or _type_of(device) not in TYPES:
        return False
    opened = _held.of_this_process()
    if device not in opened:  # what was lost before may have been told to others, and is not told again
        opened[device] = os.open(folder, os.O_RDONLY)
        return False
    return _backlog_kib() <= BACKLOG_KIB and call(opened[device]) == 0 and not _is_read_only(opened[device])


class _Held(threading.local):
    """A descriptor for each device. Each thread and each process has its own, since an error is told once to each."""

    def __init__(self) -> None:
        self.descriptors: dict[int, dict[int, int]] = {}

    def of_this_process(self) -> dict[int, int]:
        """By device; those that a fork has brought along are left alone."""
        return self.descriptors.setdefault(os.getpid(), {})


_held = _Held()


@cache
def _call() -> Callable[[int], int] | None:
    """The system's `syncfs`, where it tells of errors."""
    release = re.match(r"(\d+)\.(\d+)", platform.release())
    if platform.system() != "Linux" or release is None or tuple(map(int, release.groups())) < (5, 8):
        return None
    function = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    return function if function is None else lambda descriptor: int(function(descriptor))


@cache
def _type_of(device: int) -> str:
    """The type of a mounted file system; empty when it is not among the mounts by its number."""
    number = f"{os.major(device)}:{os.minor(device)}"
    for line in MOUNTS.read_text().splitlines():
        mount, _, system = line.partition(" - ")
        if mount.split()[2] == number:
            return system.split()[0]
    return ""


def _is_read_only(descriptor: int) -> bool:
    """True for one that may have become so after an error, when the call does nothing and tells nothing."""
    return bool(os.fstatvfs(descriptor).f_flag & os.ST_RDONLY)


def _backlog_kib() -> int:
    """What waits to be written to any disk of this machine, in KiB."""
    return sum(map(int, re.findall(r"^(?:Dirty|Writeback): +(\d+) kB$", MEMORY.read_text(), re.MULTILINE)))
