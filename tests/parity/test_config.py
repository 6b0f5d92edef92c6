"""Configuration of ops: classes, schemas, what is refused."""

from enum import Enum
from typing import Literal

import pytest
from pydantic import Field

OP = "one"


def config(values):
    return {"ops": {OP: {"config": values}}}


def op_with(dg, annotation):
    def one(config):
        return config.model_dump() if hasattr(config, "model_dump") else config

    one.__annotations__["config"] = annotation
    return dg.asset(one)


def test_defaults_and_values(world):
    class Rows(world.dg.Config):
        rows: int = 2
        name: str = "x"

    assert world.run([op_with(world.dg, Rows)]).value(OP) == {"rows": 2, "name": "x"}
    outcome = world.run([op_with(world.dg, Rows)], run_config=config({"rows": 3}))
    assert outcome.value(OP) == {"rows": 3, "name": "x"}


def test_optional_fields(world):
    class Rows(world.dg.Config):
        limit: int | None = None

    assert world.run([op_with(world.dg, Rows)]).value(OP) == {"limit": None}
    assert world.run([op_with(world.dg, Rows)], run_config=config({"limit": 4})).value(OP) == {"limit": 4}


def test_lists_and_dicts(world):
    class Rows(world.dg.Config):
        names: list[str]
        weights: dict[str, float] = Field(default_factory=dict)

    given = config({"names": ["a", "b"], "weights": {"a": 1.5}})
    assert world.run([op_with(world.dg, Rows)], run_config=given).value(OP) == {
        "names": ["a", "b"],
        "weights": {"a": 1.5},
    }


def test_nested_classes(world):
    class Inner(world.dg.Config):
        n: int = 1

    class Outer(world.dg.Config):
        inner: Inner
        others: list[Inner] = Field(default_factory=list)

    given = config({"inner": {"n": 5}, "others": [{"n": 6}, {}]})
    assert world.run([op_with(world.dg, Outer)], run_config=given).value(OP) == {
        "inner": {"n": 5},
        "others": [{"n": 6}, {"n": 1}],
    }


def test_typed_run_config(world):
    class Rows(world.dg.Config):
        rows: int = 2

    outcome = world.run([op_with(world.dg, Rows)], run_config=world.dg.RunConfig({OP: Rows(rows=9)}))
    assert outcome.value(OP) == {"rows": 9}


def test_unknown_fields_are_kept_by_a_permissive_class(world):
    class Rows(world.dg.PermissiveConfig):
        rows: int = 2

    given = config({"rows": 1, "more": "x"})
    assert world.run([op_with(world.dg, Rows)], run_config=given).value(OP) == {"rows": 1, "more": "x"}


def test_constraints_hold(world):
    class Rows(world.dg.Config):
        rows: int = Field(gt=0)

    assert world.run([op_with(world.dg, Rows)], run_config=config({"rows": 1})).success


class Color(Enum):
    RED = "red"
    BLUE = "blue"


def test_an_enum(world):
    class Paint(world.dg.Config):
        color: Color

    def one(config: Paint):
        return config.color.value

    outcome = world.run([world.dg.asset(one)], run_config=config({"color": "RED"}))
    assert outcome.value(OP) == "red"


def test_a_union_that_tells_its_kind(world):
    class Cat(world.dg.Config):
        kind: Literal["cat"] = "cat"
        lives: int = 9

    class Dog(world.dg.Config):
        kind: Literal["dog"] = "dog"
        barks: bool = True

    class Owner(world.dg.Config):
        pet: Cat | Dog = Field(discriminator="kind")

    def one(config: Owner):
        return [type(config.pet).__name__, config.pet.kind]

    given = config({"pet": {"dog": {"barks": False}}})
    assert world.run([world.dg.asset(one)], run_config=given).value(OP) == ["Dog", "dog"]


BAD = [{"rows": "x"}, {"rows": 1, "more": 2}, {}, {"rows": None}, {"rows": [1]}, 3]


@pytest.mark.parametrize("values", BAD, ids=str)
def test_bad_values_are_refused(dg, values):
    class Rows(dg.Config):
        rows: int

    with pytest.raises(dg.DagsterInvalidConfigError):
        dg.materialize([op_with(dg, Rows)], run_config=config(values))


def test_missing_config_is_refused(dg):
    class Rows(dg.Config):
        rows: int

    with pytest.raises(dg.DagsterInvalidConfigError):
        dg.materialize([op_with(dg, Rows)])


def test_a_class_is_frozen(dg):
    class Rows(dg.Config):
        rows: int = 1

    with pytest.raises(Exception, match="frozen"):
        Rows().rows = 2


def test_a_schema(world):
    @world.dg.asset(config_schema={"rows": int, "name": world.dg.Field(str, default_value="x")})
    def one(context):
        return context.op_config

    assert world.run([one], run_config=config({"rows": 3})).value(OP) == {"rows": 3, "name": "x"}


def test_a_schema_through_op_execution_context(world):
    @world.dg.asset(config_schema={"rows": int})
    def one(context):
        return context.op_execution_context.op_config["rows"]

    assert world.run([one], run_config=config({"rows": 3})).value(OP) == 3


SCHEMAS = [
    (int, 3, 3),
    (str, "x", "x"),
    ([int], [1, 2], [1, 2]),
    ({"a": {"b": bool}}, {"a": {"b": True}}, {"a": {"b": True}}),
]


@pytest.mark.parametrize(("schema", "value", "expected"), SCHEMAS, ids=str)
def test_plain_schemas(world, schema, value, expected):
    @world.dg.asset(config_schema=schema)
    def one(context):
        return context.op_config

    assert world.run([one], run_config=config(value)).value(OP) == expected


def test_selector_noneable_array_enum(world):
    dg = world.dg
    schema = {
        "one_of": dg.Selector({"a": int, "b": str}),
        "maybe": dg.Noneable(int),
        "many": dg.Array(int),
        "color": dg.Enum("Color", [dg.EnumValue("RED"), dg.EnumValue("BLUE")]),
    }

    @dg.asset(config_schema=schema)
    def one(context):
        return context.op_config

    given = config({"one_of": {"b": "x"}, "maybe": None, "many": [1], "color": "RED"})
    assert world.run([one], run_config=given).value(OP) == {
        "one_of": {"b": "x"},
        "maybe": None,
        "many": [1],
        "color": "RED",
    }


def test_a_schema_refuses(dg):
    @dg.asset(config_schema={"rows": int})
    def one(context): ...

    for values in ({"rows": "x"}, {"row": 1}, {}):
        with pytest.raises(dg.DagsterInvalidConfigError):
            dg.materialize([one], run_config=config(values))


def test_the_error_names_the_path(dg):
    class Inner(dg.Config):
        n: int

    class Outer(dg.Config):
        inner: Inner

    with pytest.raises(dg.DagsterInvalidConfigError, match="inner"):
        dg.materialize([op_with(dg, Outer)], run_config=config({"inner": {"n": "x"}}))


def test_fields_without_a_default_that_need_no_value(world):
    dg = world.dg

    class Inner(dg.Config):
        x: int = 1

    class Fields(dg.Config):
        a: int | None
        inner: Inner

    @dg.asset
    def one(config: Fields):
        return config.a, config.inner.x

    assert world.run([one]).value("one") == (None, 1)
    given = {"ops": {"one": {"config": {"a": 3, "inner": {"x": 4}}}}}
    assert world.run([one], run_config=given).value("one") == (3, 4)


def test_run_config_has_all_sections(dg):
    class Fields(dg.Config):
        a: int = 1

    @dg.asset
    def one(config: Fields):
        return config.a

    loggers = {"console": {"config": {"log_level": "ERROR"}}}
    config = dg.RunConfig(ops={"one": Fields(a=5)}, loggers=loggers, execution={})
    assert dg.materialize([one], run_config=config).asset_value("one") == 5
    assert config.loggers == loggers
    assert config.to_config_dict() == {
        "loggers": loggers,
        "resources": {},
        "ops": {"one": {"config": {"a": 5}}},
        "execution": {},
    }
    section = dg.RunConfig(ops={"one": {"config": {"a": 6}}})
    assert dg.materialize([one], run_config=section).asset_value("one") == 6


def test_a_class_as_a_schema(world):
    dg = world.dg

    class Inner(dg.Config):
        x: int = 1

    class Fields(dg.Config):
        a: int
        inner: Inner = Inner(x=2)
        words: list[str] = []
        level: int | None = None

    @dg.asset(config_schema=Fields.to_config_schema())
    def one(context):
        return context.op_execution_context.op_config

    given = {"ops": {"one": {"config": {"a": 3}}}}
    assert world.run([one], run_config=given).value("one")["inner"] == {"x": 2}
    assert sorted(Fields.to_fields_dict()) == ["a", "inner", "level", "words"]
    with pytest.raises(dg.DagsterInvalidConfigError):
        dg.materialize([one], run_config={"ops": {"one": {"config": {"a": "x"}}}})


def test_config_of_resources_that_no_step_uses_may_be_missing(world):
    class Source(world.dg.ConfigurableResource):
        rows: int

    @world.dg.asset
    def one():
        return 1

    @world.dg.asset
    def two(source: Source):
        return source.rows

    resources = {"source": Source.configure_at_launch()}
    assert world.run([one, two], resources=dict(resources), selection="one").materialized == ["one"]
    with pytest.raises(world.dg.DagsterInvalidConfigError, match=r"rows|resources"):
        world.run([one, two], resources=dict(resources))


@pytest.mark.parametrize("section", [{"confg": {"rows": 3}}, {"config": {}, "rows": 3}])
def test_a_section_with_an_unknown_part(world, section):
    class Rows(world.dg.Config):
        rows: int = 2

    with pytest.raises(world.dg.DagsterInvalidConfigError, match=r"confg|rows"):
        world.run([op_with(world.dg, Rows)], run_config={"ops": {OP: section}})
