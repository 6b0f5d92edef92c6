"""One suite for every I/O manager: what goes in comes out, whole, in its own place, or not at all."""

from __future__ import annotations

import os
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas
import polars
import pytest

from assetq import AssetKey, EnvVar, FilesystemIOManager, InMemoryIOManager, ParquetIOManager, UPathIOManager
from assetq.errors import StaleAttemptError, StorageError
from assetq.io import InputContext, OutputContext
from assetq.io.atomic import SWEEP_S

KEYS = ["2024-01-01", "..", ".", "a/b", "a\\b", "%2F", "", " ", "ä|ö", "x" * 400, "../../up"]


@dataclass
class Case:
    manager: Any
    base: str

    def value(self, number: int) -> Any:
        return polars.DataFrame({"n": [number]}) if isinstance(self.manager, ParquetIOManager) else {"n": number}

    def store(self, number: int, *keys: str, obj: Any = None, asset: str = "a", **options: Any) -> OutputContext:
        context = OutputContext(
            name="result", asset_key=AssetKey(asset), partition_keys=keys or None, storage=self.base, **options
        )
        self.manager.handle_output(context, self.value(number) if obj is None else obj)
        return context

    def load(self, *keys: str, asset: str = "a", annotation: Any = None, **metadata: Any) -> Any:
        return self.manager.load_input(
            InputContext(
                name="a", asset_key=AssetKey(asset), partition_keys=keys or None, storage=self.base,
                annotation=annotation, metadata=metadata, reader="reader",
            )
        )  # fmt: skip

    def number(self, *keys: str, **options: Any) -> int:
        loaded = self.load(*keys, **options)
        return int(loaded["n"][0]) if isinstance(loaded, polars.DataFrame) else loaded["n"]


@pytest.fixture(params=["pickle", "pickle-remote", "parquet", "parquet-remote", "memory"])
def case(request, tmp_path):
    kind, _, place = request.param.partition("-")
    manager = {"pickle": FilesystemIOManager, "parquet": ParquetIOManager, "memory": InMemoryIOManager}[kind]()
    return Case(manager, f"memory://{uuid.uuid4().hex}" if place else str(tmp_path / "base"))


def test_a_value_comes_back(case):
    case.store(1)
    assert case.number() == 1
    case.store(2)
    assert case.number() == 2


def test_every_partition_has_its_own_place(case):
    for number, key in enumerate(KEYS):
        case.store(number, key)
    case.store(99, asset="b")
    assert [case.number(key) for key in KEYS] == list(range(len(KEYS)))
    assert case.number(asset="b") == 99


def test_several_partitions_go_and_come_as_a_mapping(case):
    case.store(0, "x", "y", obj={"x": case.value(1), "y": case.value(2)})
    loaded = case.load("x", "y")
    assert list(loaded) == ["x", "y"]
    assert (case.number("x"), case.number("y")) == (1, 2)


def test_a_missing_value_is_named(case):
    case.store(1, "x")
    with pytest.raises(StorageError, match=r"'a'.*'y'.*reader"):
        case.load("y")


def test_an_attempt_that_lost_its_lease_publishes_nothing(case):
    def guard():
        raise StaleAttemptError("lost")

    case.store(1, "x")
    with pytest.raises(StaleAttemptError):
        case.store(2, "x", guard=guard)
    assert case.number("x") == 1


@pytest.fixture(params=[FilesystemIOManager, ParquetIOManager])
def local(request, tmp_path):
    return Case(request.param(), str(tmp_path / "base"))


def files(case: Case) -> list[str]:
    return sorted(str(path.relative_to(case.base)) for path in Path(case.base).rglob("*") if path.is_file())


def test_a_person_can_read_the_layout(local):
    recorded = local.store(1, "2024-01-01").recorded
    local.store(2, asset="b")
    extension = local.manager.extension
    assert files(local) == [f"a/2024-01-01{extension}", f"b{extension}"]
    assert recorded["path"].value == f"{local.base}/a/2024-01-01{extension}"
    assert recorded["size_bytes"].value == Path(local.base, f"a/2024-01-01{extension}").stat().st_size


def test_no_key_leaves_its_folder(local):
    for key in KEYS:
        local.store(1, key)
    assert {Path(name).parts[0] for name in files(local)} == {"a"}
    assert len(files(local)) == len(KEYS)


def test_a_failed_write_leaves_the_old_value_and_nothing_else(local):
    local.store(1, "x")
    with pytest.raises(StorageError, match="'a' returned function"):
        local.store(2, "x", obj=lambda: None)
    assert local.number("x") == 1
    assert len(files(local)) == 1


def test_two_attempts_at_once_do_not_disturb_each_other(local):
    """Two runs may write the same partition; the later one wins, whole."""
    local.store(1, "x", fence=1, guard=lambda: local.store(2, "x", fence=2) and None)
    assert local.number("x") == 1
    assert len(files(local)) == 1


def test_what_killed_attempts_left_is_swept(local):
    left, young = (Path(local.base, "a", ".attempts", name) for name in ("7.x", "8.x"))
    left.parent.mkdir(parents=True)
    for path in (left, young):
        path.write_bytes(b"half")
    os.utime(left, (time.time() - 7200,) * 2)
    local.store(2, "y")
    assert not left.exists()
    assert young.exists()


def test_what_is_left_while_a_process_goes_on_is_swept_later(local, monkeypatch):
    local.store(1, "x")
    left = Path(local.base, "a", ".attempts", "7.x")
    left.write_bytes(b"half")
    os.utime(left, (time.time() - 7200,) * 2)
    later = time.monotonic() + SWEEP_S
    monkeypatch.setattr("assetq.io.atomic.time.monotonic", lambda: later)
    local.store(2, "y")
    assert not left.exists()


def test_an_unwritable_base_is_explained(local):
    Path(local.base).write_text("a file where a folder should be")
    with pytest.raises(StorageError, match=r"'a', partition 'x' cannot be written to"):
        local.store(1, "x")


def test_a_frame_is_loaded_as_the_reader_asks(tmp_path):
    case = Case(ParquetIOManager(), str(tmp_path))
    case.store(1)
    assert isinstance(case.load(), polars.DataFrame)
    assert isinstance(case.load(annotation=pandas.DataFrame), pandas.DataFrame)
    case.store(1, obj=pandas.DataFrame({"n": [3]}))
    assert case.number() == 3


def test_parquet_stores_frames_only(tmp_path):
    with pytest.raises(StorageError, match=r"'a' returned int; ParquetIOManager stores polars and pandas"):
        Case(ParquetIOManager(), str(tmp_path)).store(1, obj=3)


class Written(UPathIOManager):
    """As people write them for Dagster: no configuration, a base path, any kind of write."""

    extension = ".txt"

    def __init__(self, base_path: Any, write: Any) -> None:
        super().__init__(base_path)
        self.write = write

    def dump_to_path(self, context: OutputContext, obj: Any, path: Any) -> None:
        self.write(path, obj)

    def load_from_path(self, context: InputContext, path: Any) -> Any:
        return path.read_text() if path.is_file() else {part.name: part.read_text() for part in path.iterdir()}


@pytest.fixture(params=["local", "remote"])
def base(request, tmp_path):
    return str(tmp_path / "base") if request.param == "local" else f"memory://{uuid.uuid4().hex}"


def write_text(path: Any, obj: str) -> None:
    path.write_text(obj)


def write_folder(path: Any, obj: dict[str, str]) -> None:
    path.mkdir()
    for name, text in obj.items():
        (path / name).write_text(text)


def test_a_manager_for_dagster_writes_atomically(base):
    case = Case(Written(base, write_text), "")
    case.store(0, "x", obj="old")

    def fail(path, obj):
        path.write_text("half")
        raise ValueError(obj)

    case.manager.write = fail
    with pytest.raises(ValueError, match="new"):
        case.store(0, "x", obj="new")
    case.manager.write = write_text

    def guard():
        raise StaleAttemptError("lost")

    with pytest.raises(StaleAttemptError):
        case.store(0, "x", obj="late", guard=guard)
    assert case.load("x") == "old"
    case.store(0, "x", obj="new")
    assert case.load("x") == "new"


def test_a_folder_is_a_value(base):
    case = Case(Written(base, write_folder), "")
    recorded = case.store(0, "x", obj={"a": "1", "b": "22"}).recorded
    assert recorded["size_bytes"].value == 3
    assert case.load("x") == {"a": "1", "b": "22"}


def test_a_folder_replaces_a_folder_whole(tmp_path):
    case = Case(Written(tmp_path, write_folder), str(tmp_path))
    case.store(0, "x", obj={"a": "1", "b": "2"})
    case.store(0, "x", obj={"b": "3"})
    assert case.load("x") == {"b": "3"}
    assert files(case) == ["a/x.txt/b"]


def test_files_beside_the_value_come_along(tmp_path):
    def write(path, obj):
        path.write_text(obj)
        path.with_suffix(".meta").write_text("m")

    case = Case(Written(tmp_path, write), str(tmp_path))
    case.store(0, "x", obj="v")
    assert files(case) == ["a/x.meta", "a/x.txt"]


def test_a_folder_of_a_killed_attempt_is_swept(local):
    left = Path(local.base, "a", ".attempts", "7.abc")
    left.mkdir(parents=True)
    (left / "x").write_bytes(b"half")
    for path in (left / "x", left):
        os.utime(path, (time.time() - 7200,) * 2)
    local.store(2, "y")
    assert not left.exists()


def test_a_base_path_may_come_from_the_environment(tmp_path, monkeypatch):
    manager = Written(EnvVar("VALUES"), write_text)
    monkeypatch.setenv("VALUES", str(tmp_path / "there"))
    Case(manager, "").store(0, obj="v")
    assert (tmp_path / "there" / "a.txt").read_text() == "v"


def test_the_place_is_the_storage_of_the_run_when_none_is_given(tmp_path):
    Case(Written(None, write_text), str(tmp_path)).store(0, obj="v")
    assert (tmp_path / "a.txt").read_text() == "v"
