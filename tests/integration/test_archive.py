"""What leaves Redis stays readable, as it was, whatever happens on the way."""

from __future__ import annotations

import importlib
import json
from itertools import count
from pathlib import Path

import pytest

from assetq import AssetKey
from assetq.broker import archiver
from assetq.broker.archive_file import cursor_place, find_events, read_events, write_events
from assetq.broker.archiver import Archiver
from assetq.broker.instance import RedisInstance
from assetq.errors import StorageError, UnknownRunError, UsageError
from assetq.execution import EventType
from assetq.execution.event import Event
from assetq.execution.history import HistoryPage
from assetq.execution.session import ExecutionSession
from assetq.planning import PartitionScope, make_plan
from assetq.workers import archiving

from ..waiting import eventually


@pytest.fixture
def defs(monkeypatch, tmp_path):
    monkeypatch.setenv("TRAIL_FILE", str(tmp_path / "trail"))
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "code"))
    return importlib.import_module("work_chain").defs


@pytest.fixture
def ended(instance, defs):
    """A run that has ended, and everything that can be asked of it."""
    return run_here(instance, defs)


def run_here(instance, defs):
    plan = make_plan(defs, selection="raw,rate", scope=PartitionScope(all=True))
    session = ExecutionSession(defs, storage=instance.storage_directory(), instance=instance)
    return instance.run_in_process(defs, plan, session, tags={"k": "v"}).run_id


def answers(instance, run_id):
    """Everything that the record says of a run and of what it made."""
    return {
        "record": instance.get_run(run_id),
        "listed": instance.list_runs(),
        "events": instance.read_events(run_id, limit=10_000),
        "followed": list(instance.follow_events(run_id)),
        "plan": instance.get_plan(run_id).to_bytes(),
        "states": instance.step_states(run_id),
        "made": instance.made_partitions(run_id),
        "stats": instance.get_run_stats(run_id),
        "status": instance.asset_status("raw"),
        "latest": instance.latest_materialization("raw").to_json(),
        "one": instance.latest_materialization("raw", "2013-01-05"),
        "history": instance.asset_history("raw", "materialization", HistoryPage()),
        "versions": instance.get_latest_materialization_event(AssetKey("rate")).data,
    }


def keys_of(instance, run_id):
    found = instance.client.scan_iter(f"{{{instance.settings.namespace}}}:run:{run_id}*")
    return sorted(key.decode().partition(run_id)[2] for key in found)


def files_of(instance):
    base = Path(instance.settings.effective_archive)
    return sorted(path.name for path in base.rglob("*") if path.is_file())


def fresh(instance):
    """An instance that has nothing cached."""
    return RedisInstance(instance.settings)


def test_nothing_changes_but_the_place(instance, ended):
    before = answers(instance, ended)
    assert instance.archive_run(ended)
    assert keys_of(instance, ended) == ["", ":parts"]
    with fresh(instance) as other:
        assert answers(other, ended) == before
    assert not instance.archive_run(ended)
    (part, run) = files_of(instance)
    assert part == f"events-00000-{before['events'][-1].cursor}.parquet"
    assert run == "run.parquet"


def test_the_archive_may_be_remote(instance, ended):
    before = answers(instance, ended)
    settings = instance.settings.model_copy(update={"archive": f"memory://archive/{ended}"})
    with RedisInstance(settings) as remote:
        remote.archive_run(ended)
        assert files_of(instance) == []
    with RedisInstance(settings) as remote:
        assert answers(remote, ended) == before
        remote.delete_run(ended)
        assert remote.all_logs(ended) == []


def test_people_can_read_the_files(instance, ended):
    polars = pytest.importorskip("polars")
    instance.archive_run(ended)
    base = Path(instance.settings.effective_archive)
    events = polars.read_parquet(base / "*" / "*" / "events-*.parquet", hive_partitioning=True)
    made = events.filter(polars.col("type") == "ASSET_MATERIALIZATION")
    assert made.height == 91
    assert set(made["run"]) == {ended}
    assert "raw[2013-01-05]" in set(made["step_key"])
    assert isinstance(json.loads(made["data"][0]), dict)
    (run,) = polars.read_parquet(base / "*" / "*" / "run.parquet").to_dicts()
    assert (run["status"], run["steps_succeeded"], json.loads(run["tags"])) == ("SUCCESS", 91, {"k": "v"})


@pytest.mark.parametrize("size", [1, 7, 100])
def test_readers_go_from_part_to_part(instance, ended, monkeypatch, size):
    whole = instance.read_events(ended, limit=10_000)
    monkeypatch.setattr(archiver, "PART_EVENTS", size)
    archiving = Archiver(instance.engine, instance.runs, instance.archive)
    for _ in range(3):
        archiving.move_part(ended)
    cursors = [None, *(event.cursor for event in whole)]
    for at in (0, 1, size, 2 * size, 3 * size - 1, 3 * size, 3 * size + 1, len(whole)):
        for limit in (1, size, 3 * size, 10_000):
            assert instance.read_events(ended, cursors[min(at, len(whole))], limit) == whole[at : at + limit]
    assert list(instance.follow_events(ended, cursors[1])) == whole[1:]
    assert [found for _, found in instance.asset_history("raw", "materialization", HistoryPage(limit=1000))]


class Killed(BaseException):
    pass


@pytest.mark.parametrize("number", range(12))
def test_killed_at_any_point_it_goes_on_where_it_was(instance, ended, monkeypatch, number):
    before = answers(instance, ended)
    monkeypatch.setattr(archiver, "PART_EVENTS", 150)
    steps = count()

    def dies_at(call):
        def dying(*args, **kwargs):
            if next(steps) == number:
                raise Killed
            result = call(*args, **kwargs)
            if next(steps) == number:
                raise Killed
            return result

        return dying

    with monkeypatch.context() as patch:
        patch.setattr(archiver, "publish", dies_at(archiver.publish))
        patch.setattr(type(instance.engine), "run_script", dies_at(type(instance.engine).run_script))
        with pytest.raises(Killed):
            instance.archive_run(ended)
    with fresh(instance) as other:
        assert answers(other, ended) == before
        other.archive_run(ended)
        assert answers(other, ended) == before
    assert files_of(instance) == [*(f"events-{n:05d}-{c}.parquet" for n, c in enumerate(instance.archive.parts(ended))),
                                  "run.parquet"]  # fmt: skip


def test_the_slower_of_two_takes_nothing_away(instance, ended, monkeypatch):
    before = answers(instance, ended)
    trim = type(instance.engine).run_script

    def overtaken(engine, name, **arguments):
        if name == "trim_events":
            monkeypatch.setattr(type(instance.engine), "run_script", trim)
            with fresh(instance) as other:
                Archiver(other.engine, other.runs, other.archive).move_part(ended, 10)
        return trim(engine, name, **arguments)

    monkeypatch.setattr(type(instance.engine), "run_script", overtaken)
    instance.archive_run(ended)
    assert answers(instance, ended) == before
    assert len(files_of(instance)) == 3


def test_a_run_under_way_moves_in_parts(instance, fleet):
    fleet.start("work_chain")
    defs = importlib.import_module("work_chain").defs
    handle = instance.submit(defs, selection="raw,rate", partitions="all")
    archiving = Archiver(instance.engine, instance.runs, instance.archive)
    seen = []
    for event in handle.events():
        seen.append(event)
        if len(seen) % 40 == 0:
            archiving.move_part(handle.run_id, 60)
    assert len(instance.archive.parts(handle.run_id)) >= 3
    cursors = [cursor_place(event.cursor) for event in seen]
    assert cursors == sorted(set(cursors))
    assert seen == instance.read_events(handle.run_id, limit=10_000)
    assert [e.type for e in seen].count(EventType.STEP_SUCCESS) == 91
    handle.wait(30)
    assert instance.archive_run(handle.run_id)
    assert instance.read_events(handle.run_id, limit=10_000) == seen


def test_what_cannot_be_archived(instance, defs, ended, monkeypatch):
    with pytest.raises(UnknownRunError):
        instance.archive_run("nothing")
    waiting = instance.submit(defs, selection="rate")
    with pytest.raises(UsageError, match="QUEUED"):
        instance.archive_run(waiting.run_id)
    monkeypatch.setattr(archiver, "is_available", lambda: False)
    with pytest.raises(UsageError, match=r"assetq\[archive\]"):
        instance.archive_run(ended)


@pytest.mark.parametrize(("keep_events", "is_warned"), [(100, True), (0, False)])
def test_a_worker_that_cannot_move_the_events_it_should_warns(instance, monkeypatch, caplog, keep_events, is_warned):
    monkeypatch.setattr(archiving, "is_available", lambda: False)
    settings = instance.settings.model_copy(update={"keep_events": keep_events})
    with caplog.at_level("WARNING", "assetq.archiving"):
        archiving.ArchiveWatch(instance.client, settings).start()
    assert ("keep_events is set" in caplog.text) is is_warned
    assert ("assetq[archive]" in caplog.text) is is_warned


def test_a_deleted_run_takes_its_archive_along(instance, ended):
    instance.archive_run(ended)
    instance.delete_run(ended)
    assert files_of(instance) == []
    assert keys_of(instance, ended) == []
    assert instance.all_logs(ended) == []
    assert instance.asset_status("raw").materialized == 90
    assert instance.latest_materialization("raw").run_id == ended


def test_a_lost_file_is_told(instance, ended):
    instance.archive_run(ended)
    for path in Path(instance.settings.effective_archive).rglob("*.parquet"):
        path.unlink()
    with fresh(instance) as other:
        assert other.get_run(ended).steps.total == 91
        with pytest.raises(StorageError, match="is gone"):
            other.read_events(ended)


def test_the_policy_counts_and_looks_at_the_clock(instance, defs):
    ids = [run_here(instance, defs) for _ in range(3)]

    def due(**settings):
        with RedisInstance(instance.settings.model_copy(update=settings)) as other:
            return other.archivable_runs()

    assert due() == []
    assert due(keep_runs=2) == ids[:1]
    assert due(keep_runs=0) == []
    instance.client.zadd(instance.keys("ended"), {ids[1]: 1000})
    assert due() == [ids[1]]
    assert due(archive_after_s=0) == []
    assert instance.archivable_runs(ended_before_s=0) == [ids[1], ids[0], ids[2]]
    instance.archive_run(ids[1])
    assert due(keep_runs=2) == []


def test_whatever_was_recorded_comes_back(tmp_path):
    values = [{}, {"a": [1, 2.5, None, True, "ü"]}, {1: "number as key"}, {"b": b"\x00\xff"}, {"n": float("inf")}]
    told = [
        Event(EventType.LOG, 1000 * n, "r", f"{n // 3}-{n}", f"s{n}", "a/b", "x|y", n, "w", "m\n", values[n % 5])
        for n in range(1, 12_001)
    ]
    path = tmp_path / "events.parquet"
    assert write_events(str(path), iter(told)) == (12_000, told[-1].cursor)
    assert list(read_events(path, "r", (0, 0))) == told
    for at in (0, 4_999, 5_000, 11_999):
        assert list(read_events(path, "r", cursor_place(told[at].cursor))) == told[at + 1 :]
    wanted = [told[0], told[7_000], told[11_999]]
    assert list(find_events(path, "r", [cursor_place(event.cursor) for event in wanted])) == wanted


def test_workers_archive_by_themselves(instance, fleet, defs):
    fleet.environment.update(ASSETQ_KEEP_RUNS="1", ASSETQ_KEEP_EVENTS="50")
    fleet.start("work_chain")
    first = instance.submit(defs, selection="raw,rate", partitions="all")
    first.wait(60)
    whole = list(first.events())
    second = instance.submit(defs, selection="rate")
    second.wait(60)
    eventually(lambda: instance.archive.has(first.run_id), deadline=40)
    assert instance.read_events(first.run_id, limit=10_000) == whole
    assert not instance.archive.has(second.run_id)
