"""Writes that the kernel accepted and the disk then lost, on a real file system whose device has become full."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from assetq.io import file_system
from assetq.io.durable import sync_files

from .disk import may_mount

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.skipif(not may_mount(), reason="needs leave to mount a file system"),
]


@pytest.fixture
def thin(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """An ext4 of 64 MiB on a device that holds less, and the file that fills the device."""
    below, mounted = tmp_path / "below", tmp_path / "mounted"
    below.mkdir()
    mounted.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(below)], check=True)
    try:
        image = below / "image"
        with image.open("wb") as file:
            file.truncate(64 * 2**20)
        subprocess.run(["mkfs.ext4", "-q", "-E", "lazy_itable_init=0", str(image)], check=True)
        subprocess.run(["mount", "-o", "loop", str(image), str(mounted)], check=True)
        try:
            yield mounted, below / "ballast"
        finally:
            subprocess.run(["umount", "--lazy", str(mounted)], check=True)
    finally:
        subprocess.run(["umount", "--lazy", str(below)], check=True)


@pytest.fixture
def whole(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What the calls for the whole file system have answered."""
    answers: list[int] = []
    call = file_system._call()
    assert call is not None

    def told(descriptor: int) -> int:
        answers.append(call(descriptor))
        return answers[-1]

    monkeypatch.setattr(file_system, "_call", lambda: told)
    return answers


def written(folder: Path, name: str, size: int) -> list[str]:
    paths = [folder / f"{name}{number}" for number in range(8)]
    for path in paths:
        path.write_bytes(os.urandom(size))
    return list(map(str, paths))


@pytest.mark.parametrize("is_told_first", [False, True])
def test_a_lost_file_is_named_whoever_was_told_first(thin, whole, is_told_first):
    folder, ballast = thin
    assert sync_files(written(folder, "first", 1024)) == {}
    assert sync_files(written(folder, "second", 1024)) == {}
    assert whole == [0]
    left = os.statvfs(ballast.parent)
    ballast.write_bytes(b"\0" * (left.f_bavail * left.f_frsize - 2**17))
    paths = written(folder, "lost", 200 * 1024)
    if is_told_first:
        assert subprocess.run(["sync", "--file-system", paths[0]], check=False).returncode
    errors = sync_files(paths)
    assert whole == [0, -1]
    assert len(errors) >= 4
    assert {error.errno for error in errors.values()} <= {errno.ENOSPC, errno.EIO}
