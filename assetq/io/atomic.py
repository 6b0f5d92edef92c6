"""Writes a value so that a reader sees the old one or the new one, never half of it.

A value is written into a folder of its own under `.attempts/`, which carries the attempt's fence; the fence is checked,
and only then the value is moved into place (local) or sent as one object (remote).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from assetq.io.durable import sync_or_defer

if TYPE_CHECKING:
    from upath import UPath

ATTEMPTS = ".attempts"
ABANDONED_S, SWEEP_S = 3600.0, 600.0

Write = Callable[["UPath"], None]


def is_local(path: UPath) -> bool:
    """True for a path of this machine's file systems."""
    return getattr(path, "protocol", "") in ("", "file", "local")


def publish(path: UPath, write: Write, fence: int, guard: Callable[[], None], *, is_one_file: bool = False) -> int:
    """Have a value written elsewhere, and put it in its place when the guard lets it through.

    Args:
        path: The place.
        write: Writes the value to the local path that it is given, which has the extension of the place.
        fence: Number of the attempt.
        guard: Raises when the attempt was overtaken.
        is_one_file: `write` makes nothing but that file, and does not mind how it is called: no folder is made for it.

    Returns:
        How many bytes were written.
    """
    if not is_local(path):
        return _publish_remote(path, write, guard)
    target = str(path)
    workplace = os.path.join(os.path.dirname(target), ATTEMPTS)
    _make_folder(workplace)
    size = (_publish_file if is_one_file else _publish_folder)(target, workplace, write, fence, guard)
    _sweep(workplace, int(time.monotonic() // SWEEP_S))
    return size


def _publish_file(target: str, workplace: str, write: Write, fence: int, guard: Callable[[], None]) -> int:
    part = f"{workplace}/{fence}.{token_hex(4)}{os.path.splitext(target)[1]}"
    try:
        write(_upath(part))
        size = sync_or_defer(part, target)
        guard()
        _replace(part, target)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(part)
        raise
    return size


def _replace(part: str, target: str) -> None:
    """Put the file in the place of what is there; a folder goes first, and comes back if that fails."""
    with contextlib.suppress(IsADirectoryError):
        os.replace(part, target)
        return
    aside = f"{part}~"
    os.rename(target, aside)
    try:
        os.replace(part, target)
    except OSError:
        os.rename(aside, target)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def _publish_folder(place: str, workplace: str, write: Write, fence: int, guard: Callable[[], None]) -> int:
    target, folder = Path(place), Path(tempfile.mkdtemp(prefix=f"{fence}.", dir=workplace))
    try:
        write(_upath(folder / target.name))
        written = sorted(folder.iterdir())
        size = sum(sync_or_defer(file, str(target.parent / file.relative_to(folder))) for file in _files_of(folder))
        guard()
        for entry in written:
            _move(entry, target.parent / entry.name)
    finally:
        _remove(folder)
    return size


def _remove(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)


def _publish_remote(path: UPath, write: Write, guard: Callable[[], None]) -> int:
    with tempfile.TemporaryDirectory(prefix="assetq-") as text:
        folder = Path(text)
        write(_upath(folder / path.name))
        size = sum(file.stat().st_size for file in _files_of(folder))
        path.parent.mkdir(parents=True, exist_ok=True)
        guard()
        for file in _files_of(folder):
            place = path.parent.joinpath(*file.relative_to(folder).parts)
            place.parent.mkdir(parents=True, exist_ok=True)
            path.fs.put_file(str(file), place.path)
    return size


@contextlib.contextmanager
def as_local(path: UPath) -> Iterator[UPath]:
    """The file, or the folder, as a local one for as long as the block lasts.

    Raises:
        FileNotFoundError: There is none.
    """
    if is_local(path):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="assetq-") as folder:
        local = Path(folder) / path.name
        if path.fs.isdir(path.path):
            path.fs.get(path.path, str(local), recursive=True)
        else:
            with path.open("rb") as source, local.open("wb") as target:
                shutil.copyfileobj(source, target)
        yield _upath(local)


def _upath(path: str | Path) -> UPath:
    from upath import UPath  # brings fsspec, which takes its time

    return UPath(str(path))


def _files_of(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]


def _make_folder(path: str) -> None:
    if not os.path.isdir(path):
        os.makedirs(path, exist_ok=True)


def _move(source: Path, target: Path) -> None:
    """Put a file, or a folder, in the place of what is there."""
    if target.is_dir() and not target.is_symlink():
        os.rename(target, source.with_name(f"{source.name}~"))  # goes with the attempt's folder
    os.replace(source, target)


@lru_cache(maxsize=256)
def _sweep(workplace: str, period: int) -> None:
    """Remove what killed attempts left, once in a period. What is still written to is never that old.

    A folder in which many files were once is slow to look through, also when it is empty.
    """
    oldest = time.time() - ABANDONED_S
    for entry in os.scandir(workplace):
        with contextlib.suppress(FileNotFoundError):
            if entry.stat().st_mtime >= oldest:
                continue
            if entry.is_dir(follow_symlinks=False):
                _sweep_folder(entry.path, oldest)
            else:
                os.unlink(entry)


def _sweep_folder(path: str, oldest: float) -> None:
    """Remove a folder; its own time stands still while the file in it grows."""
    if all(file.stat().st_mtime < oldest for file in Path(path).rglob("*")):
        shutil.rmtree(path, ignore_errors=True)
