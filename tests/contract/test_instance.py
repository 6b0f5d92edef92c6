"""One suite for every `Instance`: in memory, and on Redis with a worker."""

from __future__ import annotations

import importlib
from datetime import UTC, datetime

import pytest

from assetq import (
    AssetCheckEvaluation,
    AssetCheckKey,
    AssetKey,
    AssetMaterialization,
    AssetObservation,
    AssetPartitionStatus,
    AssetRecordsFilter,
    Definitions,
    EventRecordsFilter,
    Instance,
    PartitionScope,
    RunsFilter,
    StaticPartitionsDefinition,
    asset,
    graph_asset,
    op,
)
from assetq.errors import (
    PoolLimitError,
    UnknownAssetError,
    UnknownPartitionError,
    UnknownRunError,
    UsageError,
)
from assetq.execution import EventType, RunStatus
from assetq.execution.history import HistoryPage
from assetq.execution.run_handle import RunHandle
from assetq.execution.session import ExecutionSession
from assetq.planning import make_plan

from ..waiting import eventually


@pytest.fixture(params=["memory", "redis"])
def opened(request, monkeypatch, tmp_path):
    """An instance that executes what is submitted to it; "archived" moves each run to the archive at its end."""
    if request.param == "memory":
        monkeypatch.setenv("TRAIL_FILE", str(tmp_path / "trail"))
        monkeypatch.syspath_prepend(str(request.config.rootpath / "tests" / "code"))
        with Instance.ephemeral() as made:
            yield made
        return
    fleet = request.getfixturevalue("fleet")
    fleet.start_together("work_chain", "work_timed")
    if request.param == "archived":
        monkeypatch.setattr(RunHandle, "wait", archiving(RunHandle.wait))
    yield fleet.instance


also_archived = pytest.mark.parametrize("opened", ["memory", "redis", "archived"], indirect=True)


def archiving(wait):
    def wait_and_archive(handle, timeout=None):
        record = wait(handle, timeout)
        if record.status.is_terminal:
            assert handle.instance.archive_run(handle.run_id)
        return record

    return wait_and_archive


def defs_of(module):
    return importlib.import_module(module).defs


@also_archived
def test_a_run_is_recorded(opened):
    handle = opened.submit(defs_of("work_chain"), partitions="all", tags={"team": "a"}, priority=3)
    record = handle.wait(60)
    assert record.status is RunStatus.SUCCESS
    assert record.steps.succeeded == record.steps.total == 185
    assert record == opened.get_run(handle.run_id) == handle.status()
    assert record.tags == {"team": "a"}
    assert record.priority == 3
    assert record.submitted_at_ms <= record.started_at_ms <= record.ended_at_ms
    assert opened.get_plan(handle.run_id).step_count == 185
    states = opened.step_states(handle.run_id)
    assert sum(len(steps) for by_state in states.values() for steps in by_state.values()) == 185


@also_archived
def test_events_tell_the_story_once(opened):
    handle = opened.submit(defs_of("work_chain"), selection="rate,raw", partitions="all")
    handle.wait(60)
    events = list(handle.events())
    assert [events[0].type, events[-1].type] == [EventType.RUN_ENQUEUED, EventType.RUN_SUCCESS]
    assert [e.type for e in events].count(EventType.STEP_SUCCESS) == 91
    assert [e.type for e in events].count(EventType.ASSET_MATERIALIZATION) == 91
    begun, ended = set(), set()
    for event in events:
        if event.type is EventType.STEP_START:
            begun.add(event.step_key)
        if event.type is EventType.STEP_SUCCESS:
            assert event.step_key in begun
            assert event.step_key not in ended
            ended.add(event.step_key)


@also_archived
def test_a_reader_resumes_behind_its_cursor(opened):
    handle = opened.submit(defs_of("work_chain"), selection="rate")
    handle.wait(60)
    whole = opened.read_events(handle.run_id)
    assert opened.read_events(handle.run_id, after=whole[1].cursor) == whole[2:]
    assert opened.read_events(handle.run_id, limit=2) == whole[:2]
    assert opened.read_events(handle.run_id, after=whole[-1].cursor) == []
    assert list(opened.follow_events(handle.run_id, after=whole[1].cursor)) == whole[2:]


@also_archived
def test_a_failure_skips_and_can_be_retried(opened):
    handle = opened.submit(defs_of("work_timed"), selection="broken+,flaky")
    record = handle.wait(60)
    assert record.status is RunStatus.FAILURE
    assert (record.steps.succeeded, record.steps.failed, record.steps.skipped) == (1, 1, 1)
    again = opened.retry_run(handle.run_id, defs=defs_of("work_timed"))
    record = again.wait(60)
    assert record.parent_run_id == handle.run_id
    assert record.steps.total == 2
    assert opened.asset_status("broken").failed == 1
    assert opened.asset_status("flaky").materialized == 1


@also_archived
def test_runs_are_found(opened):
    first = opened.submit(defs_of("work_chain"), selection="rate", tags={"k": "v"})
    second = opened.submit(defs_of("work_chain"), selection="rate")
    for handle in (first, second):
        handle.wait(60)
    assert [run.run_id for run in opened.list_runs()] == [second.run_id, first.run_id]
    assert opened.run_ids(first.run_id[:13]) == [first.run_id]
    assert opened.resolve_run_id("last") == second.run_id
    assert opened.resolve_run_id(first.run_id[:13]) == first.run_id
    with pytest.raises(UnknownRunError):
        opened.resolve_run_id("zzz")
    with pytest.raises(UnknownRunError):
        opened.get_run("zzz")
    with pytest.raises(UsageError):
        opened.cancel_run(first.run_id)


@also_archived
def test_the_catalog_and_partition_status(opened):
    defs = defs_of("work_chain")
    opened.register_assets(defs)
    listed = [record.key for record in opened.list_assets()]
    assert listed == sorted(listed)
    # Workers list their own: here those of another module, too.
    assert set(listed) - {str(key) for key in defs_of("work_timed").graph.nodes} == {
        "monthly", "priced", "rate", "raw", "total"
    }  # fmt: skip
    empty = opened.asset_status("raw")
    assert (empty.total, empty.materialized, empty.missing) == (90, 0, 90)
    for day in ("2013-01-05", "2013-02-28"):  # in one run the later day may be the first to be made
        opened.submit(defs, selection="raw", partitions=[day]).wait(60)
    status = opened.asset_status("raw")
    assert (status.materialized, status.missing) == (2, 88)
    done, failed = opened.partition_states("raw", defs.graph.nodes[AssetKey("raw")].partitions_def)
    assert (len(done), len(failed)) == (2, 0)
    assert opened.latest_materialization("raw").partition == "2013-02-28"
    assert opened.latest_materialization("raw", "2013-01-05").partition == "2013-01-05"
    assert opened.latest_materialization("raw", "2013-01-06") is None
    opened.wipe_asset("raw", "2013-01-05")
    assert opened.asset_status("raw").materialized == 1
    opened.wipe_asset("raw")
    assert opened.asset_status("raw").materialized == 0
    assert opened.get_asset("priced").pool == "enrich"
    with pytest.raises(UnknownAssetError, match="Did you mean 'raw'"):
        opened.get_asset("rav")


def test_what_no_run_made_can_be_reported(opened):
    defs = defs_of("work_chain")
    opened.register_assets(defs)
    opened.report_runless_asset_event(AssetMaterialization("raw", partition="2013-01-05", metadata={"rows": 3}))
    assert opened.asset_status("raw").materialized == 1
    event = opened.get_latest_materialization_event("raw")
    assert (event.partition, event.asset_materialization.metadata["rows"].value) == ("2013-01-05", 3)
    assert opened.get_materialized_partitions("raw") == {"2013-01-05"}
    opened.report_runless_asset_event(AssetMaterialization("rate"))
    assert opened.asset_status("rate").materialized == 1
    opened.report_runless_asset_event(AssetObservation("rate", metadata={"seen": True}))
    opened.wipe_assets(["rate"])
    assert opened.get_latest_materialization_event("rate") is None
    with pytest.raises(UsageError):
        opened.report_runless_asset_event("something")


@also_archived
def test_dagsters_names(opened):
    run = opened.submit(defs_of("work_chain"), selection="rate", tags={"a": "b"})
    run.wait(60)
    assert opened.get_run_by_id(run.run_id).tags == {"a": "b"}
    assert opened.get_run_by_id("nothing") is None
    assert [record.run_id for record in opened.get_runs()] == [run.run_id]
    assert opened.get_runs_count() == 1
    assert opened.has_asset_key("rate")
    assert not opened.has_asset_key("nothing")
    assert AssetKey("rate") in opened.all_asset_keys()
    assert opened.all_logs(run.run_id)[-1].event_type_value == "RUN_SUCCESS"


def test_a_submission_is_accepted_whole_or_not_at_all(opened):
    with pytest.raises(UnknownPartitionError, match="2013-01-99"):
        opened.submit(defs_of("work_chain"), selection="raw", partitions=["2013-01-02", "2013-01-99"])
    with pytest.raises(UnknownAssetError):
        opened.submit(defs_of("work_chain"), selection="nothing")
    assert opened.list_runs() == []


def test_pool_limits(opened):
    opened.register_assets(defs_of("work_chain"))
    opened.set_pool_limit("enrich", 7)
    assert opened.show_pool("enrich").record.limit == 7
    opened.unset_pool_limit("enrich")
    assert {pool.pool: pool.limit for pool in opened.list_pools()}["enrich"] is None
    for bad in (-1, 1.5, True, "3"):
        with pytest.raises(PoolLimitError):
            opened.set_pool_limit("enrich", bad)
    with pytest.raises(UsageError):
        opened.show_pool("enrihc")


def test_a_limit_in_code_yields_to_one_set_by_hand(opened):
    def limit_after(limit):
        opened.register_assets(Definitions([in_pool()], pools={"db": limit}))
        found = opened.show_pool("db").record
        return found.limit, found.source

    assert limit_after(2) == (2, "code")
    assert limit_after(3) == (3, "code")
    opened.set_pool_limit("db", 7)
    assert limit_after(4) == (7, "hand")
    opened.unset_pool_limit("db")
    assert limit_after(4) == (4, "code")


def test_a_pool_without_a_limit_follows_the_default(opened):
    opened.register_assets(Definitions([in_pool()]))
    opened.set_pool_limit("*", 6)
    found = {pool.pool: (pool.limit, pool.source) for pool in opened.list_pools()}
    assert found["db"] == (6, "default")
    assert found["default"] == (None, None)
    opened.unset_pool_limit("*")
    assert opened.show_pool("db").record.limit is None
    with pytest.raises(PoolLimitError, match="a b"):
        opened.set_pool_limit("a b", 1)


def test_a_rate_is_recorded_and_shown(opened):
    opened.register_assets(Definitions([in_pool()]))
    opened.set_pool_limit("db", 5, rate="100/m")
    assert opened.show_pool("db").record.rate == "100/m"
    opened.set_pool_limit("db", 5)
    assert opened.show_pool("db").record.rate is None
    for bad in ("5", "0/s", "5/x", "1/0s", 3):
        with pytest.raises(PoolLimitError, match="rate"):
            opened.set_pool_limit("db", 5, rate=bad)
    with pytest.raises(PoolLimitError, match="one pool"):
        opened.set_pool_limit("*", 5, rate="5/s")


def test_a_waiting_step_is_explained(opened):
    opened.register_assets(defs_of("work_chain"))
    opened.set_pool_limit("enrich", 0)
    handle = opened.submit(defs_of("work_chain"), selection="+priced", partitions=["2013-01-02"])
    wait = eventually(lambda: (found := opened.explain_step(handle.run_id, "priced[2013-01-02]")).missing and found)
    assert "'enrich' is paused" in wait.missing["limit"]
    assert wait.pools == {"enrich": 1}
    assert opened.explain_step(handle.run_id, "rate").state == "succeeded"
    opened.set_pool_limit("enrich", 1)
    handle.wait(20)
    assert opened.explain_step(handle.run_id, "priced[2013-01-02]").state == "succeeded"


def test_limits_of_runs_are_recorded(opened):
    opened.set_run_limit("customer=*", 1)
    opened.set_run_limit("*", 9)
    assert opened.run_limits() == {"customer=*": 1, "*": 9}
    opened.set_run_limit("*", None)
    assert opened.run_limits() == {"customer=*": 1}
    for tag, limit in (("", 1), ("a", -1), ("a", True), ("a", "1")):
        with pytest.raises(UsageError):
            opened.set_run_limit(tag, limit)


def test_the_priority_of_a_waiting_run_changes(opened):
    opened.register_assets(defs_of("work_chain"))
    opened.set_pool_limit("enrich", 0)
    handle = opened.submit(defs_of("work_chain"), selection="+priced", partitions=["2013-01-02"], max_concurrent=2)
    opened.set_run_priority(handle.run_id, 7)
    assert handle.status().priority == 7
    assert handle.status().tags["assetq/max_concurrent_steps"] == "2"
    opened.set_pool_limit("enrich", 1)
    handle.wait(20)
    for bad in (handle.run_id, "nothing"):
        with pytest.raises(UsageError):
            opened.set_run_priority(bad, 1)
    with pytest.raises(UsageError, match="whole number from 1"):
        opened.submit(defs_of("work_chain"), selection="rate", max_concurrent=0)


def test_a_step_that_no_limit_lets_start_is_refused_at_once(opened):
    defs = Definitions([heavy_on_db()])
    opened.set_pool_limit("db", 2)
    with pytest.raises(PoolLimitError, match=r"'weighs'.*3 slots of pool 'db', whose limit is 2.*pools set db 3"):
        opened.submit(defs)
    assert opened.list_runs() == []
    opened.set_pool_limit("db", 0)
    opened.submit(defs).cancel()  # a paused pool may go on with any limit


def heavy_on_db():
    @asset(pool={"db": 3})
    def weighs() -> None: ...

    return weighs


def test_a_paused_pool_starts_nothing_until_it_goes_on(opened):
    opened.register_assets(defs_of("work_chain"))
    opened.set_pool_limit("enrich", 0)
    handle = opened.submit(defs_of("work_chain"), selection="+priced", partitions=["2013-01-02"])
    detail = eventually(lambda: (found := opened.show_pool("enrich")).waiters and found)
    assert (detail.waiters[0].run_id, "paused" in detail.waiters[0].reason) == (handle.run_id, True)
    opened.set_pool_limit("enrich", 1)
    assert handle.wait(20).status is RunStatus.SUCCESS
    opened.set_pool_limit("enrich", 0)
    stopped = opened.submit(defs_of("work_chain"), selection="+priced", partitions=["2013-01-02"])
    eventually(lambda: opened.show_pool("enrich").waiters)
    stopped.cancel()
    assert stopped.wait(20).status is RunStatus.CANCELED


def in_pool():
    @asset(pool="db")
    def stored():
        return 1

    return stored


def test_dynamic_partitions_keep_order_and_slots(opened):
    assert opened.get_dynamic_partitions("p") == []
    opened.add_dynamic_partitions("p", ["b", "a"])
    opened.add_dynamic_partitions("p", ["a", "c", "c"])
    opened.add_dynamic_partitions("p", [])
    assert opened.get_dynamic_partitions("p") == ["b", "a", "c"]
    assert dict(opened.dynamic_partition_slots("p")) == {"b": 0, "a": 1, "c": 2}
    opened.delete_dynamic_partition("p", "b")
    opened.delete_dynamic_partition("p", "nothing")
    assert not opened.has_dynamic_partition("p", "b")
    opened.add_dynamic_partitions("p", ("d", "b"))
    assert list(opened.dynamic_partition_slots("p").items()) == [("a", 1), ("c", 2), ("d", 3), ("b", 0)]
    assert opened.has_dynamic_partition("p", "b")
    assert not opened.has_dynamic_partition("q", "b")
    for bad in ("text", [""], [1], ["a...b"], ["a\x00b"]):
        with pytest.raises(UsageError):
            opened.add_dynamic_partitions("p", bad)
    with pytest.raises(UsageError):
        opened.add_dynamic_partitions("", ["x"])
    assert len(opened.get_dynamic_partitions("p")) == 4


def test_many_dynamic_partitions_are_added_in_order(opened):
    keys = [f"key-{number}" for number in range(25_000)]
    opened.add_dynamic_partitions("p", keys)
    assert opened.get_dynamic_partitions("p") == keys
    opened.delete_dynamic_partition("p", keys[10_000])
    assert opened.get_dynamic_partitions("p") == keys[:10_000] + keys[10_001:]


def static(keys):
    @asset(partitions_def=StaticPartitionsDefinition(keys))
    def region():
        return 1

    return Definitions([region])


def test_keys_that_stay_keep_their_status(opened):
    opened.register_assets(static(["a", "b", "c"]))
    for key in ("a", "c"):
        opened.report_runless_asset_event(AssetMaterialization("region", partition=key, metadata={"key": key}))
    opened.register_assets(static(["d", "c", "a"]))
    assert opened.get_materialized_partitions("region") == {"a", "c"}
    status = opened.asset_status("region")
    assert (status.total, status.materialized, status.missing) == (3, 2, 1)
    assert opened.latest_materialization("region", "a").metadata["key"].value == "a"
    assert opened.latest_materialization("region", "d") is None
    opened.register_assets(static(["d"]))
    opened.report_runless_asset_event(AssetMaterialization("region", partition="d"))
    assert opened.get_materialized_partitions("region") == {"d"}
    opened.register_assets(static(["d", "c", "a"]))
    assert opened.get_materialized_partitions("region") == {"d", "a", "c"}
    opened.wipe_asset("region")
    for keys in (["a", "b", "c"], ["d"], ["d", "c", "a"]):
        opened.register_assets(static(keys))
        assert opened.get_materialized_partitions("region") == set()


@also_archived
def test_the_history_of_an_asset(opened):
    opened.register_assets(defs_of("work_chain"))
    handle = opened.submit(defs_of("work_chain"), selection="raw", partitions="2013-01-01..2013-01-03")
    handle.wait(60)
    for day in ("2013-01-02", "2013-02-05"):
        opened.report_runless_asset_event(AssetMaterialization("raw", partition=day, metadata={"day": day}))
    found = opened.asset_history("raw", "materialization", HistoryPage())
    days = [event.partition for _, event in found]
    assert days[:2] == ["2013-02-05", "2013-01-02"]
    assert sorted(days[2:]) == ["2013-01-01", "2013-01-02", "2013-01-03"]
    assert [event.run_id for _, event in found] == ["", "", *[handle.run_id] * 3]
    positions = [position for position, _ in found]
    assert positions == sorted(positions, reverse=True)
    middle = HistoryPage(after=positions[-1], before=positions[0], limit=2, ascending=True)
    assert opened.asset_history("raw", "materialization", middle) == found[-2:-4:-1]
    assert opened.latest_materialization("raw", "2013-01-02").run_id == ""
    assert opened.latest_materialization("raw", "2013-01-01").run_id == handle.run_id
    assert opened.asset_history("raw", "observation", HistoryPage()) == []
    assert opened.has_history("raw")
    opened.wipe_asset("raw")
    assert opened.asset_history("raw", "materialization", HistoryPage()) == []
    assert not opened.has_history("raw")
    opened.report_runless_asset_event(AssetMaterialization("raw", partition="2013-01-02"))
    assert opened.asset_history("raw", "materialization", HistoryPage())[0][0] > positions[0]


def test_the_latest_check_results(opened):
    key = AssetCheckKey(AssetKey("rate"), "small")
    assert opened.latest_check(key) is None
    for passed in (True, False):
        opened.report_runless_asset_event(AssetCheckEvaluation(AssetKey("rate"), "small", passed, {"n": 1}))
    opened.report_runless_asset_event(AssetCheckEvaluation(AssetKey("rate"), "big", True))
    evaluation = opened.latest_check(key).asset_check_evaluation_data
    assert (evaluation.passed, evaluation.metadata["n"].value) == (False, 1)
    assert {name: event.data["passed"] for name, event in opened.latest_checks("rate").items()} == {
        "big": True,
        "small": False,
    }
    assert not opened.has_history("rate")


@also_archived
def test_runs_are_filtered_tagged_and_deleted(opened):
    first = opened.submit(defs_of("work_chain"), selection="rate", tags={"k": "v"})
    first.wait(60)
    second = opened.submit(defs_of("work_chain"), selection="rate", tags={"k": "w"})
    second.wait(60)
    ids = [second.run_id, first.run_id]

    def found(**options):
        return [run.run_id for run in opened.get_runs(RunsFilter(**options))]

    assert found() == ids
    assert found(statuses=[RunStatus.SUCCESS]) == ids
    assert found(statuses=[RunStatus.FAILURE]) == []
    assert found(run_ids=[first.run_id, "nothing"]) == [first.run_id]
    assert found(tags={"k": "v"}) == [first.run_id]
    assert found(tags={"k": ["v", "w"]}) == ids
    assert found(created_after=datetime.now(UTC)) == []
    assert found(updated_before=datetime.now(UTC)) == ids
    assert opened.get_run_ids(limit=1) == ids[:1]
    assert opened.get_run_ids(cursor=ids[0]) == ids[1:]
    assert [run.run_id for run in opened.get_run_records(ascending=True)] == ids[::-1]
    assert opened.get_runs_count(RunsFilter(tags={"k": "v"})) == 1
    opened.add_run_tags(first.run_id, {"x": "y", "k": "z"})
    assert opened.get_run_by_id(first.run_id).tags == {"k": "z", "x": "y"}
    assert opened.get_run_tags(["k"]) == [("k", {"z", "w"})]
    assert opened.get_run_tag_keys() == ["k", "x"]
    with pytest.raises(UnknownRunError):
        opened.add_run_tags("nothing", {"x": "y"})
    with pytest.raises(UsageError):
        opened.add_run_tags(first.run_id, {"x": 1})
    stats = opened.get_run_stats(first.run_id)
    assert (stats.steps_succeeded, stats.steps_failed, stats.materializations) == (1, 0, 1)
    logs = opened.all_logs(first.run_id)
    assert opened.logs_after(first.run_id, 1) == logs[2:]
    made = opened.all_logs(first.run_id, of_type=EventType.ASSET_MATERIALIZATION)
    assert [event.asset_key for event in made] == [AssetKey("rate")]
    opened.delete_run(second.run_id)
    opened.delete_run("nothing")
    assert opened.get_run_by_id(second.run_id) is None
    assert opened.all_logs(second.run_id) == []
    assert opened.get_latest_materialization_event("rate").run_id == second.run_id
    records = opened.fetch_materializations(AssetKey("rate"), limit=5).records
    assert [record.run_id for record in records] == [first.run_id]


def test_records_of_events(opened):
    opened.register_assets(static(["a", "b", "c"]))
    for key in ("a", "b", "a"):
        opened.report_runless_asset_event(AssetMaterialization("region", partition=key))
    opened.report_runless_asset_event(AssetObservation("region", partition="c"))
    region = AssetKey("region")
    page = opened.fetch_materializations(region, limit=2)
    assert [record.partition_key for record in page.records] == ["a", "b"]
    assert page.has_more
    rest = opened.fetch_materializations(region, limit=2, cursor=page.cursor)
    assert ([record.partition_key for record in rest.records], rest.has_more) == (["a"], False)
    assert opened.fetch_materializations(region, limit=2, cursor=rest.cursor).records == []
    wanted = AssetRecordsFilter(region, asset_partitions=["a"])
    assert len(opened.fetch_materializations(wanted, limit=9, ascending=True).records) == 2
    second = opened.fetch_materializations(region, limit=9, ascending=True).records[1]
    wanted = AssetRecordsFilter(region, after_storage_id=second.storage_id)
    assert len(opened.fetch_materializations(wanted, limit=9).records) == 1
    assert opened.fetch_observations(region, limit=9).records[0].asset_observation.partition == "c"
    of_all = opened.get_event_records(EventRecordsFilter(EventType.ASSET_MATERIALIZATION), limit=2)
    assert [record.partition_key for record in of_all] == ["a", "b"]
    with pytest.raises(UsageError):
        opened.get_event_records(EventRecordsFilter(EventType.RUN_SUCCESS))
    assert opened.get_latest_data_version_record(region, partition_key="b").partition_key == "b"
    (record,) = opened.get_asset_records([region, AssetKey("nothing")])
    assert record.asset_entry.last_materialization.partition == "a"
    grid = StaticPartitionsDefinition(["a", "b", "c"])
    found = opened.get_status_by_partition(region, ["a", "c"], grid)
    assert found == {"a": AssetPartitionStatus.MATERIALIZED, "c": None}
    assert opened.get_status_by_partition(AssetKey("nothing"), ["a"], grid) is None
    assert opened.get_asset_keys() == [region]
    assert opened.get_asset_keys(prefix=["other"]) == []
    assert opened.get_materialized_partitions(region, after_cursor=second.storage_id) == {"a"}
    opened.report_runless_asset_event(AssetMaterialization("outside", partition="x"))
    assert opened.get_materialized_partitions("outside") == {"x"}
    opened.wipe_assets([region, AssetKey("nothing")])
    assert not opened.has_asset_key(region)
    assert opened.get_latest_materialization_events([region, AssetKey("outside")]).keys() == {AssetKey("outside")}


def test_an_asset_has_failed_when_an_op_of_its_graph_has(opened):
    @op
    def broken(context):
        if context.partition_key == "x":
            raise ValueError("no")
        return 1

    @op
    def same(number):
        return number

    @graph_asset(partitions_def=StaticPartitionsDefinition(["x", "y"]))
    def table():
        return same(broken())

    defs = Definitions(assets=[table])
    plan = make_plan(defs, scope=PartitionScope(all=True))
    session = ExecutionSession(defs, storage=opened.storage_directory(), instance=opened)
    opened.run_in_process(defs, plan, session)
    status = opened.asset_status("table")
    assert (status.materialized, status.failed, status.missing) == (1, 1, 0)
