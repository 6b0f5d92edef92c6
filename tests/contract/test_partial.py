"""Partitions of a chunk fail one by one, in memory and on a fleet alike."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from assetq import Instance
from assetq.execution import EventType
from assetq.partitions import IndexSet

DAYS = [f"2024-01-{day:02}" for day in range(1, 15)]


@pytest.fixture(params=["memory", "redis"])
def opened(request, monkeypatch, tmp_path):
    """An instance that executes what is submitted to it."""
    monkeypatch.setenv("TRAIL_FILE", str(tmp_path / "trail"))
    if request.param == "memory":
        monkeypatch.syspath_prepend(str(request.config.rootpath / "tests" / "code"))
        monkeypatch.setenv("ASSETQ_STORAGE", str(tmp_path / "storage"))
        with Instance.ephemeral() as made:
            yield made
        return
    fleet = request.getfixturevalue("fleet")
    fleet.start("work_partial", concurrency=2)
    yield fleet.instance
    assert not [found for run in fleet.instance.list_runs() if (found := fleet.instance.check_run(run.run_id))]


@pytest.fixture
def bad(tmp_path):
    """Says which days are bad."""

    def set_bad(*days: int) -> None:
        (tmp_path / "trail.bad").write_text(" ".join(f"2024-01-{day:02}" for day in days))

    return set_bad


def work():
    return importlib.import_module("work_partial")


def submit(opened, *names, partitions="all"):
    handle = opened.submit(work().defs, selection=" or ".join(names), partitions=partitions)
    return handle, handle.wait(60)


def ran(name):
    import trail

    return sorted(" ".join(row[1:]) for row in trail.read() if row[0] == name)


def days_of(indices: IndexSet) -> list[int]:
    return [index + 1 for index in indices]


def states(opened, asset):
    grid = work().weeks if asset == "week" else work().days
    return tuple(days_of(found) for found in opened.partition_states(asset, grid))


def events(handle, kind, asset=None):
    return [e for e in handle.events() if e.type is kind and asset in (None, e.asset)]


def stored(tmp_path, asset, day):
    import pickle

    return pickle.loads((Path(tmp_path) / "storage" / asset / f"2024-01-{day:02}.pickle").read_bytes())


def test_good_partitions_are_made_and_bad_ones_fail(opened, bad, tmp_path):
    bad(2, 3, 9)
    handle, record = submit(opened, "chunk")
    assert (record.status, record.steps.succeeded, record.steps.failed) == ("FAILURE", 1, 2)
    assert states(opened, "chunk") == ([1, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14], [2, 3, 9])
    made = {e.partition for e in events(handle, EventType.ASSET_MATERIALIZATION)}
    assert made == {
        "2024-01-01", "2024-01-04...2024-01-06", "2024-01-07...2024-01-08", "2024-01-10...2024-01-12",
        "2024-01-13...2024-01-14",
    }  # fmt: skip
    assert stored(tmp_path, "chunk", 4) == f"2024-01-04 of {handle.run_id}"
    assert not (tmp_path / "storage" / "chunk" / "2024-01-02.pickle").exists()
    assert opened.latest_materialization("chunk", "2024-01-05").partition == "2024-01-04...2024-01-06"
    assert opened.latest_materialization("chunk", "2024-01-02") is None


def test_the_failure_names_the_partitions(opened, bad):
    bad(2, 3)
    handle, _ = submit(opened, "chunk", partitions="2024-01-01..2024-01-06")
    (told,) = events(handle, EventType.PARTITIONS_FAILED)
    assert (told.data["failed"], told.data["made"]) == (2, 4)
    first = told.data["first"][0]
    assert (first["partition"], first["error"]["class_name"]) == ("2024-01-02", "ValueError")
    assert "work_partial.py" in first["error"]["stack"]
    (failure,) = events(handle, EventType.STEP_FAILURE)
    assert failure.data["error"]["class_name"] == "PartitionsFailedError"
    assert "2 of 6 partitions of 'chunk' failed: '2024-01-02', '2024-01-03'" in failure.message
    assert not events(handle, EventType.STEP_SUCCESS)


def test_old_values_of_failed_partitions_stay(opened, bad, tmp_path):
    first, _ = submit(opened, "chunk", partitions="2024-01-01..2024-01-06")
    bad(5)
    second, _ = submit(opened, "chunk", partitions="2024-01-01..2024-01-06")
    assert stored(tmp_path, "chunk", 5) == f"2024-01-05 of {first.run_id}"
    assert stored(tmp_path, "chunk", 6) == f"2024-01-06 of {second.run_id}"
    assert opened.latest_materialization("chunk", "2024-01-05").run_id == first.run_id


def test_data_versions_are_those_of_what_was_made(opened, bad):
    grid = work().days
    submit(opened, "chunk", partitions="2024-01-01..2024-01-06")
    wanted = [("chunk", grid, IndexSet.range(0, 6))]
    (before,) = opened.version_marks(wanted)
    bad(2, 5)
    submit(opened, "chunk", partitions="2024-01-01..2024-01-06")
    (after,) = opened.version_marks(wanted)
    assert [a == b for a, b in zip(before, after, strict=True)] == [False, True, False, False, True, False]


def test_what_reads_only_good_partitions_runs(opened, bad):
    bad(2, 9)
    _, record = submit(opened, "chunk", "day", "third", "week", "whole", "last_of_all")
    assert ran("day") == [day for day in DAYS if day[-2:] not in ("02", "09")]
    assert ran("third") == ["2024-01-04", "2024-01-10", "2024-01-13"]
    assert not ran("week")
    assert not ran("whole")
    assert not ran("last")
    assert states(opened, "day") == ([1, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14], [])
    assert record.steps.done == record.steps.total
    assert record.steps.skipped == 2 + 2 + 2 + 1 + 1


def test_a_week_without_a_bad_day_runs(opened, bad):
    bad(9)
    submit(opened, "chunk", "week")
    assert ran("week") == ["2024-01-01"]


def test_a_retry_makes_exactly_what_failed(opened, bad, tmp_path):
    bad(2, 3, 9)
    handle, _ = submit(opened, "chunk", "day")
    bad()
    again = handle.retry()
    record = again.wait(60)
    assert (record.status, record.steps.succeeded) == ("SUCCESS", 2 + 3)
    assert "2024-01-09" in ran("chunk")
    assert "2024-01-02 2024-01-03" in ran("chunk")
    assert sorted(ran("day")) == DAYS
    assert states(opened, "chunk") == (list(range(1, 15)), [])
    # The op returns a dict by partition, of a single partition too.
    assert stored(tmp_path, "chunk", 9) == f"2024-01-09 of {again.run_id}"
    assert stored(tmp_path, "day", 4) == f"2024-01-04 of {handle.run_id}"


def test_a_backfill_of_what_failed(opened, bad):
    bad(2, 9)
    submit(opened, "chunk")
    bad()
    _, record = submit(opened, "chunk", partitions="failed")
    assert record.steps.total == 2
    assert {"2024-01-02", "2024-01-09"} <= set(ran("chunk"))
    assert states(opened, "chunk") == (list(range(1, 15)), [])


def test_the_retry_of_a_step_takes_what_failed(opened, bad, tmp_path):
    bad(3, 5)
    handle, record = submit(opened, "retried", "after_retried")
    assert record.status == "SUCCESS"
    assert ran("retried") == sorted([" ".join(DAYS), "2024-01-03 2024-01-05"])
    assert ran("after") == DAYS
    assert stored(tmp_path, "retried", 4) == "2024-01-04 at 0"
    assert stored(tmp_path, "retried", 5) == "2024-01-05 at 1"
    assert states(opened, "retried") == (list(range(1, 15)), [])
    made = [e.partition for e in events(handle, EventType.ASSET_MATERIALIZATION, "retried")]
    assert made == ["2024-01-01...2024-01-02", "2024-01-04", "2024-01-06...2024-01-14", "2024-01-03", "2024-01-05"]


def test_what_earlier_attempts_made_stays_when_the_last_one_fails(opened, bad, tmp_path):
    bad(3, 8)
    handle, record = submit(opened, "retried", "after_retried")
    assert (record.status, record.steps.succeeded, record.steps.failed, record.steps.skipped) == ("FAILURE", 13, 1, 1)
    assert ran("after") == [day for day in DAYS if day != "2024-01-08"]
    assert states(opened, "retried") == ([*range(1, 8), *range(9, 15)], [8])
    bad()
    record = handle.retry().wait(60)
    assert (record.status, record.steps.total) == ("SUCCESS", 2)
    assert stored(tmp_path, "retried", 8) == "2024-01-08 at 0"


def test_results_given_before_an_error_stay(opened, tmp_path):
    handle, record = submit(opened, "yielded")
    assert record.steps.failed == 1
    assert states(opened, "yielded") == ([1, 2, 3, 4], list(range(5, 15)))
    assert stored(tmp_path, "yielded", 4) == "2024-01-04"
    made = events(handle, EventType.ASSET_MATERIALIZATION)
    assert [e.partition for e in made] == DAYS[:4]
    assert made[1].data["metadata"]["day"]["value"] == "02"
    (told,) = events(handle, EventType.PARTITIONS_FAILED)
    assert told.data["failed"] == 10
    assert {item["error"]["message"] for item in told.data["first"]} == {"no fifth day"}
    (failure,) = events(handle, EventType.STEP_FAILURE)
    assert failure.data["error"]["message"] == "no fifth day"


def test_results_are_given_partition_by_partition(opened, bad):
    bad(7)
    handle, _ = submit(opened, "reported")
    made = events(handle, EventType.ASSET_MATERIALIZATION)
    assert [e.partition for e in made] == [day for day in DAYS if day != "2024-01-07"]
    assert opened.latest_materialization("reported", "2024-01-12").data["metadata"]["day"]["value"] == "12"
    assert states(opened, "reported")[1] == [7]


def test_chunks_that_need_the_day_before(opened, bad):
    bad(3)  # nothing outside of the chunk reads it
    _, record = submit(opened, "loop")
    assert (record.steps.succeeded, record.steps.failed, record.steps.skipped) == (2, 1, 0)
    bad(6)
    _, record = submit(opened, "loop")
    assert (record.steps.succeeded, record.steps.failed, record.steps.skipped) == (0, 1, 2)
