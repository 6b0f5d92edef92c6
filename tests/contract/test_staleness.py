"""What is out of date, in memory and on Redis."""

from __future__ import annotations

import importlib

import pytest

from assetq import AssetMaterialization, AssetObservation, InMemoryIOManager, Instance, materialize
from assetq.errors import UsageError
from assetq.execution.data_version import WHOLE
from assetq.execution.staleness import StaleCause, StaleStatus
from assetq.partitions import IndexSet
from assetq.planning import PartitionScope

NARROW = "src,other,cleaned,labelled,report"


@pytest.fixture(params=["memory", "redis"])
def opened(request, monkeypatch):
    """An instance that executes what is submitted to it, and the module of the assets."""
    if request.param == "memory":
        monkeypatch.syspath_prepend(str(request.config.rootpath / "tests" / "code"))
        with Instance.ephemeral() as made:
            yield made
        return
    fleet = request.getfixturevalue("fleet")
    fleet.start("work_versions")
    yield fleet.instance


@pytest.fixture
def work(opened):
    return importlib.import_module("work_versions")


def run(instance, work, selection, partitions=None):
    assert instance.submit(work.defs, selection=selection, partitions=partitions).wait(60).status == "SUCCESS"


def told(instance, *keys):
    """Key -> (stale partitions, causes), for those that are not wholly fresh."""
    found = {key: instance.staleness(key) for key in keys or NARROW.split(",")}
    return {key: (list(s.stale), *map(str, s.causes)) for key, s in found.items() if s.status is not StaleStatus.FRESH}


def test_what_changes_makes_stale(opened, work):
    opened.register_assets(work.defs)
    assert {opened.staleness(key).status for key in NARROW.split(",")} == {StaleStatus.MISSING}
    run(opened, work, NARROW, "all")
    assert told(opened) == {}

    opened.register_assets(work.make(clean="2"))
    assert told(opened) == {"cleaned": ([0, 1, 2], "CODE")}
    opened.register_assets(work.make(reads_other=True))
    assert told(opened) == {"cleaned": ([0, 1, 2], "DEPENDENCIES")}
    opened.register_assets(work.defs)
    assert told(opened) == {}

    run(opened, work, "src")  # has no code version: every run makes new data
    assert told(opened) == {"cleaned": ([0, 1, 2], "DATA")}
    run(opened, work, "cleaned", "2024-01-02")
    assert told(opened) == {"cleaned": ([0, 2], "DATA"), "labelled": ([1], "DATA")}
    run(opened, work, "labelled", "2024-01-02")  # gives the same version as before: what reads it stays fresh
    assert told(opened) == {"cleaned": ([0, 2], "DATA")}


def test_a_run_with_nothing_new_leaves_downstream_fresh(opened, work):
    run(opened, work, NARROW, "all")
    before = opened.version_marks([("cleaned", work.DAYS, IndexSet.range(0, 3))])
    run(opened, work, "cleaned", "all")
    assert opened.version_marks([("cleaned", work.DAYS, IndexSet.range(0, 3))]) == before
    assert told(opened) == {}


def test_events_tell_versions(opened, work):
    run(opened, work, NARROW, "all")
    src, cleaned = opened.latest_materialization("src"), opened.latest_materialization("cleaned")
    assert cleaned.data["code_version"] == "1"
    assert cleaned.data["input_data_versions"] == {"src": src.data["data_version"]}
    assert "is_user_provided" not in cleaned.data
    labelled = opened.latest_materialization("labelled")
    assert labelled.data["data_version"] == "always"
    assert labelled.data["is_user_provided"] is True
    assert labelled.data["input_data_versions"] == {"cleaned": cleaned.data["data_version"]}
    assert opened.latest_materialization("report").data["input_data_versions"].keys() == {"labelled"}
    (mark,) = opened.version_marks([("labelled", work.DAYS, IndexSet.range(1, 2))])[0]
    assert (mark.version, mark.is_given) == ("always", True)


def test_reports_from_elsewhere_count(opened, work):
    run(opened, work, NARROW, "all")
    opened.report_runless_asset_event(AssetMaterialization("src"))
    assert told(opened) == {"cleaned": ([0, 1, 2], "DATA")}
    run(opened, work, "cleaned,labelled", "all")
    assert told(opened) == {}
    opened.report_runless_asset_event(AssetMaterialization("cleaned", partition="2024-01-03"))
    assert told(opened) == {"labelled": ([2], "DATA")}
    opened.report_runless_asset_event(AssetObservation("src", tags={"dagster/data_version": "seen"}))
    assert opened.version_marks([("src", None, WHOLE)])[0][0].version == "seen"
    assert told(opened)["cleaned"] == ([0, 1], "DATA")


def test_what_is_wiped_is_missing(opened, work):
    run(opened, work, NARROW, "all")
    opened.wipe_asset("cleaned", "2024-01-02")
    assert list(opened.staleness("cleaned").missing) == [1]
    assert told(opened) == {"labelled": ([1], "DATA")}
    opened.wipe_asset("src")
    assert opened.staleness("src").status is StaleStatus.MISSING
    assert opened.version_marks([("src", None, WHOLE)]) == [[None]]


def test_a_chunk_of_many_partitions(opened, work):
    run(opened, work, "src")
    run(opened, work, "wide", "all")
    marks = opened.version_marks([("wide", work.MANY, IndexSet.range(0, 1100))])[0]
    assert len(marks) == 1100
    assert len({mark.data for mark in marks}) == 1
    assert len(opened.staleness("wide").fresh) == 1100
    run(opened, work, "src")
    found = opened.staleness("wide")
    assert (len(found.stale), found.causes) == (1100, (StaleCause.DATA,))


def test_versions_go_along_when_the_list_of_partitions_changes(opened, work):
    run(opened, work, "src")
    run(opened, work, "wide", "all")
    changed = work.make(keys=["new", "k0700", "k0003"])
    opened.register_assets(changed)
    found = opened.staleness("wide")
    assert (list(found.fresh), list(found.missing)) == ([1, 2], [0])
    opened.report_runless_asset_event(AssetMaterialization("src"))
    assert list(opened.staleness("wide").stale) == [1, 2]


def test_a_run_of_this_process_counts(opened, work):
    materialize(
        [*work.defs.assets],
        selection="src,other,cleaned",
        partition_key="2024-01-02",
        instance=opened,
        resources={"io_manager": InMemoryIOManager()},
    )
    found = opened.staleness("cleaned")
    assert (list(found.fresh), list(found.missing)) == ([1], [0, 2])
    opened.report_runless_asset_event(AssetMaterialization("src"))
    assert list(opened.staleness("cleaned").stale) == [1]


def planned(instance, defs, selection="*", partitions="stale"):
    plan = instance.plan(defs, selection=selection, scope=PartitionScope.parse(partitions))
    return {node.name: list(node.partitions) for node in plan.nodes}


def test_a_backfill_of_what_is_stale(opened, work):
    with pytest.raises(UsageError, match="partitioned"):
        opened.submit(work.defs, selection=NARROW)
    run(opened, work, NARROW, "all")
    assert planned(opened, work.defs) == {}
    assert planned(opened, work.make(clean="2")) == {
        "cleaned": [0, 1, 2],
        "labelled": [0, 1, 2],  # made from what will be made again
        "report": [0],
    }
    run(opened, work, "src")
    run(opened, work, "cleaned", "2024-01-02")
    assert planned(opened, work.defs) == {"cleaned": [0, 2], "labelled": [0, 1, 2], "report": [0]}
    assert planned(opened, work.defs, selection="labelled") == {"labelled": [1]}
    run(opened, work, NARROW, "stale")
    assert told(opened) == {}
    opened.wipe_asset("report")
    run(opened, work, "src")
    assert "report" not in planned(opened, work.defs)  # --missing is for what was never made
