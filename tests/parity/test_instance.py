"""What the instance tells and does, in a step and around runs."""

from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest

from .world import OnFleet


def test_a_step_adds_dynamic_partitions(world):
    dg = world.dg

    @dg.asset
    def regions(context):
        context.instance.add_dynamic_partitions("regions", ["eu", "us"])
        context.instance.add_dynamic_partitions("regions", ["us", "asia"])
        context.instance.delete_dynamic_partition("regions", "eu")
        context.instance.add_dynamic_partitions("regions", [])

    @dg.asset(deps=[regions])
    def seen(context):
        held = context.instance.get_dynamic_partitions("regions")
        return [
            list(held),
            context.instance.has_dynamic_partition("regions", "us"),
            context.instance.has_dynamic_partition("regions", "eu"),
            list(context.instance.get_dynamic_partitions("others")),
        ]

    outcome = world.run([regions, seen])
    assert outcome.success, outcome.errors
    assert outcome.value("seen") == [["us", "asia"], True, False, []]


HOMES = ["memory", "redis", *(["dagster"] if find_spec("dagster") else [])]


@pytest.fixture(params=HOMES)
def home(request):
    """Module and instance: in memory, on Redis, and Dagster's."""
    if request.param == "dagster":
        import dagster

        with dagster.DagsterInstance.ephemeral() as made:
            yield SimpleNamespace(dg=dagster, instance=made)
        return
    import assetq.dagster

    if request.param == "redis":
        yield SimpleNamespace(dg=assetq.dagster, instance=request.getfixturevalue("instance"))
        return
    with assetq.dagster.DagsterInstance.ephemeral() as made:
        yield SimpleNamespace(dg=assetq.dagster, instance=made)


def made(dg, instance, **options):
    """Runs an asset with a check, and one below that fails."""

    @dg.asset
    def numbers():
        return dg.MaterializeResult(metadata={"rows": 3})

    @dg.asset_check(asset=numbers)
    def some():
        return dg.AssetCheckResult(passed=False, metadata={"n": 1})

    @dg.asset(deps=[numbers])
    def broken(context):
        context.log_event(dg.AssetObservation("numbers", metadata={"seen": True}))
        raise ValueError("no")

    return dg.materialize([numbers, some, broken], instance=instance, raise_on_error=False, **options)


def test_a_run_stands_in_the_instance(home):
    dg, instance = home.dg, home.instance
    result = made(dg, instance, tags={"team": "a"})
    run = instance.get_run_by_id(result.run_id)
    assert (run.run_id, run.status, run.tags["team"]) == (result.run_id, dg.DagsterRunStatus.FAILURE, "a")
    assert (run.is_success, run.is_failure, run.is_finished) == (False, True, True)
    assert [r.run_id for r in instance.get_runs()] == [result.run_id]
    assert instance.get_runs_count(dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE])) == 1
    assert instance.get_runs_count(dg.RunsFilter(tags={"team": ["b", "a"]})) == 1
    assert instance.get_runs_count(dg.RunsFilter(tags={"team": "b"})) == 0
    assert list(instance.get_run_ids(dg.RunsFilter(run_ids=[result.run_id]))) == [result.run_id]
    (record,) = instance.get_run_records(limit=3)
    assert record.dagster_run.run_id == result.run_id
    assert record.start_time <= record.end_time
    stats = instance.get_run_stats(result.run_id)
    assert (stats.steps_succeeded, stats.steps_failed, stats.materializations) == (2, 1, 1)


def test_tags_are_added_to_runs(home):
    dg, instance = home.dg, home.instance
    result = made(dg, instance, tags={"team": "a"})
    instance.add_run_tags(result.run_id, {"x": "y", "team": "b"})
    tags = instance.get_run_by_id(result.run_id).tags
    assert (tags["team"], tags["x"]) == ("b", "y")
    assert list(instance.get_run_tags(tag_keys=["x", "none"])) == [("x", {"y"})]
    assert {"team", "x"} <= set(instance.get_run_tag_keys())
    with pytest.raises(dg.DagsterRunNotFoundError):
        instance.add_run_tags("nothing", {"x": "y"})


def test_events_of_a_run(home):
    dg, instance = home.dg, home.instance
    result = made(dg, instance)
    kinds = [entry.dagster_event.event_type_value for entry in instance.all_logs(result.run_id) if entry.dagster_event]
    assert kinds.count("STEP_SUCCESS") == 2
    assert kinds.count("STEP_FAILURE") == 1
    (entry,) = instance.all_logs(result.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
    assert entry.asset_materialization.metadata["rows"].value == 3
    assert (entry.run_id, isinstance(entry.timestamp, float)) == (result.run_id, True)
    everything = len(instance.all_logs(result.run_id))
    assert len(instance.logs_after(result.run_id, 1)) == everything - 2
    assert len(instance.logs_after(result.run_id, -1)) == everything
    assert list(instance.all_logs("nothing")) == []


def test_latest_events_of_assets(home):
    dg, instance = home.dg, home.instance
    numbers, broken = dg.AssetKey("numbers"), dg.AssetKey("broken")
    assert instance.get_latest_materialization_event(numbers) is None
    assert not instance.has_asset_key(numbers)
    run_id = made(dg, instance).run_id
    latest = instance.get_latest_materialization_event(numbers)
    assert (latest.run_id, latest.asset_materialization.asset_key) == (run_id, numbers)
    assert latest.dagster_event.step_materialization_data.materialization.metadata["rows"].value == 3
    assert instance.get_latest_materialization_event(broken) is None
    assert set(instance.get_latest_materialization_events([numbers, broken])) == {numbers}
    assert numbers in instance.get_asset_keys()
    assert instance.has_asset_key(numbers)
    record = instance.get_latest_data_version_record(numbers)
    assert record.asset_materialization.metadata["rows"].value == 3
    (found,) = instance.get_asset_records([numbers, dg.AssetKey("nothing")])
    assert found.asset_entry.last_materialization.run_id == run_id
    assert found.asset_entry.last_run_id == run_id


def test_pages_of_events(home):
    dg, instance = home.dg, home.instance
    numbers = dg.AssetKey("numbers")
    runs = [made(dg, instance).run_id for _ in range(3)]
    page = instance.fetch_materializations(numbers, limit=2)
    assert ([record.run_id for record in page.records], page.has_more) == ([runs[2], runs[1]], True)
    rest = instance.fetch_materializations(numbers, limit=2, cursor=page.cursor)
    assert ([record.run_id for record in rest.records], rest.has_more) == (runs[:1], False)
    oldest = instance.fetch_materializations(numbers, limit=1, ascending=True).records[0]
    assert (oldest.run_id, oldest.asset_key, oldest.partition_key) == (runs[0], numbers, None)
    assert oldest.event_log_entry.asset_materialization.metadata["rows"].value == 3
    assert oldest.asset_materialization.metadata["rows"].value == 3
    assert oldest.asset_observation is None
    wanted = dg.AssetRecordsFilter(asset_key=numbers, after_storage_id=oldest.storage_id)
    assert len(instance.fetch_materializations(wanted, limit=9).records) == 2
    wanted = dg.AssetRecordsFilter(asset_key=numbers, after_timestamp=page.records[0].timestamp)
    assert list(instance.fetch_materializations(wanted, limit=9).records) == []
    observed = instance.fetch_observations(numbers, limit=9).records
    assert [record.asset_observation.metadata["seen"].value for record in observed] == [True] * 3
    wanted = dg.EventRecordsFilter(dg.DagsterEventType.ASSET_MATERIALIZATION, asset_key=numbers)
    assert [record.run_id for record in instance.get_event_records(wanted, limit=2)] == [runs[2], runs[1]]
    assert [r.run_id for r in instance.get_event_records(wanted, limit=1, ascending=True)] == [runs[0]]


def test_the_latest_result_of_a_check(home):
    dg, instance = home.dg, home.instance
    key = dg.AssetCheckKey(dg.AssetKey("numbers"), "some")
    assert instance.get_latest_asset_check_evaluation_record(key) is None
    result = made(dg, instance)
    record = instance.get_latest_asset_check_evaluation_record(key)
    assert (record.run_id, record.status.value) == (result.run_id, "FAILED")
    assert (record.evaluation.passed, record.evaluation.metadata["n"].value) == (False, 1)
    instance.report_runless_asset_event(dg.AssetCheckEvaluation(key.asset_key, "some", True, {"n": 2}))
    assert instance.get_latest_asset_check_evaluation_record(key).status.value == "SUCCEEDED"


def test_partitions_by_status(home):
    dg, instance = home.dg, home.instance
    letters, key = dg.StaticPartitionsDefinition(["a", "b", "c"]), dg.AssetKey("letter")

    @dg.asset(partitions_def=letters)
    def letter(context):
        if context.partition_key == "b":
            raise ValueError("no")

    assert instance.get_status_by_partition(key, ["a"], letters) is None
    for name in ("c", "a", "b"):
        dg.materialize([letter], partition_key=name, instance=instance, raise_on_error=False)
    assert instance.get_materialized_partitions(key) == {"a", "c"}
    found = instance.get_status_by_partition(key, ["a", "b", "c"], letters)
    assert {name: status.value for name, status in found.items()} == {
        "a": "MATERIALIZED",
        "b": "FAILED",
        "c": "MATERIALIZED",
    }
    wanted = dg.AssetRecordsFilter(asset_key=key, asset_partitions=["c"])
    assert [record.partition_key for record in instance.fetch_materializations(wanted, limit=9).records] == ["c"]
    changed = dg.StaticPartitionsDefinition(["c", "d"])

    @dg.asset(partitions_def=changed, name="letter")
    def other():
        return 1

    dg.materialize([other], partition_key="d", instance=instance)
    assert {"c", "d"} <= instance.get_materialized_partitions(key)
    assert instance.get_latest_data_version_record(key, partition_key="c").partition_key == "c"


def test_wiping_and_reporting(home):
    dg, instance = home.dg, home.instance
    numbers = dg.AssetKey("numbers")
    check = dg.AssetCheckKey(numbers, "some")
    made(dg, instance)
    instance.wipe_assets([numbers, dg.AssetKey("nothing")])
    assert instance.get_latest_materialization_event(numbers) is None
    assert not instance.has_asset_key(numbers)
    assert list(instance.fetch_materializations(numbers, limit=3).records) == []
    assert list(instance.fetch_observations(numbers, limit=3).records) == []
    assert instance.get_latest_asset_check_evaluation_record(check) is None
    instance.report_runless_asset_event(dg.AssetMaterialization("outside", partition="q", metadata={"a": 1}))
    latest = instance.get_latest_materialization_event(dg.AssetKey("outside"))
    assert (latest.run_id, latest.asset_materialization.partition) == ("", "q")
    assert instance.get_materialized_partitions(dg.AssetKey("outside")) == {"q"}
    instance.report_runless_asset_event(dg.AssetObservation(dg.AssetKey("seen")))
    assert instance.has_asset_key(dg.AssetKey("seen"))
    assert instance.get_latest_materialization_event(dg.AssetKey("seen")) is None
    with pytest.raises(dg.DagsterInvariantViolationError):
        instance.report_runless_asset_event("something")


def test_runs_are_deleted(home):
    dg, instance = home.dg, home.instance
    first, second = made(dg, instance).run_id, made(dg, instance).run_id
    instance.delete_run(first)
    assert instance.get_run_by_id(first) is None
    assert [run.run_id for run in instance.get_runs()] == [second]
    assert list(instance.all_logs(first)) == []
    records = instance.fetch_materializations(dg.AssetKey("numbers"), limit=5).records
    assert [record.run_id for record in records] == [second]


def test_values_stay_with_the_instance(home):
    dg, instance = home.dg, home.instance

    @dg.asset
    def one():
        return 1

    @dg.asset
    def two(one):
        return one + 1

    assert dg.materialize([one], instance=instance).success
    again = dg.materialize([one, two], selection=[two], instance=instance)
    assert again.output_for_node("two") == 2


def one_asset(dg):
    @dg.asset
    def one():
        return 1

    return one


def test_local_temp_keeps_values_in_its_folder(dg, tmp_path):
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        assert dg.materialize([one_asset(dg)], instance=instance).success
        assert instance.storage_directory() == str(tmp_path / "storage")
        assert instance.root_directory == str(tmp_path)
        assert list((tmp_path / "storage").glob("one*"))
        assert instance.get_runs_count() == 1


def test_local_temp_finds_again_what_it_kept(dg, tmp_path):
    key = dg.AssetKey("one")
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        result = dg.materialize([one_asset(dg)], instance=instance, tags={"a": "b"})
        instance.add_dynamic_partitions("names", ["x", "y"])
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        [run] = instance.get_runs()
        assert (run.run_id, run.tags["a"], run.is_success) == (result.run_id, "b", True)
        assert instance.get_latest_materialization_event(key).run_id == result.run_id
        assert instance.get_asset_keys() == [key]
        assert instance.get_dynamic_partitions("names") == ["x", "y"]
        loaded = dg.Definitions([one_asset(dg)]).load_asset_value(key, instance=instance)
        assert loaded == 1
        instance.wipe_assets([key])
    instance = dg.DagsterInstance.local_temp(str(tmp_path))
    assert instance.get_latest_materialization_event(key) is None
    instance.dispose()


def test_two_instances_of_one_folder(dg, tmp_path):
    first = dg.DagsterInstance.local_temp(str(tmp_path))
    second = dg.DagsterInstance.local_temp(str(tmp_path))
    assert dg.materialize([one_asset(dg)], instance=first).success
    first.dispose()
    assert second.get_runs_count() == 1
    assert dg.materialize([one_asset(dg)], instance=second).success
    assert second.get_runs_count() == 2
    second.dispose()


def test_local_temp_without_a_folder_leaves_nothing(dg):
    with dg.DagsterInstance.local_temp() as instance:
        assert dg.materialize([one_asset(dg)], instance=instance).success
        folder = Path(instance.root_directory)
        assert list(folder.rglob("one*"))
    assert not folder.exists()


def test_local_temp_records_failures_and_checks(dg, tmp_path):
    @dg.asset(check_specs=[dg.AssetCheckSpec("small", asset="one")])
    def one():
        yield dg.Output(1)
        yield dg.AssetCheckResult(passed=False)

    @dg.asset
    def broken(one):
        raise ValueError(one)

    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        result = dg.materialize([one, broken], instance=instance, raise_on_error=False)
        assert not result.success
        assert str(instance.get_run_by_id(result.run_id).status.value) == "FAILURE"
        kinds = [
            event.dagster_event.event_type_value for event in instance.all_logs(result.run_id) if event.dagster_event
        ]
        assert [kind for kind in kinds if kind in ("STEP_SUCCESS", "STEP_FAILURE")] == ["STEP_SUCCESS", "STEP_FAILURE"]
        assert "ASSET_CHECK_EVALUATION" in kinds


def test_which_instances_last(dg, tmp_path):
    with dg.DagsterInstance.local_temp(str(tmp_path)) as lasting:
        assert (lasting.is_ephemeral, lasting.is_persistent) == (False, True)
    passing = dg.DagsterInstance.ephemeral()
    assert (passing.is_ephemeral, passing.is_persistent) == (True, False)
    passing = dg.DagsterInstance.ephemeral(str(tmp_path))
    assert passing.storage_directory() == str(tmp_path / "storage")
    assert passing.root_directory == str(tmp_path)


def test_the_instance_of_a_test_is_the_one_that_code_gets(dg, tmp_path):
    seen = []

    @dg.asset
    def one(context):
        seen.append(dg.DagsterInstance.get().root_directory == context.instance.root_directory)

    with dg.instance_for_test() as instance:
        assert dg.DagsterInstance.get().root_directory == instance.root_directory
        assert dg.materialize([one], instance=instance).success
    assert seen == [True]


def test_the_instance_of_a_test_keeps_a_folder(dg, tmp_path):
    for count in (1, 2):
        with dg.instance_for_test(temp_dir=str(tmp_path)) as instance:
            assert dg.materialize([one_asset(dg)], instance=instance).success
            assert instance.get_runs_count() == count
            assert instance.is_persistent


def test_partitions_that_an_instance_holds(home):
    dg, instance = home.dg, home.instance
    names, key = dg.DynamicPartitionsDefinition(name="names"), dg.AssetKey("two")

    @dg.asset(partitions_def=names)
    def one(context):
        context.instance.add_dynamic_partitions("names", [context.partition_key + "x"])
        return context.partition_key

    @dg.asset(partitions_def=names)
    def two(one):
        return one * 2

    def status(*keys):
        found = instance.get_status_by_partition(key, list(keys), names)
        return {name: value and value.value for name, value in found.items()}

    instance.add_dynamic_partitions("names", ["a", "b"])
    with pytest.raises(dg.DagsterUnknownPartitionError):
        dg.materialize([one, two], partition_key="c", instance=instance)
    for name in ("b", "a"):
        assert dg.materialize([one, two], partition_key=name, instance=instance).success
    assert list(instance.get_dynamic_partitions("names")) == ["a", "b", "bx", "ax"]
    assert instance.get_materialized_partitions(key) == {"a", "b"}
    instance.delete_dynamic_partition("names", "b")
    assert status("a", "b", "ax") == {"a": "MATERIALIZED", "b": None, "ax": None}
    instance.add_dynamic_partitions("names", ["b"])
    assert status("a", "b") == {"a": "MATERIALIZED", "b": "MATERIALIZED"}


def test_partitions_that_an_instance_holds_on_the_fleet(instance):
    fleet = OnFleet(instance)
    dg = fleet.dg
    names = dg.DynamicPartitionsDefinition(name="names")
    instance.add_dynamic_partitions("names", ["a", "b"])

    @dg.asset(partitions_def=names)
    def one(context):
        context.instance.add_dynamic_partitions("names", [context.partition_key + "x"])
        return context.partition_key

    @dg.asset(partitions_def=names)
    def two(one):
        return one * 2

    outcome = fleet.run([one, two], partition_key="b")
    assert outcome.success, outcome.errors
    assert outcome.materialized == ["one", "two"]
    assert instance.get_materialized_partitions("two") == {"b"}
    assert instance.get_dynamic_partitions("names") == ["a", "b", "bx"]
    assert instance.latest_materialization("one", "b").run_id == instance.list_runs()[0].run_id
    assert instance.asset_status("two").missing == 2


def test_values_are_loaded_from_where_an_instance_keeps_them(dg):
    grid = dg.StaticPartitionsDefinition(["x", "y"])

    @dg.asset
    def one():
        return 5

    @dg.asset(partitions_def=grid)
    def each(context):
        return context.partition_key

    defs = dg.Definitions([one, each])
    with dg.instance_for_test() as instance:
        dg.materialize([one], instance=instance)
        dg.materialize([each], instance=instance, partition_key="y")
        assert defs.load_asset_value("one", instance=instance) == 5
        with defs.get_asset_value_loader(instance=instance) as loader:
            assert loader.load_asset_value(dg.AssetKey("each"), partition_key="y") == "y"
