"""Values are held against the types that were declared for them."""

import pytest

ROWS = [
    (int, 3, True),
    (int, "3", False),
    (str, "x", True),
    (str, 1, False),
    (float, 1.5, True),
    (bool, True, True),
    (list, [1], True),
    (list, (1,), False),
    (dict, {}, True),
    (list[int], [1, 2], True),
    (list[int], ["a"], False),
    (dict[str, int], {"a": 1}, True),
    (dict[str, int], {"a": "b"}, False),
    (int | None, None, True),
    (int | None, 4, True),
    (int | None, "x", False),
    (tuple[int, str], (1, "a"), True),
    (tuple[int, str], (1, 2), False),
    (set[int], {1}, True),
    (object, 1, True),
]


@pytest.mark.parametrize(("annotation", "value", "is_accepted"), ROWS, ids=str)
def test_an_output_is_checked(world, annotation, value, is_accepted):
    def made():
        return value

    made.__annotations__["return"] = annotation
    outcome = world.run([world.dg.asset(made)])
    assert outcome.success is is_accepted
    assert outcome.materialized == (["made"] if is_accepted else [])


@pytest.mark.parametrize(("annotation", "value", "is_accepted"), ROWS[::3], ids=str)
def test_an_input_is_checked(world, annotation, value, is_accepted):
    dg = world.dg

    @dg.asset
    def source():
        return value

    def reader(source):
        return 1

    reader.__annotations__["source"] = annotation
    outcome = world.run([source, dg.asset(reader)])
    assert outcome.success is is_accepted
    assert outcome.failed == (set() if is_accepted else {"reader"})


def test_a_type_of_ones_own(world):
    dg = world.dg
    Even = dg.DagsterType(name="Even", type_check_fn=lambda context, value: value % 2 == 0)

    @dg.asset(dagster_type=Even)
    def good():
        return 2

    @dg.asset(dagster_type=Even)
    def bad():
        return 3

    outcome = world.run([good, bad])
    assert outcome.materialized == ["good"]
    assert outcome.failed == {"bad"}


def test_a_type_check_tells_why(world):
    dg = world.dg
    Short = dg.DagsterType(
        name="Short",
        type_check_fn=lambda context, value: dg.TypeCheck(success=len(value) < 3, description="it is too long"),
    )

    @dg.asset(dagster_type=Short)
    def text():
        return "abcdef"

    outcome = world.run([text])
    assert "it is too long" in outcome.errors
    assert "Short" in outcome.errors


def test_a_failed_check_is_not_retried(world, tmp_path):
    dg = world.dg
    calls = tmp_path / "calls"

    @dg.asset(retry_policy=dg.RetryPolicy(max_retries=2))
    def wrong() -> int:
        with calls.open("a") as file:
            file.write("x")
        return "no number"

    assert world.run([wrong]).failed == {"wrong"}
    assert calls.read_text() == "x"


def test_output_of_a_type(world):
    dg = world.dg

    @dg.asset
    def good() -> dg.Output[int]:
        return dg.Output(1)

    @dg.asset
    def bad() -> dg.Output[int]:
        return dg.Output("x")

    outcome = world.run([good, bad])
    assert outcome.materialized == ["good"]


def test_data_frames(world):
    import pandas
    import polars

    dg = world.dg

    @dg.asset
    def frame() -> polars.DataFrame:
        return polars.DataFrame({"a": [1]})

    @dg.asset
    def reads(frame: polars.DataFrame) -> int:
        return len(frame)

    @dg.asset
    def wrong(frame: pandas.DataFrame) -> int:
        return len(frame)

    outcome = world.run([frame, reads, wrong])
    assert outcome.failed == {"wrong"}
    assert outcome.value("reads") == 1


def test_no_annotation_takes_anything(world):
    dg = world.dg

    @dg.asset
    def one():
        return object

    assert world.run([one]).success


def test_the_resource_of_a_type_must_be_provided(dg):
    def is_known(context, value):
        return value in context.resources.known

    known = dg.DagsterType(name="Known", type_check_fn=is_known, required_resource_keys={"known"})

    @dg.asset(dagster_type=known)
    def one():
        return 1

    with pytest.raises(dg.DagsterInvalidDefinitionError, match="known"):
        dg.materialize_to_memory([one])
    resources = {"known": dg.ResourceDefinition.hardcoded_resource([1])}
    assert dg.materialize_to_memory([one], resources=resources).success
