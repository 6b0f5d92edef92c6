"""What config_schema takes, refuses and fills in: the tables hold what Dagster does with the same schema and value."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable
from types import MappingProxyType

import pytest

from assetq.definitions import (
    Any,
    Array,
    BoolSource,
    Enum,
    EnumValue,
    EnvVar,
    Field,
    Int,
    IntSource,
    Map,
    Noneable,
    Permissive,
    ScalarUnion,
    Selector,
    Shape,
    String,
    StringSource,
    check_schema,
    is_config_required,
    process_config,
    schema_default,
)
from assetq.errors import ConfigError, DefinitionError

PATH = "ops.my_op.config"
ENVIRONMENT = {
    "AQ_TEXT": "hello",
    "AQ_NUM": "42",
    "AQ_BADNUM": "4x",
    "AQ_TRUE": "true",
    "AQ_FALSE": "False",
    "AQ_NO": "no",
    "AQ_NONE": "None",
    "AQ_ZERO": "0",
    "AQ_EMPTY": "",
}


class Color(enum.Enum):
    RED = 1
    GREEN = "g"


class Alias(enum.Enum):
    A = 1
    B = 1  # noqa: PIE796 the point is the alias


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AQ_UNSET", raising=False)


def bad_paths(error: ConfigError) -> list[str]:
    """The paths in a message, below the config of the op."""
    return [path.rstrip(":") for path in re.findall(rf"(?<=[.?] ){re.escape(PATH)}(\S*)", str(error))]


# (schema, value, what the op receives)
ACCEPTED: list[tuple[object, object, object]] = [
    (int, 1, 1),
    (float, 1, 1.0),
    (float, True, 1.0),
    (float, 1.5, 1.5),
    (str, "x", "x"),
    (bool, True, True),
    (list, [1, "a"], [1, "a"]),
    (dict, {"a": 1}, {"a": 1}),
    (Any, None, None),
    (Any, 5, 5),
    (Any, object, object),
    (None, None, None),
    (None, {"a": 1}, {"a": 1}),
    (Field(int, default_value=3), 4, 4),
    (Field(int, is_required=False), 4, 4),
    (Noneable(int), None, None),
    (Noneable(int), 1, 1),
    ({"a": int}, {"a": 1}, {"a": 1}),
    ({}, {}, {}),
    ({"a": Field(int, default_value=3)}, {}, {"a": 3}),
    ({"a": Field(int, is_required=False)}, {}, {}),
    ({"a": {"b": Field(int, default_value=3)}}, {}, {"a": {"b": 3}}),
    ({"a": Field({"b": int}, is_required=False)}, {}, {}),
    ({"a": Field({"b": Field(int, default_value=2)}, is_required=False)}, {}, {}),
    ({"a": Field({"b": Field(int, default_value=2)}, default_value={})}, {}, {"a": {"b": 2}}),
    (
        {"a": Field({"b": Field(int, default_value=2), "c": Field(int, is_required=False)}, default_value={"c": 1})},
        {},
        {"a": {"b": 2, "c": 1}},
    ),
    ({"a": Noneable({"b": int})}, {}, {"a": None}),
    ({"a": Noneable({"b": Field(int, default_value=1)})}, {}, {"a": None}),
    ({"a": Noneable({"b": Field(int, default_value=1)})}, {"a": {}}, {"a": {"b": 1}}),
    ({"a": Noneable(int)}, {}, {"a": None}),
    ({"a": Noneable(int)}, {"a": None}, {"a": None}),
    ({"a": dict}, {}, {"a": {}}),
    ({"a": Permissive()}, {}, {"a": {}}),
    ({"a": Permissive({"b": Field(int, default_value=1)})}, {}, {"a": {"b": 1}}),
    (Permissive(), {"x": 1}, {"x": 1}),
    (Permissive({"a": int}), {"a": 1, "b": [2]}, {"a": 1, "b": [2]}),
    (Permissive({"a": Field(int, default_value=9)}), {"b": 1}, {"a": 9, "b": 1}),
    (Shape({"a": int}), {"a": 1}, {"a": 1}),
    (Shape({"a": int}, field_aliases={"a": "b"}), {"b": 1}, {"a": 1}),
    (Shape({"a": int}, field_aliases={"a": "b"}), {"a": 1}, {"a": 1}),
    (Shape({"a": int}, description="d"), {"a": 1}, {"a": 1}),
    (Selector({"a": int, "b": str}), {"a": 1}, {"a": 1}),
    (Selector({"a": Field(int, default_value=5)}), {}, {"a": 5}),
    (Selector({"a": Field(int, is_required=False)}), {}, {"a": None}),
    (Selector({"a": {"b": Field(int, default_value=5)}, "c": int}), {"a": {}}, {"a": {"b": 5}}),
    (Selector({"a": {"b": Field(int, default_value=5)}, "c": int}), {"a": None}, {"a": {"b": 5}}),
    ({"s": Selector({"a": Field(int, default_value=5)})}, {}, {"s": {"a": 5}}),
    (
        {"s": Field(Selector({"a": {"b": Field(int, default_value=5)}, "c": int}), default_value={"a": {}})},
        {},
        {"s": {"a": {"b": 5}}},
    ),
    (Array(int), [1, 2], [1, 2]),
    ([int], [1], [1]),
    ([{"a": Field(int, default_value=4)}], [{}, {"a": 2}], [{"a": 4}, {"a": 2}]),
    (Array({"a": int}), [{"a": 1}], [{"a": 1}]),
    ([Noneable(int)], [None, 1], [None, 1]),
    (Map(str, int), {"a": 1}, {"a": 1}),
    (Map(int, str), {1: "x"}, {1: "x"}),
    (Map(str, int), {}, {}),
    (Map(str, {"a": Field(int, default_value=4)}), {"k": {}}, {"k": {"a": 4}}),
    (Map(str, int, key_label_name="n"), {"a": 1}, {"a": 1}),
    ({str: int}, {"a": 1}, {"a": 1}),
    ({int: str}, {1: "x"}, {1: "x"}),
    ({str: {"a": Field(int, default_value=4)}}, {"k": {}}, {"k": {"a": 4}}),
    ({"a": {str: int}}, {"a": {"z": 1}}, {"a": {"z": 1}}),
    ({String: int}, {"a": 1}, {"a": 1}),
    (Enum("E", [EnumValue("x"), EnumValue("y", 7)]), "x", "x"),
    (Enum("E", [EnumValue("x"), EnumValue("y", 7)]), "y", 7),
    (Enum.from_python_enum(Color), "RED", Color.RED),
    (Enum.from_python_enum(Alias), "A", Alias.A),
    (Enum.from_python_enum_direct_values(Color), "GREEN", "g"),
    (Enum.from_python_enum_direct_values(Color), "RED", 1),
    (ScalarUnion(int, {"a": str}), 1, 1),
    (ScalarUnion(int, {"a": str}), {"a": "x"}, {"a": "x"}),
    (ScalarUnion(int, {"a": Field(str, default_value="q")}), {}, {"a": "q"}),
    (ScalarUnion(int, [int]), [1], [1]),
    (ScalarUnion(int, Selector({"a": str, "b": int})), {"a": "x"}, {"a": "x"}),
    (ScalarUnion(int, Selector({"a": str, "b": int})), 3, 3),
    (ScalarUnion(int, list), 1, 1),
    (ScalarUnion(scalar_type=float, non_scalar_schema={"a": str}), 1, 1.0),
    (StringSource, "x", "x"),
    (StringSource, {"env": "AQ_TEXT"}, "hello"),
    (StringSource, {"env": "AQ_EMPTY"}, ""),
    (IntSource, 3, 3),
    (IntSource, {"env": "AQ_NUM"}, 42),
    (BoolSource, True, True),
    (BoolSource, {"env": "AQ_TRUE"}, True),
    (BoolSource, {"env": "AQ_NO"}, True),
    (BoolSource, {"env": "AQ_FALSE"}, False),
    (BoolSource, {"env": "AQ_ZERO"}, False),
    (BoolSource, {"env": "AQ_NONE"}, False),
    (BoolSource, {"env": "AQ_EMPTY"}, False),
    (BoolSource, {"env": "AQ_BADNUM"}, True),
    (Any, EnvVar("AQ_TEXT"), EnvVar("AQ_TEXT")),
    ({"a": Field(StringSource, default_value={"env": "AQ_UNSET"})}, {"a": "k"}, {"a": "k"}),
    (Field({"a": Field(int)}), {"a": 1}, {"a": 1}),
    (Field({"a": int}, default_value={"a": 1}), {"a": 2}, {"a": 2}),
    (Int, 1, 1),
    (Noneable(Noneable(int)), None, None),
    (Permissive({"a": {"b": Field(int, default_value=1)}}), {"q": {}}, {"a": {"b": 1}, "q": {}}),
    (Noneable([int]), [1], [1]),
    ({"a": Field(Any, default_value=None)}, {}, {"a": None}),
    ({"a": Field(list, is_required=False)}, {}, {}),
    (dict, {"a": None}, {"a": None}),
    ({"a": Noneable({"b": Field(int, default_value=1)})}, {"a": None}, {"a": None}),
    ({"a": Any}, {"a": None}, {"a": None}),
    (Selector({"a": Noneable(int), "b": int}), {"a": None}, {"a": None}),
    (Selector({"a": Field(Noneable(int), default_value=4), "b": int}), {"a": None}, {"a": None}),
    (Selector({"a": Permissive(), "b": int}), {"a": None}, {"a": {}}),
    (Selector({"a": {}, "b": int}), {"a": None}, {"a": {}}),
    (Selector({"a": Any, "b": int}), {"a": None}, {"a": None}),
    (Selector({"a": Selector({"c": {}, "d": int}), "b": int}), {"a": {"c": None}}, {"a": {"c": {}}}),
    (Selector({"a": Selector({"c": {}}), "b": int}), {"a": None}, {"a": {"c": {}}}),
    (Selector({"a": Noneable(int)}), {}, {"a": None}),
    ({"a": Field(StringSource, is_required=False)}, {}, {}),
    ([dict], [{}, {"a": 1}], [{}, {"a": 1}]),
    ([[int]], [[1], [2]], [[1], [2]]),
    ({"a": Field(Array(str), default_value=[])}, {}, {"a": []}),
    ({"a": Field(Noneable(str), is_required=False)}, {}, {}),
    (Field({"a": Field(StringSource, default_value={"env": "AQ_TEXT"})}), {}, {"a": "hello"}),
    ({"a": {"b": Field(StringSource, default_value={"env": "AQ_TEXT"})}}, {}, {"a": {"b": "hello"}}),
    ({"a": {"b": Field(Enum.from_python_enum(Color), default_value="RED")}}, {}, {"a": {"b": Color.RED}}),
    (Permissive({"a": Enum.from_python_enum(Color)}), {"a": "RED", "z": "RED"}, {"a": Color.RED, "z": "RED"}),
    (Map(str, Enum.from_python_enum(Color)), {"x": "RED"}, {"x": Color.RED}),
    (Map(str, Noneable(int)), {"x": None}, {"x": None}),
    (Map(bool, int), {True: 1}, {True: 1}),
    (Map(float, int), {1: 1}, {1: 1}),
    (Map(str, StringSource), {"x": {"env": "AQ_TEXT"}}, {"x": "hello"}),
    (Noneable(StringSource), {"env": "AQ_TEXT"}, "hello"),
    (Noneable(StringSource), None, None),
    ([StringSource], ["a", {"env": "AQ_TEXT"}], ["a", "hello"]),
    (Noneable(dict), {"a": "x"}, {"a": "x"}),
    (Noneable(Any), None, None),
    (Permissive(None), {"x": None}, {"x": None}),
    (
        {"a": Field(str, default_value="x"), "b": Field(int, default_value=2), "c": str},
        {"c": "k", "a": "m"},
        {"a": "m", "b": 2, "c": "k"},
    ),
    ({"a": {"b": {"c": {"d": Field(int, default_value=3)}}}}, {"a": {"b": {}}}, {"a": {"b": {"c": {"d": 3}}}}),
    (ScalarUnion(str, {"a": str}), "x", "x"),
    (ScalarUnion(int, list), ["x", 1], ["x", 1]),
    ({"x-y": int}, {"x-y": 1}, {"x-y": 1}),
    ({"": int}, {"": 1}, {"": 1}),
    ([Noneable(Any)], [None], [None]),
    (Permissive({"a": Noneable(int)}), {}, {"a": None}),
    (Permissive({"a": Field(int, is_required=False)}), {"a": 1}, {"a": 1}),
    ({"n": Noneable(Selector({"a": int, "b": str}))}, {"n": {"b": "x"}}, {"n": {"b": "x"}}),
    ({"n": Noneable([{"x": Field(int, default_value=0)}])}, {"n": [{}]}, {"n": [{"x": 0}]}),
    (dict, {"a": {1: 2}}, {"a": {1: 2}}),
    ({"a": dict}, {"a": {"b": {1: 2}}}, {"a": {"b": {1: 2}}}),
]

# (schema, value, paths of the bad values below the config of the op)
REFUSED: list[tuple[object, object, list[str]]] = [
    (int, True, [""]),
    (int, 1.0, [""]),
    (int, "1", [""]),
    (int, None, [""]),
    (float, "1.5", [""]),
    (str, 1, [""]),
    (str, None, [""]),
    (bool, 1, [""]),
    (bool, "true", [""]),
    (list, (1, 2), [""]),
    (list, None, [""]),
    (dict, [1], [""]),
    (dict, {1: 2}, [".1"]),
    (dict, None, [""]),
    (Field(int, default_value=3), None, [""]),
    (Field(int, is_required=False), None, [""]),
    (Noneable(int), "x", [""]),
    ({"a": int}, {}, [".a"]),
    ({"a": int}, None, [""]),
    ({"a": int}, {"a": 1, "b": 2}, [".b"]),
    ({"a": int}, {"a": "x"}, [".a"]),
    ({"a": int}, [], [""]),
    ({}, {"a": 1}, [".a"]),
    ({"a": Field(int, default_value=3)}, None, [""]),
    ({"a": {"b": int}}, {}, [".a"]),
    ({"a": Any}, {}, [".a"]),
    ({"a": list}, {}, [".a"]),
    (Permissive(), None, [""]),
    (Permissive(), [], [""]),
    (Permissive({"a": int}), {"b": 1}, [".a"]),
    (Permissive({"a": int}), {"a": "x", "z": 1}, [".a"]),
    (Shape({"a": int}, field_aliases={"a": "b"}), {"a": 1, "b": 2}, [".b"]),
    (Shape({"a": int}, field_aliases={"a": "b"}), {"c": 2}, [".c", ".a"]),
    (Selector({"a": int, "b": str}), {"a": 1, "b": "x"}, [""]),
    (Selector({"a": int, "b": str}), {}, [""]),
    (Selector({"a": int, "b": str}), None, [""]),
    (Selector({"a": int, "b": str}), {"c": 1}, [".c"]),
    (Selector({"a": int, "b": str}), {"a": "x"}, [".a"]),
    (Selector({"a": int, "b": str}), "a", [""]),
    (Selector({"a": int}), {}, [""]),
    (Selector({"a": int}), None, [""]),
    (Selector({"a": Field(int, default_value=5)}), None, [""]),
    (Selector({"a": {"b": Field(int, default_value=5)}, "c": int}), "a", [""]),
    (Selector({"a": {}, "c": int}), "a", [""]),
    (Selector({}), {}, [""]),
    ({"s": Selector({"a": int, "b": str})}, {}, [".s"]),
    ({"s": Selector({"a": Field(int, default_value=5), "b": Field(int, default_value=6)})}, {}, [".s"]),
    (Array(int), [1, "x", None], ["[1]", "[2]"]),
    (Array(int), (1, 2), [""]),
    (Array(int), None, [""]),
    ([int], 1, [""]),
    ([{"a": int}], [{"a": 1}, {}], ["[1].a"]),
    (Map(str, int), {1: 1}, [".1"]),
    (Map(str, int), {"a": "x"}, [".a"]),
    (Map(int, str), {"1": "x"}, [".1"]),
    (Map(str, int), [], [""]),
    (Map(str, int), None, [""]),
    ({"a": {str: int}}, {}, [".a"]),
    (Enum("E", [EnumValue("x"), EnumValue("y", 7)]), 7, [""]),
    (Enum("E", [EnumValue("x"), EnumValue("y", 7)]), "z", [""]),
    (Enum("E", []), "x", [""]),
    (Enum.from_python_enum(Color), Color.RED, [""]),
    (Enum.from_python_enum(Color), 1, [""]),
    (Enum.from_python_enum(Color), "red", [""]),
    (Enum.from_python_enum(Color), None, [""]),
    (Enum.from_python_enum(Alias), "B", [""]),
    (Enum.from_python_enum_direct_values(Color), "g", [""]),
    (Enum.from_python_enum_direct_values(Color), Color.RED, [""]),
    (ScalarUnion(int, {"a": str}), "x", [""]),
    (ScalarUnion(int, {"a": str}), {"b": "x"}, [".b", ".a"]),
    (ScalarUnion(int, {"a": str}), None, [""]),
    ({"u": ScalarUnion(int, {"a": Field(str, default_value="q")})}, {}, [".u"]),
    (ScalarUnion(int, [int]), ["x"], ["[0]"]),
    (ScalarUnion(int, [int]), {"a": 1}, [""]),
    (ScalarUnion(bool, {"a": str}), 1, [""]),
    (ScalarUnion(int, {"a": str}), True, [""]),
    (ScalarUnion(str, {"a": str}), [], [""]),
    (StringSource, {"env": "AQ_UNSET"}, [""]),
    (StringSource, 1, [""]),
    (StringSource, {"env": 1}, [".env"]),
    (StringSource, {"nev": "X"}, [""]),
    (StringSource, {}, [""]),
    (StringSource, None, [""]),
    (StringSource, {"env": "AQ_TEXT", "a": 1}, [""]),
    (IntSource, {"env": "AQ_BADNUM"}, [""]),
    (IntSource, {"env": "AQ_UNSET"}, [""]),
    (IntSource, {"env": "AQ_EMPTY"}, [""]),
    (IntSource, "3", [""]),
    (IntSource, True, [""]),
    (BoolSource, "true", [""]),
    (BoolSource, {"env": "AQ_UNSET"}, [""]),
    (BoolSource, 0, [""]),
    (StringSource, EnvVar("AQ_TEXT"), [""]),
    (str, EnvVar("AQ_TEXT"), [""]),
    ({"a": Field(StringSource, default_value={"env": "AQ_UNSET"})}, {}, [".a"]),
    (Field({"a": int, "b": int}, default_value={"a": 1, "b": 2}), {"a": 2}, [".b"]),
    ({"a": int, "b": int}, {"c": 1, "d": 1}, [".c", ".d", ".a", ".b"]),
    (
        {"a": {"b": int}, "c": [{"d": int}]},
        {"a": {"b": "x"}, "c": [{"d": 1}, {"d": "z", "e": 1}], "f": 1},
        [".f", ".a.b", ".c[1].e", ".c[1].d"],
    ),
    ({"ab": int}, {"ba": 1}, [".ba", ".ab"]),
    ({"a": int}, {1: 2}, [".1", ".a"]),
    (Permissive({"a": int}), {"a": 1, 2: 2}, [".2"]),
    (Permissive(), {2: 2}, [".2"]),
    ({"a": Field(Any)}, {}, [".a"]),
    (list, ["a", None], ["[1]"]),
    ({"a": Field(int, default_value=1)}, {"a": None}, [".a"]),
    ({"a": Field(int, is_required=False)}, {"a": None}, [".a"]),
    ({"a": {"b": Field(int, default_value=1)}}, {"a": None}, [".a"]),
    ({"a": Permissive()}, {"a": None}, [".a"]),
    ({"a": dict}, {"a": None}, [".a"]),
    ({"a": list}, {"a": None}, [".a"]),
    (Selector({"a": Field(int, default_value=5), "b": int}), {"a": None}, [".a"]),
    (Selector({"a": Field(int, is_required=False), "b": int}), {"a": None}, [".a"]),
    (Selector({"a": int, "b": int}), {"a": None}, [".a"]),
    (Selector({"a": {"x": int}, "b": int}), {"a": None}, [".a.x"]),
    (Selector({"a": Field({"x": int}, default_value={"x": 3}), "b": int}), {"a": None}, [".a.x"]),
    (Selector({"a": list, "b": int}), {"a": None}, [".a"]),
    (Selector({"a": int, "b": int}), {"c": 1, "d": 1}, [""]),
    (Selector({"a": int, "b": int}), {1: 1}, [".1"]),
    (Field(int, default_value=3), "x", [""]),
    (list, [None], ["[0]"]),
    ([Any], [None], ["[0]"]),
    ([[int]], [[1], 2], ["[1]"]),
    ({"a": Array(str)}, {"a": ["x", 3]}, [".a[1]"]),
    ({"a": Field(Noneable(str), is_required=True)}, {}, [".a"]),
    ({"a": Field(dict, is_required=True)}, {}, [".a"]),
    ({"a": Field({"b": Field(int, default_value=1)}, is_required=True)}, {}, [".a"]),
    (Map(str, int), {"x": None}, [".x"]),
    ([IntSource], ["a", {"env": "AQ_NUM"}], ["[0]"]),
    ({"a": IntSource, "b": StringSource}, {"a": {"env": "AQ_BADNUM"}, "b": {"env": "AQ_UNSET"}}, [".a", ".b"]),
    (Noneable({"a": int}), {"a": "x"}, [".a"]),
    (StringSource, {"env": None}, [".env"]),
    (Selector({"a": Field(str, is_required=False), "b": Field(str, is_required=False)}), {}, [""]),
    ({"a": int}, MappingProxyType({"a": 1}), [""]),
    (dict, MappingProxyType({"a": 1}), [""]),
    (Map(str, int), MappingProxyType({"a": 1}), [""]),
    (Shape({"a": int}, field_aliases={"z": "b"}), {"b": 1}, [".b", ".a"]),
    (Field(str, is_required=False), {"a": 1}, [""]),
    (str, Color.RED, [""]),
    (Map(str, Any), {"a": None}, [".a"]),
    ({"n": Noneable({"x": int})}, {"n": {"x": 1, "y": 2}}, [".n.y"]),
    (ScalarUnion(str, Selector({"env": str})), {}, [""]),
]

# (schema, what the op receives when no config is given)
DEFAULTS: list[tuple[object, object]] = [
    (dict, {}),
    (None, None),
    (Field(int, default_value=3), 3),
    (Field(int, is_required=False), None),
    (Field(int, is_required=False, default_value=3), 3),
    (Field(Noneable(int), default_value=None), None),
    (Field(Noneable(int)), None),
    (Noneable(int), None),
    ({}, {}),
    ({"a": Field(int, default_value=3)}, {"a": 3}),
    ({"a": Field(int, is_required=False)}, {}),
    ({"a": {"b": Field(int, default_value=3)}}, {"a": {"b": 3}}),
    (Permissive(), {}),
    (Shape({"a": Field(int, default_value=1)}, field_aliases={"a": "b"}), {"a": 1}),
    (Selector({"a": Field(int, default_value=5)}), {"a": 5}),
    (Field(Selector({"a": int, "b": str}), default_value={"a": 1}), {"a": 1}),
    (Field(Selector({"a": int, "b": str}), is_required=False), None),
    (Field(Enum.from_python_enum(Color), default_value="RED"), Color.RED),
    (Field(StringSource, default_value="x"), "x"),
    (Field(StringSource, default_value={"env": "AQ_TEXT"}), "hello"),
    (Field(StringSource, default_value=EnvVar("AQ_TEXT")), "hello"),
    (Field({"a": int}, default_value={"a": 1}), {"a": 1}),
    (Field([int], default_value=[1]), [1]),
    (Field(dict, default_value={}), {}),
    (Field(float, default_value=1), 1.0),
    (Field(Permissive({"a": Field(str, default_value="x")}), default_value={"k": 1}), {"a": "x", "k": 1}),
    (Selector({"a": Noneable(int)}), {"a": None}),
    (Selector({"a": {"b": Field(int, default_value=1)}}), {"a": {"b": 1}}),
    (Selector({"a": Field(int, is_required=False)}), {"a": None}),
    (Field(dict, is_required=False), None),
    ({"a": {"b": Field(Enum.from_python_enum(Color), default_value="RED")}}, {"a": {"b": Color.RED}}),
    (Field(Noneable(Enum.from_python_enum(Color)), default_value="RED"), Color.RED),
    (Noneable(list), None),
    (Field(Noneable(str), default_value="x"), "x"),
    (Field(float, default_value=True), 1.0),
    (Field(Noneable(float), default_value=1), 1.0),
    (Field(Any, is_required=False), None),
    (Field([{"a": Field(int, default_value=4)}], default_value=[{}]), [{"a": 4}]),
    (Field(Any, default_value={"k": 1}), {"k": 1}),
    ({"a": Field(Map(str, {"q": Field(int, default_value=4)}), default_value={"k": {}})}, {"a": {"k": {"q": 4}}}),
    (Noneable(None), None),
    (Field(IntSource, default_value=EnvVar("AQ_NUM")), 42),
    (Field([StringSource], default_value=["a", {"env": "AQ_TEXT"}]), ["a", "hello"]),
    (Field({}), {}),
    (Field(Enum.from_python_enum(Color), is_required=False), None),
]

# (schema, paths that are missing when no config is given)
NEEDED: list[tuple[object, list[str]]] = [
    (int, [""]),
    (list, [""]),
    (Any, [""]),
    (Field(Any), [""]),
    (Field(int), [""]),
    ({"a": int}, [".a"]),
    (Selector({"a": int, "b": str}), [""]),
    (Selector({"a": int}), [""]),
    (Selector({}), [""]),
    (Array(int), [""]),
    (Map(str, int), [""]),
    (Enum.from_python_enum(Color), [""]),
    (ScalarUnion(int, {"a": str}), [""]),
    (ScalarUnion(int, {"a": Field(str, default_value="q")}), [""]),
    (StringSource, [""]),
    (Field(None), [""]),
    (Field({"b": Field(int, default_value=1)}, is_required=True), [""]),
    (bool, [""]),
    (str, [""]),
    (float, [""]),
    ([None], [""]),
    (Array(None), [""]),
    (Map(str, None), [""]),
    ({str: None}, [""]),
]

# Refused when they are built, or as config_schema
NO_SCHEMA: list[Callable[[], object]] = [
    lambda: Field(int, is_required=True, default_value=3),
    lambda: Field(int, default_value="x"),
    lambda: Field(int, default_value=None),
    lambda: {"a": Field({"b": int}, default_value={})},
    lambda: Field(Selector({"a": int, "b": str}), default_value={"a": "x"}),
    lambda: Field(Selector({"a": int, "b": str}), default_value="a"),
    lambda: Field(Selector({"a": int, "b": str}), default_value={"a": 1, "b": "x"}),
    lambda: {"a": []},
    lambda: [int, str],
    lambda: Array(Field(int)),
    lambda: [Field(int)],
    lambda: Noneable(Field(int)),
    lambda: Map(dict, int),
    lambda: Map(list, int),
    lambda: Map(Any, int),
    lambda: Map(Noneable(str), int),
    lambda: Map(StringSource, int),
    lambda: {str: int, int: str},
    lambda: {str: int, "a": str},
    lambda: {1: int},
    lambda: {"a": {1: int}},
    lambda: {StringSource: int},
    lambda: {Noneable(str): int},
    lambda: Enum("E", [EnumValue("x"), EnumValue("x", 7)]),
    lambda: Enum("E", [EnumValue("x", 7), EnumValue("y", 7)]),
    lambda: Enum("E", [EnumValue("x", [])]),
    lambda: Enum("E", ["x"]),
    lambda: Enum("E", [EnumValue(1)]),
    lambda: Enum(1, [EnumValue("x")]),
    lambda: Field(Enum.from_python_enum(Color), default_value="red"),
    lambda: Field(Enum.from_python_enum(Color), default_value=Color.RED),
    lambda: Field(Enum.from_python_enum_direct_values(Color), default_value="g"),
    lambda: Field(Enum.from_python_enum_direct_values(Color), default_value=Color.GREEN),
    lambda: Color,
    lambda: {"a": Color},
    lambda: Field(Color),
    lambda: ScalarUnion(int, str),
    lambda: ScalarUnion(int, Permissive()),
    lambda: ScalarUnion(int, Map(str, int)),
    lambda: ScalarUnion(int, dict),
    lambda: ScalarUnion([int], {"a": str}),
    lambda: ScalarUnion(StringSource, {"a": str}),
    lambda: Field(IntSource, default_value="x"),
    lambda: 5,
    lambda: "int",
    lambda: set,
    lambda: tuple,
    lambda: object,
    lambda: {"a": 5},
    lambda: {"a": None},
    lambda: {"a": object},
    lambda: [5],
    lambda: {"a": [int, int]},
    lambda: Field(5),
    lambda: Field(Field(int)),
    lambda: Field(int, description=3),
    lambda: Field(int, is_required="yes"),
    lambda: Field({"a": int, "b": int}, default_value={"a": 1}),
    lambda: Field([int], default_value=["x"]),
    lambda: Field([int], default_value=1),
    lambda: Field(dict, default_value=1),
    lambda: Field(Map(str, int), default_value={"a": "x"}),
    lambda: Noneable(5),
    lambda: Array(5),
    lambda: Map(5, int),
    lambda: Map(int, 5),
    lambda: Selector(5),
    lambda: Selector({1: int}),
    lambda: Shape({1: int}),
    lambda: Shape(5),
    lambda: Shape({"a": 5}),
    lambda: Permissive({1: int}),
    lambda: Permissive(5),
    lambda: Field(Noneable(Enum.from_python_enum(Color)), default_value=Color.RED),
    lambda: {"a": Field({"c": Enum.from_python_enum(Color)}, default_value={"c": Color.RED})},
    lambda: Map(str, Field(int)),
    lambda: {str: Field(int)},
    lambda: Noneable,
    lambda: Array,
    lambda: Selector,
    lambda: Shape,
    lambda: Permissive,
    lambda: {"a": "int"},
    lambda: {"a": Field(object)},
    lambda: list[int],
    lambda: dict[str, int],
    lambda: {"a": ()},
    lambda: ({"a": int},),
    lambda: (int,),
    lambda: {"a": Field(Selector({"m": Field(int, default_value=2), "n": str}), default_value={"m": None})},
    lambda: Map(None, int),
    lambda: Selector({"a": None}),
    lambda: Field({"a": StringSource}, default_value={"a": EnvVar("AQ_TEXT")}),
    lambda: Field(str, default_value=EnvVar("AQ_TEXT")),
    lambda: Field(bool, default_value=1),
    lambda: Field([]),
    lambda: Field({"a": 5}),
    lambda: EnumValue("x"),
    lambda: Noneable(EnvVar("A")),
]


@pytest.mark.parametrize(("schema", "value", "expected"), ACCEPTED)
def test_accepts(schema: object, value: object, expected: object) -> None:
    check_schema(schema, "Op 'my_op'", None)
    result = process_config(schema, value, path=PATH)
    assert (result, type(result)) == (expected, type(expected))


@pytest.mark.parametrize(("schema", "value", "paths"), REFUSED)
def test_refuses(schema: object, value: object, paths: list[str]) -> None:
    check_schema(schema, "Op 'my_op'", None)
    with pytest.raises(ConfigError) as caught:
        process_config(schema, value, path=PATH)
    assert bad_paths(caught.value) == paths


@pytest.mark.parametrize(("schema", "expected"), DEFAULTS)
def test_default_without_config(schema: object, expected: object) -> None:
    result = schema_default(schema)
    assert (result, type(result)) == (expected, type(expected))
    assert not is_config_required(schema)


@pytest.mark.parametrize(("schema", "paths"), NEEDED)
def test_config_is_needed(schema: object, paths: list[str]) -> None:
    assert is_config_required(schema)
    with pytest.raises(ConfigError) as caught:
        schema_default(schema, path=PATH)
    assert bad_paths(caught.value) == paths


@pytest.mark.parametrize("build", NO_SCHEMA)
def test_is_no_schema(build: Callable[[], object]) -> None:
    with pytest.raises(DefinitionError):
        check_schema(build(), "Op 'my_op'", None)


def test_default_from_an_unset_variable_is_refused_only_when_it_is_read() -> None:
    schema = Field(StringSource, default_value={"env": "AQ_UNSET"})
    assert not is_config_required(schema)
    with pytest.raises(ConfigError, match="config reads the environment variable 'AQ_UNSET', which is not set"):
        schema_default(schema)


def test_error_suggests_the_nearest_field_and_names_the_location() -> None:
    with pytest.raises(ConfigError) as caught:
        process_config({"threshold": Field(int, is_required=False)}, {"treshold": 1}, path=PATH, location="defs.py:7")
    assert "ops.my_op.config.treshold is not defined; the fields are 'threshold'." in str(caught.value)
    assert "Did you mean 'threshold'?" in str(caught.value)
    assert caught.value.location == "defs.py:7"


def test_schema_error_names_owner_path_and_location() -> None:
    with pytest.raises(DefinitionError) as caught:
        check_schema({"a": {"b": Color}}, "Op 'my_op'", "defs.py:7")
    assert str(caught.value).startswith("Op 'my_op': config_schema.a.b is ")
    assert "Enum.from_python_enum(Color)" in str(caught.value)
    assert caught.value.location == "defs.py:7"


def test_secret_values_stay_out_of_messages() -> None:
    with pytest.raises(ConfigError) as caught:
        process_config({"key": Field(int, is_secret=True)}, {"key": "hunter2"}, path=PATH)
    assert "hunter2" not in str(caught.value)


def test_changing_config_leaves_the_default_alone() -> None:
    schema = {"a": Field(Any, default_value={"items": [1]})}
    received = process_config(schema, {}, path=PATH)
    assert isinstance(received, dict)
    received["a"]["items"].append(2)
    assert process_config(schema, {}, path=PATH) == {"a": {"items": [1]}}
