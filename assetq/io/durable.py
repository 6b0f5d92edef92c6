"""When a stored value is brought to disk: at once, or together with others before any of them is recorded."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

AT_ONCE = 8

_deferred: ContextVar[list[str] | None] = ContextVar("deferred", default=None)


@contextmanager
def deferred_sync() -> Iterator[list[str]]:
    """What is stored inside is not brought to disk; gives the paths for which `sync_files` must be called."""
    paths: list[str] = []
    token = _deferred.set(paths)
    try:
        yield paths
    finally:
        _deferred.reset(token)


def sync_or_defer(written: str | Path, target: Path) -> int:
    """Have the disk keep a file that goes to `target`, now or later.

    Returns:
        Its size in bytes.
    """
    deferred = _deferred.get()
    if deferred is None:
        return _sync(written)
    deferred.append(str(target))
    return os.stat(written).st_size


def sync_files(paths: Sequence[str]) -> dict[str, OSError]:
    """Have the disk keep files, several at once.

    Returns:
        Why it did not, for each that it did not. One that is gone was replaced or removed, and is no error.
    """
    if len(paths) <= 1:
        return _errors(paths, map(_try_sync, paths))
    return _errors(paths, _threads(os.getpid()).map(_try_sync, paths))


@cache
def _threads(pid: int) -> ThreadPoolExecutor:
    """Of this process: a fork does not have the threads of the one that it came from."""
    return ThreadPoolExecutor(AT_ONCE, thread_name_prefix="assetq-sync")


def _errors(paths: Sequence[str], found: Iterable[OSError | None]) -> dict[str, OSError]:
    return {path: error for path, error in zip(paths, found, strict=True) if error is not None}


def _try_sync(path: str) -> OSError | None:
    try:
        _sync(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        return error
    return None


def _sync(path: str | Path) -> int:
    written = os.open(path, os.O_RDONLY)
    try:
        os.fsync(written)
        return os.fstat(written).st_size
    finally:
        os.close(written)
