"""Files are brought to disk at once, or together and later."""

from __future__ import annotations

import os

import pytest

from assetq import AssetKey
from assetq.io import FilesystemIOManager, OutputContext
from assetq.io.durable import deferred_sync, sync_files


@pytest.fixture
def synced(monkeypatch):
    """How many files were brought to disk."""
    seen: list[int] = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: (seen.append(fd), real(fd)))
    return seen


def store(folder, *keys):
    for key in keys:
        context = OutputContext(name="result", asset_key=AssetKey("a"), partition_keys=[key], storage=str(folder))
        FilesystemIOManager().handle_output(context, key)


def test_a_value_is_brought_to_disk_before_anybody_can_read_it(tmp_path, synced):
    store(tmp_path, "x", "y")
    assert len(synced) == 2


def test_values_of_a_group_are_brought_to_disk_together(tmp_path, synced):
    with deferred_sync() as paths:
        store(tmp_path, *"abc")
    assert not synced
    assert paths == [str(tmp_path / "a" / f"{key}.pickle") for key in "abc"]
    assert sync_files(paths) == {}
    assert len(synced) == 3


def test_a_file_that_the_disk_does_not_take_is_named(tmp_path, monkeypatch):
    with deferred_sync() as paths:
        store(tmp_path, *"abc")
    full = os.stat(paths[1]).st_ino
    real = os.fsync

    def fsync(fd):
        if os.fstat(fd).st_ino == full:
            raise OSError(28, "No space left on device")
        real(fd)

    monkeypatch.setattr(os, "fsync", fsync)
    os.unlink(paths[2])  # replaced or removed meanwhile: nobody's loss
    assert list(sync_files(paths)) == [paths[1]]
