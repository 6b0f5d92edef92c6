"""When a stored value is brought to disk: at once, or together with others before any of them is recorded."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

from assetq.io.file_system import sync_whole

AT_ONCE, MANY = 8, 4

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


def sync_or_defer(written: str | Path, target: str) -> int:
    """Have the disk keep a file that goes to `target`, now or later.

    Returns:
        Its size in bytes.
    """
    deferred = _deferred.get()
    if deferred is None:
        return _sync(written)
    deferred.append(target)
    return os.stat(written).st_size


def sync_files(paths: Sequence[str]) -> dict[str, OSError]:
    """Have the disk keep files: all that is on their file system with one call where that will do, or several at once.

    Returns:
        Why it did not, for each that it did not. One that is gone was replaced or removed, and is no error.
    """
    if len(paths) <= 1:
        return _errors(paths, map(_try_sync, paths))
    left = paths if len(paths) < MANY else _left_by_whole(paths)
    return _errors(left, _threads(os.getpid()).map(_try_sync, left))


def _left_by_whole(paths: Sequence[str]) -> list[str]:
    """The files whose file system is not synced as a whole."""
    folders: dict[str, list[str]] = {}
    for path in paths:
        folders.setdefault(os.path.dirname(path), []).append(path)
    places: dict[int | None, list[str]] = {}
    for folder in folders:
        places.setdefault(_device_of(folder), []).append(folder)
    return [
        path
        for device, there in places.items()
        if device is None or not sync_whole(device, there[0])
        for folder in there
        for path in folders[folder]
    ]


def _device_of(path: str) -> int | None:
    try:
        return os.stat(path).st_dev
    except OSError:
        return None


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
