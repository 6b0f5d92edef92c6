"""Places for outputs that the kernel itself refuses to write to, in the ways that are open to the tests."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from .rig import Rig

CAP_SYS_ADMIN = 21
MOST_BYTES = 2**19


class Disk(Protocol):
    """Where outputs go, and how long they are to be; 0 for as short as they are."""

    folder: Path
    output_bytes: int

    def full(self, rig: Rig) -> contextlib.AbstractContextManager[None]:
        """Nothing more can be written in the block."""


class SmallDisk:
    """A file system of two megabytes, for those who may mount one."""

    output_bytes = 0

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def __enter__(self) -> SmallDisk:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(self.folder)], check=True)
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["umount", "--lazy", str(self.folder)], check=True)

    @contextlib.contextmanager
    def full(self, rig: Rig) -> Iterator[None]:
        """Something else fills it."""
        ballast = self.folder / "ballast"
        with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
            ballast.write_bytes(b"\0" * 2**22)
        yield
        ballast.unlink()


class ShortFiles:
    """Processes that may not write as far into a file as an output is long; for everybody."""

    output_bytes = 2 * MOST_BYTES

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def __enter__(self) -> ShortFiles:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    @contextlib.contextmanager
    def full(self, rig: Rig) -> Iterator[None]:
        """Every process of the fleet has the limit."""
        limit(rig, MOST_BYTES)
        yield
        limit(rig, resource.RLIM_INFINITY)


def limit(rig: Rig, most_bytes: int) -> None:
    """Set the soft limit of a file's length for the processes of the fleet."""
    for slot in range(len(rig.workers)):
        for pid in rig.family(slot):
            _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (most_bytes, hard))


def may_mount() -> bool:
    """True when this process has the kernel's leave."""
    status = Path("/proc/self/status").read_text()
    capabilities = next(line.split()[1] for line in status.splitlines() if line.startswith("CapEff:"))
    return bool(int(capabilities, 16) >> CAP_SYS_ADMIN & 1)


DISKS = [ShortFiles, *([SmallDisk] if may_mount() else [])]
