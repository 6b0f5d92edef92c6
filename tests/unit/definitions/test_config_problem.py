"""What is said of config that does not validate."""

from typing import Literal

import pytest
from pydantic import Field

from assetq import Config, ConfigurableResource, EnvVar, RunConfig, asset, materialize
from assetq.errors import ConfigError


class Cat(Config):
    kind: Literal["cat"] = "cat"
    lives: int


class Dog(Config):
    kind: Literal["dog"] = "dog"
    barks: float


class Home(Config):
    rooms: list[Cat] = []
    pet: Cat | Dog = Field(discriminator="kind")


@asset
def home(config: Home) -> str:
    return config.pet.kind


def problem(config: dict) -> str:
    with pytest.raises(ConfigError) as caught:
        materialize([home], run_config={"ops": {"home": {"config": config}}})
    return str(caught.value)


def test_an_unknown_kind_names_those_there_are():
    said = problem({"pet": {"bird": {"lives": 9}}})
    assert "ops.home.config.pet: Give one section, named by its kind: 'cat', 'dog'" in said
    assert "test_config_problem.py" in said


def test_two_kinds_at_once():
    assert "ops.home.config.pet: Give one" in problem({"pet": {"cat": {"lives": 9}, "dog": {"barks": 1.0}}})


def test_an_unknown_field_names_those_there_are():
    assert "ops.home.config.pets: There is no such field; the fields are pet, rooms" in problem(
        {"pet": {"cat": {"lives": 9}}, "pets": 1}
    )


def test_an_unknown_field_deep_inside():
    said = problem({"pet": {"cat": {"lives": 9, "age": 1}}, "rooms": [{"lives": 1}, {"lives": 1, "wide": 2}]})
    assert "ops.home.config.pet.cat.age: There is no such field" in said
    assert "ops.home.config.rooms.1.wide: There is no such field; the fields are kind, lives" in said


def test_a_field_of_a_resource_has_the_path_of_run_config():
    class Source(ConfigurableResource):
        rows: int

    @asset
    def one(source: Source) -> int:
        return source.rows

    with pytest.raises(ConfigError, match=r"resources\.source\.config\.rows: Field required"):
        materialize([one], resources={"source": Source.configure_at_launch()})


def test_a_field_that_reads_a_variable_names_its_path(monkeypatch):
    monkeypatch.delenv("NO_SUCH_ROWS", raising=False)

    class Rows(Config):
        rows: int

    @asset
    def one(config: Rows) -> int:
        return config.rows

    with pytest.raises(ConfigError, match=r"ops\.one\.config\.rows.*NO_SUCH_ROWS"):
        materialize([one], run_config=RunConfig(ops={"one": Rows(rows=EnvVar.int("NO_SUCH_ROWS"))}))
