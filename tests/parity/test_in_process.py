"""`materialize` and what its result tells."""

import pytest


@pytest.fixture
def two(dg):
    @dg.asset(code_version="v1")
    def one():
        return dg.Output(1, metadata={"x": 1}, data_version=dg.DataVersion("d1"))

    @dg.asset
    def bad(one):
        raise ValueError("no")

    return [one, bad]


def test_success_and_failure(dg, two):
    result = dg.materialize(two, raise_on_error=False)
    assert not result.success
    assert result.get_failed_step_keys() == {"bad"}
    assert result.is_node_success("one")
    assert result.is_node_failed("bad")
    assert not result.is_node_untouched("bad")
    assert result.run_id == result.dagster_run.run_id


def test_the_first_error_is_raised(dg, two):
    with pytest.raises(ValueError, match="no"):
        dg.materialize(two)


def test_materializations_of_a_node(dg, two):
    found = dg.materialize(two, raise_on_error=False).asset_materializations_for_node("one")
    assert len(found) == 1
    assert found[0].asset_key == dg.AssetKey("one")
    assert found[0].metadata["x"].value == 1
    assert found[0].tags["dagster/code_version"] == "v1"
    assert found[0].tags["dagster/data_version"] == "d1"


def test_events_by_kind(dg, two):
    result = dg.materialize(two, raise_on_error=False)
    assert [event.step_key for event in result.get_step_success_events()] == ["one"]
    assert [event.step_key for event in result.get_step_failure_events()] == ["bad"]
    assert any(event.is_step_start and event.step_key == "bad" for event in result.all_events)
    assert {event.node_name for event in result.events_for_node("one")} == {"one"}
    event = result.get_asset_materialization_events()[0]
    assert event.asset_key == dg.AssetKey("one")
    assert event.event_type == dg.DagsterEventType.ASSET_MATERIALIZATION
    assert event.event_type_value == "ASSET_MATERIALIZATION"
    assert event.step_materialization_data.materialization.metadata["x"].value == 1


def test_failure_data(dg, two):
    data = dg.materialize(two, raise_on_error=False).failure_data_for_node("bad")
    assert data.error.cause.cls_name == "ValueError"
    assert "no" in data.error.cause.message


def test_outputs(dg, two):
    result = dg.materialize(two, raise_on_error=False)
    assert result.output_for_node("one") == 1
    assert result.asset_value("one") == 1
    with pytest.raises(dg.DagsterInvariantViolationError):
        result.output_for_node("nothing")
    with pytest.raises(dg.DagsterInvariantViolationError):
        result.output_for_node("bad")


def test_checks_of_a_result(dg):
    @dg.asset
    def one():
        return 1

    @dg.asset_check(asset=one)
    def positive(one):
        return dg.AssetCheckResult(passed=one > 0, metadata={"n": one}, description="above zero")

    evaluation = dg.materialize([one, positive]).get_asset_check_evaluations()[0]
    assert (evaluation.check_name, evaluation.passed) == ("positive", True)
    assert evaluation.metadata["n"].value == 1
    assert evaluation.description == "above zero"
    assert evaluation.severity == dg.AssetCheckSeverity.ERROR


def test_in_memory(dg):
    @dg.asset
    def one():
        return object

    @dg.asset
    def two(one):
        return [one]

    result = dg.materialize_to_memory([one, two])
    assert result.output_for_node("two") == [object]


def test_in_memory_takes_no_io_manager(dg):
    @dg.asset
    def one():
        return 1

    with pytest.raises(dg.DagsterInvariantViolationError):
        dg.materialize_to_memory([one], resources={"io_manager": dg.InMemoryIOManager()})


def test_a_partition(dg):
    days = dg.DailyPartitionsDefinition("2024-01-01")

    @dg.asset(partitions_def=days)
    def one(context):
        return context.partition_key

    result = dg.materialize([one], partition_key="2024-01-03")
    assert result.output_for_node("one") == "2024-01-03"
    assert result.get_asset_materialization_events()[0].partition == "2024-01-03"


def test_tags_reach_the_run(dg):
    @dg.asset
    def one(context):
        return context.run.tags["team"]

    result = dg.materialize([one], tags={"team": "blue"})
    assert result.output_for_node("one") == "blue"
    assert result.dagster_run.tags["team"] == "blue"


def test_a_selection(dg):
    @dg.asset
    def one():
        return 1

    @dg.asset
    def two():
        return 2

    result = dg.materialize([one, two], selection=[two])
    assert result.is_node_untouched("one")
    assert result.output_for_node("two") == 2
    assert dg.materialize([one, two], selection="one").is_node_untouched("two")


def test_config_of_an_op(dg):
    class Rows(dg.Config):
        rows: int = 2

    @dg.asset
    def one(config: Rows):
        return config.rows

    assert dg.materialize([one]).output_for_node("one") == 2
    given = {"ops": {"one": {"config": {"rows": 5}}}}
    assert dg.materialize([one], run_config=given).output_for_node("one") == 5
    assert dg.materialize([one], run_config=dg.RunConfig({"one": Rows(rows=6)})).output_for_node("one") == 6
    with pytest.raises(dg.DagsterInvalidConfigError):
        dg.materialize([one], run_config={"ops": {"one": {"config": {"rows": "x"}}}})
    with pytest.raises(dg.DagsterInvalidConfigError):
        dg.materialize([one], run_config={"ops": {"nothing": {"config": {}}}})


def test_config_by_schema(dg):
    @dg.asset(config_schema={"rows": dg.Field(int, default_value=3), "name": str})
    def one(context):
        return context.op_config

    given = {"ops": {"one": {"config": {"name": "x"}}}}
    assert dg.materialize([one], run_config=given).output_for_node("one") == {"rows": 3, "name": "x"}
    with pytest.raises(dg.DagsterInvalidConfigError):
        dg.materialize([one])
    with pytest.raises(dg.DagsterInvalidConfigError):
        dg.materialize([one], run_config={"ops": {"one": {"config": {"name": 3}}}})


def test_retries_are_counted(dg):
    tries = []

    @dg.asset(retry_policy=dg.RetryPolicy(max_retries=3))
    def flaky(context):
        tries.append(context.retry_number)
        if len(tries) < 3:
            raise ValueError("again")

    result = dg.materialize([flaky])
    assert result.success
    assert tries == [0, 1, 2]
    assert result.retry_attempts_for_node("flaky") == 2


def test_what_a_failure_told(dg):
    @dg.asset
    def told():
        raise dg.Failure("too few", metadata={"rows": 1})

    @dg.asset
    def raised():
        raise ValueError("too few")

    result = dg.materialize([told, raised], raise_on_error=False)
    found = result.failure_data_for_node("told").user_failure_data
    assert found.description == "too few"
    assert found.metadata["rows"].value == 1
    assert found.label == "intentional-failure"
    assert result.failure_data_for_node("raised").user_failure_data is None
    assert "too few" in result.failure_data_for_node("raised").error_display_string


def test_what_managers_did(dg):
    @dg.asset
    def one():
        return 1

    @dg.asset
    def two(one):
        return one

    events = dg.materialize([one, two]).all_events
    stored = [event.event_specific_data for event in events if event.is_handled_output]
    loaded = [event.event_specific_data for event in events if event.is_loaded_input]
    assert [(data.output_name, data.manager_key) for data in stored] == [("result", "io_manager")] * 2
    assert [(data.input_name, data.manager_key) for data in loaded] == [("one", "io_manager")]


def test_how_the_run_ended(dg):
    @dg.asset
    def one():
        raise ValueError

    run = dg.materialize([one], raise_on_error=False).dagster_run
    assert (run.is_finished, run.is_success, run.is_failure, run.is_failure_or_canceled) == (True, False, True, True)


def test_nothing_to_materialize(dg):
    for assets in ([], [dg.AssetSpec("outside")], [dg.SourceAsset("outside")]):
        result = dg.materialize(assets)
        assert result.success
        assert result.get_step_success_events() == []


def deaf(dg):
    class Deaf(dg.IOManager):
        def handle_output(self, context, obj):
            pass

        def load_input(self, context):
            return "loaded"

    return Deaf()


def test_a_result_holds_what_ops_returned(dg):
    @dg.asset
    def one():
        return 1

    @dg.asset
    def two(one):
        return one

    @dg.asset
    def three():
        return dg.MaterializeResult(value=3)

    result = dg.materialize([one, two, three], resources={"io_manager": deaf(dg)})
    assert (result.output_for_node("one"), result.asset_value("two"), result.asset_value("three")) == (1, "loaded", 3)


def test_values_of_an_io_manager_in_memory_that_a_resource_makes(dg):
    class Made(dg.ConfigurableIOManagerFactory):
        def create_io_manager(self, context):
            return dg.InMemoryIOManager()

    @dg.asset
    def one():
        return 1

    result = dg.materialize([one], resources={"io_manager": Made()})
    assert result.asset_value("one") == result.output_for_node("one") == 1


def test_the_value_of_an_asset_that_the_run_did_not_make(dg):
    @dg.asset
    def one():
        return 1

    @dg.asset
    def two(one):
        return one

    @dg.asset
    def failing():
        raise ValueError

    result = dg.materialize([one, two], selection=["one"])
    failed = dg.materialize([failing], raise_on_error=False)
    for ask in (lambda: result.asset_value("two"), lambda: failed.asset_value("failing")):
        with pytest.raises(Exception, match=r"two|failing") as caught:
            ask()
        assert not isinstance(caught.value, StopIteration)


@pytest.mark.parametrize("how", ["materialize", "materialize_to_memory"])
def test_no_assets_are_a_run_that_does_nothing(dg, how):
    result = getattr(dg, how)([])
    assert result.success
    assert result.all_node_events == []
    assert result.get_asset_materialization_events() == []


def test_external_assets_alone_are_a_run_that_does_nothing(dg):
    @dg.observable_source_asset
    def seen():
        return dg.DataVersion("1")

    for given in (seen, dg.AssetSpec("other"), dg.SourceAsset("third")):
        result = dg.materialize([given])
        assert result.success
        assert result.all_node_events == []


@pytest.mark.parametrize("kind", ["text", "asset", "none", "member"])
def test_what_is_no_list_of_assets(dg, kind):
    @dg.asset
    def one(): ...

    given = {"text": "one", "asset": one, "none": None, "member": [1]}[kind]
    for how in (dg.materialize, dg.materialize_to_memory):
        with pytest.raises(Exception, match=r"(?i)assets|sequence"):
            how(given)
