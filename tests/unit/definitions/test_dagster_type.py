"""Runtime types: what passes, what fails, what is refused, all as Dagster 1.13 does it."""

# The old spellings of typing are among the rows, and so are names that do not exist.
# ruff: noqa: F821, UP006, UP007, UP045

import collections
import collections.abc as abc
import dataclasses
import datetime
import decimal
import enum
import logging
import pathlib
import typing
from inspect import Parameter

import pytest

from assetq.definitions import (
    DagsterType,
    DagsterTypeLoaderContext,
    Dict,
    List,
    MaterializeResult,
    Nothing,
    Optional,
    Output,
    PythonObjectDagsterType,
    Set,
    Tuple,
    TypeCheck,
    TypeCheckContext,
    check_dagster_type,
    dagster_type_loader,
    make_python_type_usable_as_dagster_type,
    usable_as_dagster_type,
)
from assetq.definitions.dagster_type import type_check
from assetq.definitions.type_check import TypeCheckError, TypeCheckFunctionError
from assetq.definitions.type_loader import load_from_config
from assetq.definitions.type_resolution import resolve_dagster_type
from assetq.errors import ConfigError, DefinitionError

PASSES, FAILS, RAISES, REFUSED = "passes", "fails", "raises", "refused"


class Base:
    pass


class Derived(Base):
    pass


class Color(enum.Enum):
    RED = 1


@dataclasses.dataclass
class Point:
    x: int


class Pair(typing.NamedTuple):
    a: int


class Record(typing.TypedDict):
    a: int


class Plain(typing.Protocol):
    def go(self) -> None: ...


@typing.runtime_checkable
class Checkable(typing.Protocol):
    def go(self) -> None: ...


class Goes:
    def go(self) -> None: ...


Item = typing.TypeVar("Item")
UserId = typing.NewType("UserId", int)


class Box(typing.Generic[Item]):
    pass


One = DagsterType(lambda _, value: value == 1, name="One")

ROWS = [
    # scalars
    (int, 1, PASSES),
    (int, True, PASSES),
    (int, 1.0, FAILS),
    (int, "1", FAILS),
    (int, None, FAILS),
    (float, 1.0, PASSES),
    (float, 1, FAILS),
    (str, "a", PASSES),
    (str, b"a", FAILS),
    (bool, True, PASSES),
    (bool, 1, FAILS),
    (bytes, b"a", PASSES),
    (bytes, "a", FAILS),
    (complex, 1, FAILS),
    # anything and nothing
    (typing.Any, None, PASSES),
    (object, None, PASSES),
    (type(None), None, PASSES),
    (type(None), 1, FAILS),
    (Nothing, None, PASSES),
    (Nothing, 1, FAILS),
    (typing.Optional[Nothing], None, PASSES),
    # classes
    (Base, Derived(), PASSES),
    (Derived, Base(), FAILS),
    (Base, None, FAILS),
    (Color, Color.RED, PASSES),
    (Color, 1, FAILS),
    (Point, Point(1), PASSES),
    (Pair, Pair(1), PASSES),
    (Pair, (1,), FAILS),
    (datetime.datetime, datetime.date(2024, 1, 1), FAILS),
    (datetime.date, datetime.datetime(2024, 1, 1), PASSES),
    (decimal.Decimal, 1, FAILS),
    (pathlib.Path, pathlib.Path("a"), PASSES),
    (pathlib.Path, "a", FAILS),
    (type, int, PASSES),
    (Box, Box(), PASSES),
    (Checkable, Goes(), PASSES),
    (Checkable, 1, FAILS),
    (Plain, Goes(), RAISES),
    (Record, {"a": 1}, RAISES),
    (list[Record], [{"a": 1}], RAISES),
    # lists
    (list, [1], PASSES),
    (list, (1,), FAILS),
    (typing.List, [1], PASSES),
    (list[int], [], PASSES),
    (list[int], [1, True], PASSES),
    (list[int], [1, "a"], FAILS),
    (list[int], (1,), FAILS),
    (typing.List[int], ["a"], FAILS),
    (list[list[int]], [[1]], PASSES),
    (list[list[int]], [["a"]], FAILS),
    (list[Base], [Derived()], PASSES),
    (list[typing.Any], [1, "a"], PASSES),
    (list[int | None], [1, None], PASSES),
    (list[One], [1, 1], PASSES),
    (list[One], [1, 2], FAILS),
    (list[dict[str, int]], [{"a": "b"}], FAILS),
    (list[tuple[int, str]], [(1, "a")], PASSES),
    # sequences and mappings are lists and dicts
    (abc.Sequence[int], [1], PASSES),
    (abc.Sequence[int], (1,), FAILS),
    (typing.Sequence[int], ["a"], FAILS),
    (typing.Sequence, [1], PASSES),
    (typing.Sequence, 1, FAILS),
    (abc.Sequence, (1,), PASSES),
    (abc.Mapping[str, int], {"a": 1}, PASSES),
    (typing.Mapping[str, int], {"a": "b"}, FAILS),
    (typing.Mapping, 1, FAILS),
    (abc.Mapping, {}, PASSES),
    # dicts
    (dict, {1: 1}, PASSES),
    (dict, [1], FAILS),
    (typing.Dict, {1: 1}, PASSES),
    (dict[str, int], {}, PASSES),
    (dict[str, int], {"a": 1}, PASSES),
    (dict[str, int], {"a": "b"}, FAILS),
    (dict[str, int], {1: 1}, FAILS),
    (typing.Dict[str, list[int]], {"a": ["b"]}, FAILS),
    (dict[str, int | None], {"a": None}, PASSES),
    (dict[str, typing.Any], {1: 1}, FAILS),
    (dict[str, None], {"a": 1}, PASSES),
    (typing.Dict[str, None], {"a": 1}, FAILS),
    (collections.OrderedDict, {}, FAILS),
    (collections.OrderedDict, collections.OrderedDict(), PASSES),
    # tuples and sets
    (tuple, (1, 2), PASSES),
    (tuple, [1], FAILS),
    (typing.Tuple, (1,), PASSES),
    (tuple[int, str], (1, "a"), PASSES),
    (tuple[int, str], ("a", 1), FAILS),
    (tuple[int, str], (1,), FAILS),
    (tuple[int, str], (1, "a", 2), FAILS),
    (tuple[int, str], [1, "a"], FAILS),
    (tuple[int | None, str], (None, "a"), PASSES),
    (set, {1}, PASSES),
    (set, frozenset({1}), FAILS),
    (typing.Set, {1}, PASSES),
    (set[int], {1}, PASSES),
    (set[int], {"a"}, FAILS),
    (set[tuple[int, str]], {("a", 1)}, FAILS),
    (frozenset, frozenset({1}), PASSES),
    (frozenset, {1}, FAILS),
    # optional, and other unions
    (typing.Optional[int], None, PASSES),
    (typing.Optional[int], "a", FAILS),
    (int | None, 1, PASSES),
    (int | None, "a", FAILS),
    (typing.Optional[Base], 1, FAILS),
    (list[int] | None, ["a"], FAILS),
    (abc.Sequence[int] | None, None, PASSES),
    (typing.Optional[typing.Any], 1, PASSES),
    (None | int, 1, REFUSED),
    (int | str, 1, REFUSED),
    (typing.Union[int, str, None], 1, REFUSED),
    (list[int | str], [1], REFUSED),
    # Dagster's own
    (One, 1, PASSES),
    (One, 2, FAILS),
    (List, [1], PASSES),
    (List[int], ["a"], FAILS),
    (List[One], [1], PASSES),
    (Dict, {1: 1}, PASSES),
    (Dict[str, int], {"a": "b"}, FAILS),
    (Dict[str, None], {"a": 1}, PASSES),
    (Set, {1}, PASSES),
    (Set[int], {"a"}, FAILS),
    (Tuple, [1], FAILS),
    (Tuple[int, str], (1, "a"), PASSES),
    (Tuple[int], (1,), PASSES),
    (Optional[int], None, PASSES),
    (Optional[int], "a", FAILS),
    (List[Optional[int]], [None], PASSES),
    (Optional, 1, REFUSED),
    (PythonObjectDagsterType((int, str), name="IntOrStr"), "a", PASSES),
    (PythonObjectDagsterType((int, str), name="IntOrStr"), 1.0, FAILS),
    # nothing can check these
    (list[None], [None], REFUSED),
    (typing.List[None], [None], REFUSED),
    (typing.Set[None], {None}, REFUSED),
    (typing.Tuple[None, int], (None, 1), REFUSED),
    (tuple[int, ...], (1,), REFUSED),
    (tuple[()], (), REFUSED),
    (frozenset[int], frozenset({1}), REFUSED),
    (abc.Iterable[int], [1], REFUSED),
    (abc.MutableMapping[str, int], {}, REFUSED),
    (collections.deque[int], collections.deque([1]), REFUSED),
    (typing.Callable, len, REFUSED),
    (abc.Callable, len, PASSES),
    (abc.Callable[[int], int], len, REFUSED),
    (type[int], int, REFUSED),
    (Item, 1, REFUSED),
    (list[Item], [1], REFUSED),
    (typing.Literal["a"], "a", REFUSED),
    (typing.Annotated[int, "x"], 1, REFUSED),
    (UserId, 1, REFUSED),
    (Box[int], Box(), REFUSED),
    (typing.Hashable, 1, REFUSED),
    ("NoSuchName", 1, REFUSED),
    (list["NoSuchName"], [1], REFUSED),
    (typing.List["NoSuchName"], [1], REFUSED),
    (5, 5, REFUSED),
    ({}, {}, REFUSED),
    (..., 1, REFUSED),
    (DagsterType, 1, REFUSED),
    # what is around the value is taken off
    (Output, 1, PASSES),
    (Output[int], 1, PASSES),
    (Output[int], "a", FAILS),
    (Output[list[int]], ["a"], FAILS),
    (MaterializeResult[int], "a", FAILS),
    (MaterializeResult[None], 1, FAILS),
    (typing.Optional[Output[int]], None, PASSES),
    (list[Output[int]], ["a"], FAILS),
]


def outcome(annotation, value):
    try:
        dagster_type = resolve_dagster_type(annotation)
    except DefinitionError:
        return REFUSED
    try:
        check = type_check(dagster_type, value, TypeCheckContext())
    except TypeCheckFunctionError:
        return RAISES
    return PASSES if check.success else FAILS


@pytest.mark.parametrize(("annotation", "value", "expected"), ROWS)
def test_as_dagster(annotation, value, expected):
    assert outcome(annotation, value) == expected


@pytest.mark.parametrize("none", [None, Parameter.empty])
def test_without_annotation_anything_passes(none):
    assert resolve_dagster_type(none).is_any
    assert resolve_dagster_type().is_any


@pytest.mark.parametrize(
    ("annotation", "key", "name"),
    [
        (int, "Int", "Int"),
        (list, "List.Any", "[Any]"),
        (list[int | None], "List.Optional.Int", "[Int?]"),
        (dict[str, list[int]], "TypedPythonDict.String.List.Int", "Dict[String,[Int]]"),
        (set[int], "TypedPythonSet.Int", "Set[Int]"),
        (tuple[int, str], "TypedPythonTupleInt.String", "Tuple[Int,String]"),
        (dict, "PythonDict", "dict"),
        (Nothing, "Nothing", "Nothing"),
    ],
)
def test_keys_and_names(annotation, key, name):
    resolved = resolve_dagster_type(annotation)
    assert (resolved.key, resolved.display_name) == (key, name)


def test_inner_types_at_any_depth():
    names = [each.display_name for each in resolve_dagster_type(dict[str, list[int]]).inner_types]
    assert names == ["String", "[Int]", "Int"]


def test_typing_types():
    assert resolve_dagster_type(list[int]).typing_type == list[int]
    assert resolve_dagster_type(int | None).typing_type == typing.Optional[int]
    assert resolve_dagster_type(dict[str, typing.Any]).typing_type == dict[str, typing.Any]


def test_types_with_the_same_key_are_equal():
    assert resolve_dagster_type(list[int]) == List[int]
    assert len({List[int], List[int], List[str]}) == 2


@pytest.mark.parametrize(
    ("annotation", "value", "description"),
    [
        (int, "a", "expected int, got str"),
        (bytes, decimal.Decimal(1), "expected bytes, got decimal.Decimal"),
        (decimal.Decimal, 1, "expected decimal.Decimal, got int"),
        (list[int], [1, "a"], "item 1: expected int, got str"),
        (list[One], [2], "item 0: no One, but a int"),
        (dict[str, list[int]], {"a": [None]}, "a value: item 0: expected int, got NoneType"),
        (dict[str, int], {1: 1}, "a key: expected str, got int"),
        (tuple[int, str], (1,), "expected 2 items in the tuple, got 1"),
    ],
)
def test_descriptions_say_where(annotation, value, description):
    check = type_check(resolve_dagster_type(annotation), value, TypeCheckContext())
    assert check.description == description


def test_a_failed_item_keeps_its_metadata():
    failing = DagsterType(lambda _, value: TypeCheck(False, "bad", {"rows": 3}), name="Failing")
    check = check_dagster_type(List[failing], [1])
    assert (check.description, check.metadata["rows"].value) == ("item 0: bad", 3)


@pytest.mark.parametrize(
    ("annotation", "hint"),
    [("Orders", "not found"), (int | str, "None last"), (tuple[int, ...], "each place"), (abc.Iterable[int], "list")],
)
def test_a_refusal_says_what_to_write(annotation, hint):
    with pytest.raises(DefinitionError, match=hint):
        resolve_dagster_type(annotation)


@pytest.mark.parametrize("result", [1, None, "yes"])
def test_a_check_must_return_a_bool_or_a_type_check(result):
    with pytest.raises(TypeCheckFunctionError, match=r"On output 'x'.*Strict returned"):
        type_check(DagsterType(lambda _, value: result, name="Strict"), 1, TypeCheckContext(), "output 'x'")


def test_what_a_check_raises_is_the_cause():
    broken = DagsterType(lambda _, value: 1 / value, name="Broken")
    with pytest.raises(
        TypeCheckFunctionError, match="Broken raised ZeroDivisionError on a value of type int"
    ) as caught:
        type_check(broken, 0, TypeCheckContext())
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    with pytest.raises(ZeroDivisionError):
        check_dagster_type(broken, 0)


def test_the_error_names_type_value_and_output():
    check = TypeCheck(False, "too small.", {"limit": 5})
    error = TypeCheckError.of(One, 2, check, "output 'result' of op 'orders'")
    assert str(error) == (
        "Output 'result' of op 'orders' is declared as One, but a value of type int did not pass its check: "
        "too small. Correct the value or the declared type."
    )
    assert (error.description, error.metadata["limit"].value, error.dagster_type) == (str(error), 5, One)


def test_a_check_sees_run_log_and_declared_resources():
    seen = []
    check = DagsterType(lambda context, _: bool(seen.append(context)) or True, name="S", required_resource_keys={"db"})
    given = TypeCheckContext("run1", logging.getLogger("t"), {"db": 7, "other": 8})
    assert type_check(check, 1, given).success
    assert (seen[0].run_id, seen[0].log.name, seen[0].resources.db) == ("run1", "t", 7)
    with pytest.raises(AttributeError, match="'other' is not declared"):
        _ = seen[0].resources.other


@pytest.mark.parametrize("inner", [List, Optional, Set])
def test_containers_do_not_pass_on_resource_keys(inner):
    needs = DagsterType(lambda _, value: True, name="Needs", required_resource_keys={"db"})
    assert inner[needs].required_resource_keys == frozenset()


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"name": 5},
        {"name": "n", "kind": "x"},
        {"name": "n", "loader": len},
        {"name": "n", "description": 1},
        {"name": "n", "required_resource_keys": ["db"]},
        {"name": "n", "type_check_fn": 5},
        {"name": "n", "type_check_fn": isinstance},
        {"name": "n", "type_check_fn": lambda value: True},
        {"name": "n", "type_check_fn": lambda context, value, more: True},
        {"name": "n", "type_check_fn": lambda *both: True},
    ],
)
def test_bad_definitions_are_refused(arguments):
    with pytest.raises(DefinitionError):
        DagsterType(**({"type_check_fn": lambda context, value: True} | arguments))


def test_names():
    keyed = DagsterType(lambda _, value: True, key="k")
    assert (keyed.display_name, keyed.has_unique_name, One.unique_name, One.key) == ("k", False, "One", "One")
    with pytest.raises(DefinitionError, match="no unique name"):
        _ = keyed.unique_name


def test_python_object_type_takes_its_name_from_the_class():
    one, several = PythonObjectDagsterType(Base, description="d"), PythonObjectDagsterType((Base, Point))
    assert (one.key, one.unique_name, one.description, one.typing_type) == ("Base", "Base", "d", Base)
    assert (several.key, several.typing_type) == ("Union[Base, Point]", typing.Union[Base, Point])
    with pytest.raises(DefinitionError, match="must be a class"):
        PythonObjectDagsterType(5)


def test_a_type_check_is_checked():
    with pytest.raises(DefinitionError, match="success"):
        TypeCheck(1)
    with pytest.raises(DefinitionError, match="description"):
        TypeCheck(True, 5)
    with pytest.raises(DefinitionError, match="metadata"):
        TypeCheck(True, metadata={"a": object()})
    assert TypeCheck(True, metadata={"a": 1}) == TypeCheck(True, None, {"a": 1})


def test_a_class_can_be_registered_once():
    class Mine:
        pass

    make_python_type_usable_as_dagster_type(Mine, One)
    make_python_type_usable_as_dagster_type(Mine, One)
    assert resolve_dagster_type(Mine) is One
    assert resolve_dagster_type(list[Mine]).key == "List.One"
    with pytest.raises(DefinitionError, match="registered once"):
        make_python_type_usable_as_dagster_type(Mine, DagsterType(lambda _, value: True, name="Two"))


def test_a_class_cannot_be_registered_after_its_use():
    class Used:
        pass

    assert resolve_dagster_type(Used) is resolve_dagster_type(Used)
    with pytest.raises(DefinitionError, match="before the definitions"):
        make_python_type_usable_as_dagster_type(Used, One)


def test_registering_a_builtin_changes_nothing():
    make_python_type_usable_as_dagster_type(int, One)
    assert resolve_dagster_type(int).key == "Int"


@pytest.mark.parametrize(("python_type", "dagster_type"), [(5, One), (Base, 5)])
def test_bad_registrations_are_refused(python_type, dagster_type):
    with pytest.raises(DefinitionError):
        make_python_type_usable_as_dagster_type(python_type, dagster_type)


def test_usable_as_dagster_type():
    @usable_as_dagster_type
    class Bare:
        """Not the description."""

    @usable_as_dagster_type(name="Named", description="d")
    class Other:
        pass

    bare, other = resolve_dagster_type(Bare), resolve_dagster_type(Other)
    assert (bare.key, bare.description, other.key, other.description) == ("Bare", None, "Named", "d")
    assert (check_dagster_type(Bare, Bare()).success, check_dagster_type(Bare, 1).success) == (True, False)
    with pytest.raises(DefinitionError):
        usable_as_dagster_type(Bare)


@pytest.mark.parametrize("annotation", [list[int], typing.List, typing.Optional[int], int | None, abc.Sequence[int]])
def test_check_dagster_type_refuses_generic_types_of_python(annotation):
    with pytest.raises(DefinitionError, match="the library's own"):
        check_dagster_type(annotation, [1])


def test_check_dagster_type():
    assert check_dagster_type(List[int], [1]) == TypeCheck(True)
    assert not check_dagster_type(Output[int], "a").success
    assert check_dagster_type(None, "a").success


@pytest.mark.parametrize(
    "make",
    [
        lambda: List[None],
        lambda: List[Nothing],
        lambda: Optional[Nothing],
        lambda: Set[Nothing],
        lambda: Tuple[Nothing, int],
        lambda: Dict[str],
        lambda: Set[int, str],
        lambda: List(int),
    ],
)
def test_bad_containers_are_refused(make):
    with pytest.raises(DefinitionError):
        make()


def test_list_can_be_called_with_a_type():
    assert List(One) == List[One]


def load(loader, config, resources=None):
    return load_from_config(loader, config, TypeCheckContext(resources=resources or {}), where="ops.o.inputs.x")


def test_a_loader_makes_a_value_from_config():
    @dagster_type_loader({"path": str}, required_resource_keys={"db"})
    def loader(context, config):
        assert isinstance(context, DagsterTypeLoaderContext)
        return (context.resources.db, config)

    assert DagsterType(lambda _, value: True, name="Loaded", loader=loader).loader is loader
    assert loader.required_resource_keys() == {"db"}
    assert load(loader, {"path": "p"}, {"db": 7}) == (7, {"path": "p"})


@pytest.mark.parametrize("config", [{"path": 3}, {}, {"path": "p", "more": 1}, 5])
def test_config_that_a_loader_cannot_take(config):
    loader = dagster_type_loader({"path": str})(lambda context, config: config)
    with pytest.raises(ConfigError, match=r"ops\.o\.inputs\.x"):
        load(loader, config)


def test_bad_loaders_are_refused():
    with pytest.raises(DefinitionError, match="must take 'context'"):
        dagster_type_loader(int)(lambda value: value)
    with pytest.raises(DefinitionError, match="no config schema"):
        dagster_type_loader(object())
