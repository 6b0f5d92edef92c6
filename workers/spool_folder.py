"""The folder of a worker's own for what its attempts print, until that is in shared storage."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from pathlib import Path

PREFIX, STARTING = "assetq-worker-", "assetq-starting-"
ALIVE = "alive"


def make_spool_folder() -> str:
    """A new folder; those of workers that were killed are removed.

    A file in it is locked for as long as this process or a child of it lives. The folder has its name from then on, so
    that no other worker takes it for one that was left behind.
    """
    _sweep()
    folder = tempfile.mkdtemp(prefix=STARTING)
    alive = os.open(os.path.join(folder, ALIVE), os.O_RDWR | os.O_CREAT, 0o600)  # never closed
    fcntl.flock(alive, fcntl.LOCK_EX)
    name = os.path.join(os.path.dirname(folder), os.path.basename(folder).replace(STARTING, PREFIX))
    os.rename(folder, name)
    return name


def _sweep() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError), open(folder / ALIVE, "rb+") as alive:
            fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
