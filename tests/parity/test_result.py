"""What ops give back."""

import pytest


def test_a_value_is_stored_and_loaded(world):
    dg = world.dg

    @dg.asset
    def one():
        return [1, 2, 3]

    @dg.asset
    def two(one):
        return [*one, 4]

    outcome = world.run([one, two])
    assert outcome.success
    assert outcome.materialized == ["one", "two"]
    assert outcome.value("two") == [1, 2, 3, 4]


def test_output_carries_metadata(world):
    dg = world.dg

    @dg.asset
    def one():
        return dg.Output(5, metadata={"rows": 3, "name": "x", "share": 0.5, "flag": True})

    outcome = world.run([one])
    assert outcome.value("one") == 5
    assert outcome.metadata["one"] == {"rows": 3, "name": "x", "share": 0.5, "flag": True}


def test_materialize_result_stores_nothing(world):
    dg = world.dg

    @dg.asset
    def one() -> dg.MaterializeResult:
        return dg.MaterializeResult(metadata={"rows": 3})

    outcome = world.run([one])
    assert outcome.success
    assert outcome.metadata["one"] == {"rows": 3}


def test_none_annotated_stores_nothing(world):
    dg = world.dg

    @dg.asset
    def table() -> None:
        return None

    @dg.asset(deps=[table])
    def after() -> None: ...

    assert world.run([table, after]).materialized == ["table", "after"]


def test_a_generator_yields_its_output(world):
    dg = world.dg

    @dg.asset
    def one():
        yield dg.Output(7, metadata={"k": "v"})

    outcome = world.run([one])
    assert outcome.value("one") == 7
    assert outcome.metadata["one"] == {"k": "v"}


def test_an_optional_output_that_is_not_given_skips_downstream(world):
    dg = world.dg

    @dg.asset(output_required=False)
    def maybe():
        if False:
            yield dg.Output(5)

    @dg.asset
    def downstream(maybe):
        return maybe + 1

    @dg.asset
    def beside():
        return 1

    outcome = world.run([maybe, downstream, beside])
    assert outcome.success
    assert outcome.materialized == ["beside"]


def test_an_optional_output_that_is_given_is_as_any_other(world):
    dg = world.dg

    @dg.asset(output_required=False)
    def maybe():
        yield dg.Output(5)

    @dg.asset
    def downstream(maybe):
        return maybe + 1

    outcome = world.run([maybe, downstream])
    assert outcome.value("downstream") == 6


def test_a_required_output_that_is_missing_fails(world):
    dg = world.dg

    @dg.asset
    def never():
        if False:
            yield dg.Output(5)

    outcome = world.run([never])
    assert not outcome.success
    assert outcome.failed == {"never"}


def test_an_error_fails_the_step_and_skips_what_follows(world):
    dg = world.dg

    @dg.asset
    def bad():
        raise ValueError("no good")

    @dg.asset
    def after(bad): ...

    @dg.asset
    def beside():
        return 1

    outcome = world.run([bad, after, beside])
    assert not outcome.success
    assert outcome.failed == {"bad"}
    assert outcome.materialized == ["beside"]
    assert "no good" in outcome.errors


def test_an_async_op_is_awaited(world):
    dg = world.dg

    @dg.asset
    async def one():
        return 3

    assert world.run([one]).value("one") == 3


def test_metadata_from_the_context(world):
    dg = world.dg

    @dg.asset
    def one(context):
        context.add_output_metadata({"a": 1})
        return 1

    assert world.run([one]).metadata["one"] == {"a": 1}


def test_asset_metadata_from_the_context(world):
    dg = world.dg

    @dg.asset
    def one(context: dg.AssetExecutionContext):
        context.add_asset_metadata({"a": 1})
        return dg.Output(1, metadata={"b": 2})

    assert world.run([one]).metadata["one"] == {"a": 1, "b": 2}


def test_events_that_the_op_yields(world):
    dg = world.dg

    @dg.asset
    def one():
        yield dg.AssetObservation("one", metadata={"seen": 1})
        yield dg.AssetMaterialization("elsewhere", metadata={"rows": 2})
        yield dg.Output(1)

    outcome = world.run([one])
    assert outcome.success
    assert outcome.observed == ["one"]
    assert outcome.materialized == ["elsewhere", "one"]
    assert outcome.metadata["elsewhere"] == {"rows": 2}


def test_events_that_the_op_logs(world):
    dg = world.dg

    @dg.asset
    def one(context):
        context.log_event(dg.AssetMaterialization("other/thing", description="made", metadata={"n": 1}))
        context.log_event(dg.AssetObservation(dg.AssetKey(["far", "away"])))
        context.log_event(dg.ExpectationResult(success=False, label="rows"))
        return 1

    outcome = world.run([one])
    assert outcome.success
    assert "one" in outcome.materialized
    assert len(outcome.materialized) == 2
    assert outcome.observed == ["far/away"]


def test_an_unknown_output_fails(world):
    dg = world.dg

    @dg.asset
    def one():
        yield dg.Output(1, output_name="nope")

    assert world.run([one]).failed == {"one"}


def test_failure_carries_its_description(world):
    dg = world.dg

    @dg.asset
    def one():
        raise dg.Failure("the source is empty", metadata={"rows": 0})

    outcome = world.run([one])
    assert outcome.failed == {"one"}
    assert "the source is empty" in outcome.errors


@pytest.mark.parametrize("wrapped", ["value", "output", "result"])
def test_a_tuple_of_the_output_and_its_checks(world, wrapped):
    dg = world.dg
    given = {"value": 5, "output": dg.Output(5), "result": dg.MaterializeResult(value=5)}[wrapped]

    @dg.asset(check_specs=[dg.AssetCheckSpec("low", asset="one"), dg.AssetCheckSpec("high", asset="one")])
    def one():
        low = dg.AssetCheckResult(passed=True, check_name="low")
        return given, low, dg.AssetCheckResult(passed=True, check_name="high")

    @dg.asset
    def two(one):
        return one + 1

    outcome = world.run([one, two])
    assert outcome.success
    assert outcome.value("two") == 6


def test_the_annotation_of_such_a_tuple_tells_the_type(world):
    dg = world.dg

    @dg.asset(check_specs=[dg.AssetCheckSpec("ok", asset="good")])
    def good() -> tuple[int, dg.AssetCheckResult]:
        return 5, dg.AssetCheckResult(passed=True)

    @dg.asset(check_specs=[dg.AssetCheckSpec("ok", asset="bad")])
    def bad() -> tuple[dg.Output[int], dg.AssetCheckResult]:
        return dg.Output("five"), dg.AssetCheckResult(passed=True)

    outcome = world.run([good, bad])
    assert outcome.failed == {"bad"}
    assert outcome.value("good") == 5


def test_a_tuple_without_checks_is_a_value(world):
    dg = world.dg

    @dg.asset
    def one():
        return 1, 2

    assert world.run([one]).value("one") == (1, 2)


@pytest.mark.parametrize("kind", ["Output", "MaterializeResult"])
def test_an_output_is_given_once(world, kind):
    dg = world.dg

    @dg.asset
    def one():
        for _ in range(2):
            yield dg.Output(1) if kind == "Output" else dg.MaterializeResult()

    outcome = world.run([one])
    assert not outcome.success
    assert outcome.failed == {"one"}


def test_nothing_is_what_it_says(world):
    dg = world.dg

    @dg.asset
    def one() -> None:
        return 1

    @dg.asset(dagster_type=dg.Nothing)
    def two():
        return 1

    @dg.asset
    def three() -> None:
        pass

    outcome = world.run([one, two, three])
    assert outcome.failed == {"one", "two"}


def test_a_declared_output_is_returned_as_one(world):
    dg = world.dg

    @dg.asset
    def one() -> dg.Output[int]:
        return 1

    @dg.asset
    def two() -> dg.Output:
        return None

    @dg.asset
    def three() -> dg.Output[int]:
        return dg.Output(3)

    @dg.asset
    def four() -> dg.MaterializeResult:
        pass

    outcome = world.run([one, two, three, four])
    assert outcome.failed == {"one", "two"}


def test_an_exit_fails_its_step(world):
    dg = world.dg

    @dg.asset(retry_policy=dg.RetryPolicy(max_retries=2))
    def one():
        raise SystemExit(3)

    @dg.asset
    def two():
        return 2

    outcome = world.run([one, two])
    assert outcome.failed == {"one"}
    assert outcome.materialized == ["two"]
    assert "SystemExit" in outcome.errors


def test_an_interrupt_ends_the_run(dg):
    @dg.asset
    def one():
        raise KeyboardInterrupt

    @dg.asset
    def two():
        return 2

    result = dg.materialize([one, two], raise_on_error=False)
    assert not result.success
    assert result.get_failed_step_keys() == {"one"}
    assert result.get_asset_materialization_events() == []
    with pytest.raises(KeyboardInterrupt):
        dg.materialize([one, two])


def test_copies_with_other_metadata(dg):
    output = dg.Output(1, "one", metadata={"a": 1}, data_version=dg.DataVersion("v"), tags={"t": "1"})
    made = dg.AssetMaterialization("a", description="d", metadata={"a": 1}, partition="p", tags={"t": "1"})
    seen = dg.AssetObservation("a", tags={"dagster/data_version": "v"}, metadata={"a": 1})
    for value in (output, made, seen):
        changed = value.with_metadata({"b": 2})
        assert {name: entry.value for name, entry in changed.metadata.items()} == {"b": 2}
        assert changed.tags == value.tags
        assert list(value.metadata) == ["a"]
    assert output.with_metadata({}).output_name == "one"
    assert made.with_metadata({}).partition == "p"
    assert seen.with_metadata({}).data_version == "v"
    assert dg.AssetObservation("a").data_version is None


def test_the_record_of_a_file(dg):
    made = dg.AssetMaterialization.file("/some/file.csv", description="d", asset_key="k")
    assert made.asset_key == dg.AssetKey("k")
    assert made.metadata["path"] == dg.MetadataValue.path("/some/file.csv")
    assert dg.AssetMaterialization.file("/some/file.csv").asset_key.path == ["some", "file", "csv"]


def test_results_compare_by_their_parts(dg):
    assert dg.MaterializeResult(metadata={"a": 1}) == dg.MaterializeResult(metadata={"a": 1})
    assert dg.MaterializeResult(metadata={"a": 1}) != dg.MaterializeResult(metadata={"a": 2})
    assert dg.Output(1) == dg.Output(1)
    assert dg.Output(1) != dg.Output(2)
    assert dg.AssetMaterialization("a") == dg.AssetMaterialization("a")
    assert dg.AssetObservation("a") != dg.AssetObservation("b")
    assert dg.ObserveResult(asset_key="a") == dg.ObserveResult(asset_key="a")
    assert dg.ExpectationResult(True) == dg.ExpectationResult(True)


def test_a_result_of_a_check_by_its_name(dg):
    low = dg.AssetCheckResult(passed=True, check_name="low")
    assert dg.MaterializeResult(check_results=[low]).check_result_named("low") is low
    assert dg.ObserveResult(check_results=[low]).check_result_named("low") is low
