"""What a run's events tell of the inputs and outputs of its steps."""

import pytest

TOLD = (
    "STEP_OUTPUT", "STEP_INPUT", "HANDLED_OUTPUT", "LOADED_INPUT", "ASSET_MATERIALIZATION", "ASSET_CHECK_EVALUATION",
    "STEP_SUCCESS", "STEP_FAILURE", "STEP_SKIPPED",
)  # fmt: skip


@pytest.fixture
def events(dg, tmp_path):
    """Runs assets; gives the events of one op by their kinds."""

    def run(assets, name, **options):
        options.setdefault("resources", {"io_manager": dg.FilesystemIOManager(base_dir=str(tmp_path))})
        result = dg.materialize(assets, raise_on_error=False, **options)
        return [event for event in result.events_for_node(name) if event.event_type_value in TOLD]

    return run


def kinds(events):
    return [event.event_type_value for event in events]


def one(events, kind):
    [found] = [event for event in events if event.event_type_value == kind]
    return found


def test_a_value_that_is_stored(dg, events):
    @dg.asset
    def table():
        return dg.Output(1, metadata={"rows": 3})

    found = events([table], "table")
    assert kinds(found) == ["STEP_OUTPUT", "ASSET_MATERIALIZATION", "HANDLED_OUTPUT", "STEP_SUCCESS"]
    given = one(found, "STEP_OUTPUT")
    assert given.is_successful_output
    assert not given.is_handled_output
    data = given.step_output_data
    assert (data.output_name, data.mapping_key, data.metadata["rows"].value) == ("result", None, 3)
    assert (data.type_check_data.success, data.type_check_data.label) == (True, "result")
    assert data.step_output_handle.step_key == "table"
    assert given.event_specific_data == data
    stored = one(found, "HANDLED_OUTPUT").event_specific_data
    assert (stored.output_name, stored.manager_key) == ("result", "io_manager")
    assert "path" in stored.metadata


def test_a_value_that_is_read(dg, events):
    @dg.asset(key_prefix="a")
    def first():
        return 1

    @dg.asset(ins={"number": dg.AssetIn(["a", "first"])})
    def second(number: int):
        return number

    found = events([first, second], "second")
    assert kinds(found)[:3] == ["LOADED_INPUT", "STEP_INPUT", "STEP_OUTPUT"]
    loaded = one(found, "LOADED_INPUT").event_specific_data
    assert (loaded.input_name, loaded.manager_key) == ("number", "io_manager")
    assert (loaded.upstream_step_key, loaded.upstream_output_name) == ("a__first", "result")
    given = one(found, "STEP_INPUT").step_input_data
    assert (given.input_name, given.type_check_data.success, given.type_check_data.label) == ("number", True, "number")


def test_a_value_of_an_asset_that_did_not_run(dg, events):
    @dg.asset
    def first():
        return 1

    @dg.asset
    def second(first):
        return first

    events([first], "first")
    loaded = one(events([first, second], "second", selection=[second]), "LOADED_INPUT").event_specific_data
    assert (loaded.input_name, loaded.upstream_step_key) == ("first", None)


@pytest.mark.parametrize("kind", ["materialize_result", "nothing"])
def test_nothing_is_stored(dg, events, kind):
    if kind == "nothing":

        @dg.asset
        def table() -> None: ...

    else:

        @dg.asset
        def table():
            return dg.MaterializeResult(metadata={"rows": 1})

    found = events([table], "table")
    assert kinds(found) == ["STEP_OUTPUT", "ASSET_MATERIALIZATION", "STEP_SUCCESS"]


def test_an_op_that_gives_nothing_has_succeeded(dg, events):
    @dg.asset(output_required=False)
    def maybe():
        if False:
            yield dg.Output(1)

    @dg.asset
    def after(maybe): ...

    @dg.asset(deps=[maybe])
    def behind(): ...

    assert kinds(events([maybe, after, behind], "maybe")) == ["STEP_SUCCESS"]
    assert kinds(events([maybe, after, behind], "after")) == ["STEP_SKIPPED"]
    assert kinds(events([maybe, after, behind], "behind")) == ["STEP_SKIPPED"]


def test_an_output_of_a_wrong_type(dg, events):
    @dg.asset
    def table() -> int:
        return "text"

    found = events([table], "table")
    assert kinds(found) == ["STEP_OUTPUT", "STEP_FAILURE"]
    check = one(found, "STEP_OUTPUT").step_output_data.type_check_data
    assert (check.success, check.label) == (False, "result")
    assert check.description


def test_an_input_of_a_wrong_type(dg, events):
    @dg.asset
    def first():
        return "text"

    @dg.asset
    def second(first: int): ...

    found = events([first, second], "second")
    assert kinds(found) == ["LOADED_INPUT", "STEP_INPUT", "STEP_FAILURE"]
    assert not one(found, "STEP_INPUT").step_input_data.type_check_data.success


def test_what_a_type_says_of_a_value(dg, events):
    def check(_, value):
        return dg.TypeCheck(True, description="seen", metadata={"value": value})

    @dg.asset(dagster_type=dg.DagsterType(check, "Seen"))
    def table():
        return 7

    found = one(events([table], "table"), "STEP_OUTPUT").step_output_data.type_check_data
    assert (found.success, found.description, found.metadata["value"].value) == (True, "seen", 7)


def test_checks_of_an_asset(dg, events):
    @dg.asset(check_specs=[dg.AssetCheckSpec("small", asset="table")])
    def table():
        yield dg.Output(1)
        yield dg.AssetCheckResult(passed=True)

    @dg.asset_check(asset=table)
    def large():
        return dg.AssetCheckResult(passed=True)

    found = events([table, large], "table")
    assert kinds(found)[:3] == ["STEP_OUTPUT", "ASSET_MATERIALIZATION", "HANDLED_OUTPUT"]
    assert kinds(found)[3:] == ["STEP_OUTPUT", "ASSET_CHECK_EVALUATION", "STEP_SUCCESS"]
    assert found[3].step_output_data.output_name == "table_small"
    found = events([table, large], "table_large")
    assert kinds(found) == ["STEP_OUTPUT", "ASSET_CHECK_EVALUATION", "STEP_SUCCESS"]
    assert found[0].step_output_data.output_name == "result"


def test_several_outputs(dg, events):
    @dg.multi_asset(outs={"a": dg.AssetOut(), "b": dg.AssetOut(is_required=False)})
    def both():
        yield dg.Output(1, "a")

    found = events([both], "both")
    assert [e.step_output_data.output_name for e in found if e.is_successful_output] == ["a"]
    assert kinds(found)[-1] == "STEP_SUCCESS"


def test_dynamic_outputs_of_a_job(dg):
    @dg.op(out=dg.DynamicOut())
    def many():
        yield dg.DynamicOutput(1, "x")
        yield dg.DynamicOutput(2, "y")

    @dg.job
    def all_of_them():
        many()

    events = all_of_them.execute_in_process().events_for_node("many")
    found = [event.step_output_data for event in events if event.is_successful_output]
    assert [(data.output_name, data.mapping_key) for data in found] == [("result", "x"), ("result", "y")]


def test_other_events_have_no_such_data(dg):
    @dg.asset
    def table(): ...

    result = dg.materialize([table])
    start = next(event for event in result.all_events if event.event_type_value == "STEP_START")
    assert not start.is_successful_output
    with pytest.raises(Exception, match=r".+"):
        _ = start.step_output_data


def test_a_lasting_instance_tells_the_same(dg, tmp_path):
    @dg.asset
    def table():
        return 1

    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        result = dg.materialize([table], instance=instance)
        logged = instance.all_logs(result.run_id, of_type=dg.DagsterEventType.STEP_OUTPUT)
        assert [entry.dagster_event.step_output_data.output_name for entry in logged] == ["result"]
