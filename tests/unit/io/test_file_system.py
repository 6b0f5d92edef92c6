"""When one call brings a whole file system to disk, and when files are synced one by one."""

from __future__ import annotations

import os
import threading

import pytest

from assetq.io import file_system
from assetq.io.durable import sync_files
from assetq.io.file_system import sync_whole


class Disk:
    """What the system is asked, and what it answers."""

    def __init__(self):
        self.synced = []
        self.files = []
        self.answer = 0

    def syncfs(self, descriptor):
        self.synced.append(descriptor)
        return self.answer


@pytest.fixture
def disk(tmp_path, monkeypatch):
    disk, real = Disk(), os.fsync
    memory = tmp_path / "meminfo"
    memory.write_text("MemFree:  9 kB\nDirty:   16000 kB\nWriteback:    384 kB\nWritebackTmp:   9 kB\n")
    monkeypatch.setattr(file_system, "MEMORY", memory)
    monkeypatch.setattr(file_system, "_call", lambda: disk.syncfs)
    monkeypatch.setattr(file_system, "_type_of", lambda device: "ext4")
    monkeypatch.setattr(file_system, "_held", file_system._Held())
    monkeypatch.setattr(os, "fsync", lambda fd: (disk.files.append(fd), real(fd)))
    return disk


@pytest.fixture
def files(tmp_path):
    paths = [tmp_path / name for name in "abcd"]
    for path in paths:
        path.write_text("value")
    return list(map(str, paths))


def test_a_group_after_the_first_is_synced_with_one_call(disk, files):
    assert sync_files(files) == {}
    assert (len(disk.files), len(disk.synced)) == (4, 0)  # what was lost before now, nobody would tell
    assert sync_files(files) == {}
    assert (len(disk.files), len(disk.synced)) == (4, 1)


def test_each_thread_has_to_be_told_itself(disk, files):
    sync_files(files)
    thread = threading.Thread(target=sync_files, args=[files])
    thread.start()
    thread.join()
    assert (len(disk.files), len(disk.synced)) == (8, 0)


def test_where_something_is_lost_each_file_is_asked_for(disk, files):
    sync_files(files)
    disk.answer = -1
    os.unlink(files[0])
    os.mkdir(files[0])  # replaced by a folder of another I/O manager
    assert sync_files(files) == {}
    assert (len(disk.files), len(disk.synced)) == (8, 1)


def test_a_few_files_do_not_wait_for_the_others_there(disk, files):
    sync_files(files)
    assert sync_files(files[:3]) == {}
    assert (len(disk.files), len(disk.synced)) == (7, 0)


def test_files_do_not_wait_for_much_that_others_wrote(disk, files):
    sync_files(files)
    file_system.MEMORY.write_text("Dirty:   16000 kB\nWriteback:    385 kB\n")
    assert sync_files(files) == {}
    assert (len(disk.files), len(disk.synced)) == (8, 0)


def test_files_that_are_gone_are_nobodys_loss(disk, files):
    sync_files(files)
    os.unlink(files[2])
    assert sync_files(files) == {}
    assert len(disk.synced) == 1


@pytest.mark.parametrize("hidden", ["MEMORY", "folder"])
def test_what_cannot_be_seen_costs_only_the_one_call(disk, files, tmp_path, monkeypatch, hidden):
    sync_files(files)
    if hidden == "MEMORY":
        monkeypatch.setattr(file_system, "MEMORY", tmp_path / "none")
        assert sync_files(files) == {}
        assert len(disk.files) == 8
    else:
        monkeypatch.setattr(file_system, "_held", file_system._Held())
        assert not sync_whole(os.stat(tmp_path).st_dev, str(tmp_path / "none"))
    assert not disk.synced


@pytest.mark.parametrize(("system", "release"), [("Linux", "5.7.19-x"), ("Darwin", "23.1.0"), ("Linux", "custom")])
def test_other_systems_do_not_tell_what_was_lost(monkeypatch, tmp_path, system, release):
    monkeypatch.setattr("platform.system", lambda: system)
    monkeypatch.setattr("platform.release", lambda: release)
    file_system._call.cache_clear()
    monkeypatch.setattr(file_system, "_type_of", lambda device: "ext4")
    try:
        assert [sync_whole(os.stat(tmp_path).st_dev, str(tmp_path)) for _ in range(3)] == [False] * 3
    finally:
        file_system._call.cache_clear()


def test_the_type_of_a_file_system_is_that_of_its_mount(monkeypatch, tmp_path):
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw\n"
        "30 22 0:26 / /net rw - nfs4 there:/ rw\n"
        "31 22 254:1 /a /data rw,relatime - xfs /dev/vdb rw\n"
    )
    monkeypatch.setattr(file_system, "MOUNTS", mounts)
    file_system._type_of.cache_clear()
    try:
        found = [file_system._type_of(os.makedev(*number)) for number in ((254, 0), (0, 26), (254, 1), (9, 9))]
    finally:
        file_system._type_of.cache_clear()
    assert found == ["ext4", "nfs4", "xfs", ""]
