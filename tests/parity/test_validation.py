"""What is refused, and what looks as if it were wrong and is not."""

import enum

import pytest


@pytest.fixture
def config_of(dg):
    """Runs an asset with a config class, and gives what it was given."""

    def run(model, given):
        seen = []

        def table(config):
            seen.append(config)

        table.__annotations__["config"] = model
        dg.materialize([dg.asset(table)], run_config={"ops": {"table": {"config": given}}})
        return seen[0]

    return run


@pytest.mark.parametrize(
    ("kind", "bad", "good"),
    [
        (int, ["1", True, 1.5, 1.0], [1, -3]),
        (float, ["1"], [1, 1.5]),
        (bool, [1, "1", "true"], [True, False]),
        (str, [1, True], ["1"]),
        (int | None, ["1", True], [None, 2]),
        (list[int], [["1"], 1], [[1, 2]]),
        (dict[str, int], [{"a": "1"}], [{"a": 1}]),
    ],
)
def test_scalars_of_run_config_have_their_type(dg, config_of, kind, bad, good):
    class Settings(dg.Config):
        value: kind

    for value in good:
        assert config_of(Settings, {"value": value}).value == value
    for value in bad:
        with pytest.raises(dg.DagsterInvalidConfigError, match="value"):
            config_of(Settings, {"value": value})


def test_what_is_made_in_python_is_turned_into_its_type(dg, config_of):
    class Settings(dg.Config):
        value: int

    assert Settings(value="1").value == 1
    assert config_of(Settings, {"value": Settings(value="1").value}).value == 1


def test_a_number_of_the_environment_is_text_there(dg, config_of, monkeypatch):
    class Settings(dg.Config):
        value: int

    monkeypatch.setenv("VALUE_OF_A_TEST", "7")
    assert config_of(Settings, {"value": {"env": "VALUE_OF_A_TEST"}}).value == 7


def test_a_section_stands_over_the_default_of_its_field(dg, config_of):
    class Inner(dg.Config):
        x: int = 1
        y: str = "q"

    class Settings(dg.Config):
        inner: Inner = Inner(x=3)

    assert config_of(Settings, {}).inner == Inner(x=3)
    assert config_of(Settings, {"inner": {}}).inner == Inner(x=3)
    assert config_of(Settings, {"inner": {"y": "z"}}).inner == Inner(x=3, y="z")
    assert config_of(Settings, {"inner": {"x": 4}}).inner == Inner(x=4)


def test_enum_members_stand_by_name(dg, config_of):
    # Dagster remembers enums by their name: another test's must not have it.
    class Shade(enum.Enum):
        RED = "r"

    class Settings(dg.Config):
        color: Shade = Shade.RED

    assert config_of(Settings, {"color": "RED"}).color is Shade.RED
    with pytest.raises(dg.DagsterInvalidConfigError, match="color"):
        config_of(Settings, {"color": "BLUE"})


@pytest.mark.parametrize("cast", [str, int], ids=["text", "number"])
def test_a_variable_is_not_its_value(dg, monkeypatch, cast):
    monkeypatch.setenv("VALUE_OF_A_TEST", "7")
    variable = dg.EnvVar("VALUE_OF_A_TEST") if cast is str else dg.EnvVar.int("VALUE_OF_A_TEST")
    with pytest.raises(RuntimeError, match="VALUE_OF_A_TEST"):
        cast(variable)
    assert variable.get_value() == cast("7")
    assert variable.env_var_name == "VALUE_OF_A_TEST"


KINDS = ["Output", "MaterializeResult", "ObserveResult", "AssetMaterialization", "AssetObservation"]


def tagged(dg, kind, tags):
    if kind == "Output":
        return dg.Output(1, tags=tags)
    return getattr(dg, kind)(tags=tags, **({"asset_key": "table"} if kind.startswith("Asset") else {}))


@pytest.mark.parametrize("kind", KINDS)
def test_tags_of_results_are_plain_words(dg, kind):
    assert tagged(dg, kind, {"a/b": "c-1", "x": ""}).tags == {"a/b": "c-1", "x": ""}
    for tags in ({"a b": "c"}, {"a": "b c"}, {"a": 1}, {"": "a"}, {"a": "x" * 64}):
        with pytest.raises(dg.DagsterInvalidDefinitionError):
            tagged(dg, kind, tags)


def test_bad_tags_of_a_result_fail_its_step(world):
    @world.dg.asset
    def table():
        return world.dg.Output(1, tags={"a b": "c"})

    assert world.run([table]).failed == {"table"}


def test_a_pool_and_another_one_in_a_tag(dg):
    tag = {"dagster/concurrency_key": "slow"}
    for define in (dg.asset(name="a", pool="quick", op_tags=tag), dg.op(name="b", pool="quick", tags=tag)):
        with pytest.raises(dg.DagsterInvalidDefinitionError, match="slow"):
            define(lambda: 1)

    @dg.op(pool="slow", tags=tag)
    def same(): ...

    assert same.pool == "slow"


def test_whether_a_check_blocks_is_a_yes_or_no(dg):
    with pytest.raises(Exception, match="blocking"):
        dg.AssetCheckSpec("good", asset="table", blocking="yes")


def test_what_a_check_reads_too_is_among_its_dependencies(dg):
    @dg.asset_check(asset="table", additional_ins={"other": dg.AssetIn(["a", "other"])}, additional_deps=["third"])
    def good(table, other): ...

    [spec] = good.check_specs
    assert {dep.asset_key.to_user_string() for dep in spec.additional_deps} == {"a/other", "third"}


def test_the_context_of_an_observation(world):
    dg = world.dg

    @dg.observable_source_asset
    def table(context):
        known = {"own": str(context.asset_key.path), "all": len(context.selected_asset_keys)}
        return dg.ObserveResult(metadata=known)

    outcome = world.run([table], selection=["table"])
    assert outcome.observed == ["table"]
    assert outcome.metadata["table"] == {"own": "['table']", "all": 1}


def test_an_observation_of_several_that_knows_which(world):
    dg = world.dg

    @dg.multi_observable_source_asset(specs=[dg.AssetSpec("a"), dg.AssetSpec("b")])
    def both(context):
        for key in sorted(context.selected_asset_keys):
            yield dg.ObserveResult(asset_key=key, metadata={"name": context.op.name})

    outcome = world.run([both], selection=["a", "b"])
    assert outcome.success, outcome.errors
    assert sorted(outcome.observed) == ["a", "b"]


def test_an_observation_that_is_missing(world):
    dg = world.dg

    @dg.multi_observable_source_asset(specs=[dg.AssetSpec("a"), dg.AssetSpec("b")])
    def both():
        yield dg.ObserveResult(asset_key="a")

    assert world.run([both], selection=["a", "b"]).failed == {"both"}


def test_a_part_of_an_observation(world):
    dg = world.dg

    @dg.multi_observable_source_asset(specs=[dg.AssetSpec("a"), dg.AssetSpec("b")], can_subset=True)
    def both():
        yield dg.ObserveResult(asset_key="a")

    assert both.can_subset
    assert world.run([both], selection=["a"]).observed == ["a"]


def test_a_data_version_that_an_asset_returns_is_its_value(dg):
    @dg.asset
    def table():
        return dg.DataVersion("1")

    result = dg.materialize_to_memory([table])
    assert result.output_for_node("table") == dg.DataVersion("1")


def test_an_expectation(dg):
    assert dg.ExpectationResult(True).label == "result"
    assert dg.ExpectationResult(False, label="own").label == "own"
    with pytest.raises(Exception, match="success"):
        dg.ExpectationResult("yes")


def test_code_that_belongs_to_no_module(dg):
    names = {"dg": dg}
    exec("def table():\n    return dg.Output(1, metadata={'a': object()})", names)
    result = dg.materialize([dg.asset(names["table"])], raise_on_error=False)
    assert [event.step_key for event in result.get_step_failure_events()] == ["table"]


@pytest.mark.parametrize("kind", ["text", "key", "keys", "syntax"])
def test_a_job_of_assets_that_do_not_exist(dg, kind):
    @dg.asset
    def table(): ...

    selection = {
        "text": "tables", "key": dg.AssetSelection.assets("tables"), "keys": ["table", "tables"], "syntax": "table[",
    }[kind]  # fmt: skip
    defs = dg.Definitions([table], jobs=[dg.define_asset_job("everything", selection=selection)])
    with pytest.raises(dg.DagsterInvalidDefinitionError, match="everything"):
        dg.Definitions.validate_loadable(defs)


@pytest.mark.parametrize("selection", ['group:"later"', "tag:x=y", 'key:"z*"'])
def test_a_job_of_assets_that_do_not_exist_yet(dg, selection):
    @dg.asset
    def table(): ...

    defs = dg.Definitions([table], jobs=[dg.define_asset_job("everything", selection=selection)])
    dg.Definitions.validate_loadable(defs)
