"""From what people write as an annotation to the type that values are checked against."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Mapping, Sequence
from inspect import Parameter
from typing import Any, TypeVar, get_args, get_origin

from assetq.definitions.container_type import DictType, ListType, OptionalType, SetType, TupleType
from assetq.definitions.dagster_type import (
    DagsterType,
    DagsterTypeKind,
    InstanceCheck,
    PythonObjectDagsterType,
    class_name,
)
from assetq.definitions.output import MaterializeResult, Nothing, Output
from assetq.definitions.type_check import TypeCheck, TypeCheckContext
from assetq.definitions.type_loader import DagsterTypeLoader
from assetq.errors import DefinitionError

T = TypeVar("T", bound=type)


class InferredType(DagsterType):
    """Instances of a class that was only ever written as an annotation."""

    def __init__(self, python_type: type) -> None:
        self.python_type = python_type
        qualified = f"{python_type.__module__}.{python_type.__qualname__}"
        super().__init__(InstanceCheck(python_type, class_name(python_type)), key=qualified, typing_type=python_type)

    @property
    def display_name(self) -> str:
        return self.python_type.__name__


def _scalar(python_type: type, name: str) -> DagsterType:
    check = InstanceCheck(python_type, python_type.__name__)
    return DagsterType(check, name=name, is_builtin=True, kind=DagsterTypeKind.SCALAR, typing_type=python_type)


def _check_nothing(_context: TypeCheckContext, value: object) -> TypeCheck:
    return TypeCheck(value is None, None if value is None else f"expected no value, got {type(value).__name__}")


ANY = DagsterType(InstanceCheck(object, "Any"), name="Any", is_builtin=True, kind=DagsterTypeKind.ANY)
NOTHING = DagsterType(
    _check_nothing, name="Nothing", is_builtin=True, kind=DagsterTypeKind.NOTHING, typing_type=type(None)
)
ANY_LIST = ListType(ANY)
ANY_DICT = PythonObjectDagsterType(dict, key="PythonDict", is_builtin=True)
ANY_SET = PythonObjectDagsterType(set, key="PythonSet", is_builtin=True)
ANY_TUPLE = PythonObjectDagsterType(tuple, key="PythonTuple", is_builtin=True)

BUILTINS: Mapping[type, DagsterType] = {
    int: _scalar(int, "Int"),
    float: _scalar(float, "Float"),
    str: _scalar(str, "String"),
    bool: _scalar(bool, "Bool"),
    list: ANY_LIST,
    dict: ANY_DICT,
    set: ANY_SET,
    tuple: ANY_TUPLE,
    type(None): NOTHING,
    Nothing: NOTHING,
    Output: ANY,
    MaterializeResult: ANY,
}
BARE_ALIASES: tuple[tuple[object, DagsterType], ...] = (
    (typing.List, ANY_LIST),  # noqa: UP006
    (typing.Sequence, ANY_LIST),
    (typing.Dict, ANY_DICT),  # noqa: UP006
    (typing.Mapping, ANY_DICT),
    (typing.Set, ANY_SET),  # noqa: UP006
    (typing.Tuple, ANY_TUPLE),  # noqa: UP006
)

_of_class: dict[type, DagsterType] = {}  # what was registered or inferred in this process


def resolve_dagster_type(annotation: object = Parameter.empty) -> DagsterType:
    """The type that an annotation stands for, as Dagster reads it.

    Args:
        annotation: A `DagsterType`, a class, a typing construct; None or nothing at all for a value of any type.

    Raises:
        DefinitionError: No check can be made of the annotation.
    """
    if isinstance(annotation, DagsterType):
        return annotation
    if annotation is None or annotation is Any or annotation is Parameter.empty:
        return ANY
    if isinstance(annotation, ContainerApi) and annotation.bare is not None:
        return annotation.bare
    for alias, bare in BARE_ALIASES:
        if annotation is alias:
            return bare
    if get_origin(annotation) is not None:
        return _of_alias(annotation)
    if isinstance(annotation, type):
        return _of_python_class(annotation)
    raise _refusal(annotation)


def _of_python_class(python_type: type) -> DagsterType:
    if issubclass(python_type, DagsterType):
        raise DefinitionError(f"{python_type.__name__} is a class of types; give an instance of it.")
    known = BUILTINS.get(python_type) or _of_class.get(python_type)
    return known or _of_class.setdefault(python_type, InferredType(python_type))


def _of_alias(annotation: object) -> DagsterType:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Output, MaterializeResult):
        return resolve_dagster_type(arguments[0])
    if origin in (typing.Union, types.UnionType):
        return _of_union(annotation, arguments)
    api = CONTAINERS.get(origin)
    if api is None or not arguments:
        raise _refusal(annotation)
    return api[arguments]


def _of_union(annotation: object, members: tuple[Any, ...]) -> DagsterType:
    # Dagster knows no other union, and reads this one in this order only.
    if len(members) != 2 or members[1] is not type(None):
        raise _refusal(annotation)
    return NOTHING if members[0] is Nothing else Optional[members[0]]


def _refusal(annotation: object) -> DefinitionError:
    if isinstance(annotation, str | typing.ForwardRef):
        hint = "The name was not found; import it where the function is defined"
    elif get_origin(annotation) in (typing.Union, types.UnionType):
        hint = "Of unions only 'X | None' is checked, None last"
    elif annotation is ... or get_origin(annotation) is tuple:
        hint = "A tuple needs a type for each place, or none at all"
    else:
        hint = "Annotate with a class, Any, or list, dict, set, tuple of such types"
    return DefinitionError(
        f"No type check can be made of the annotation {annotation!r}. {hint}; or declare the type with dagster_type."
    )


class ContainerApi:
    """Dagster's `List`, `Dict`, `Set`, `Tuple` or `Optional`: subscribed, it is a type.

    Args:
        name: Its name.
        make: Makes the type of the inner types.
        arity: How many inner types there are; None for any number.
        bare: The type when it stands alone, if it may.
    """

    def __init__(
        self, name: str, make: Callable[..., DagsterType], arity: int | None, bare: DagsterType | None = None
    ) -> None:
        self._name = name
        self._make = make
        self._arity = arity
        self.bare = bare

    def __getitem__(self, inner: object) -> DagsterType:
        arguments = inner if isinstance(inner, tuple) else (inner,)
        if self._arity is not None and len(arguments) != self._arity:
            raise DefinitionError(f"{self._name}[...] takes {self._arity} inner types, not {len(arguments)}.")
        if self._make in (ListType, OptionalType) and arguments[0] is None:
            raise DefinitionError(f"{self._name}[None] has no values to check; give an inner type.")
        return self._make(*(resolve_dagster_type(each) for each in arguments))

    def __repr__(self) -> str:
        return self._name


class ListApi(ContainerApi):
    """`List`, which can also be called with a `DagsterType`."""

    def __call__(self, inner_type: DagsterType) -> DagsterType:
        """The type of lists of `inner_type`."""
        if not isinstance(inner_type, DagsterType):
            raise DefinitionError(f"List(...) takes a DagsterType, not {inner_type!r}; for others write List[...].")
        return ListType(inner_type)


List = ListApi("List", ListType, 1, ANY_LIST)
Dict = ContainerApi("Dict", DictType, 2, ANY_DICT)
Set = ContainerApi("Set", SetType, 1, ANY_SET)
Tuple = ContainerApi("Tuple", TupleType, None, ANY_TUPLE)
Optional = ContainerApi("Optional", OptionalType, 1)

CONTAINERS: Mapping[Any, ContainerApi] = {
    list: List,
    Sequence: List,
    dict: Dict,
    Mapping: Dict,
    set: Set,
    tuple: Tuple,
}


def make_python_type_usable_as_dagster_type(python_type: type, dagster_type: DagsterType) -> None:
    """Check annotations with a class against a type of one's own. Mirrors Dagster's function.

    Raises:
        DefinitionError: An argument has the wrong type, or the class stands for another type already.
    """
    if not isinstance(python_type, type):
        raise DefinitionError(f"Only a class can stand for a Dagster type, not {python_type!r}.")
    if not isinstance(dagster_type, DagsterType):
        raise DefinitionError(f"Class {python_type.__name__} can stand for a DagsterType, not for {dagster_type!r}.")
    known = _of_class.setdefault(python_type, dagster_type)
    if known is dagster_type:
        return
    reason = (
        "an annotation used it before; register the class before the definitions that use it"
        if isinstance(known, InferredType)
        else f"it stands for {known.display_name}; a class is registered once"
    )
    raise DefinitionError(f"Class {python_type.__name__} cannot stand for {dagster_type.display_name}: {reason}.")


def usable_as_dagster_type(
    name: Any = None, description: str | None = None, loader: DagsterTypeLoader | None = None
) -> Any:
    """Class decorator: name and describe the type of a class. Mirrors Dagster's decorator.

    Args:
        name: Name of the type; that of the class when left out.
        description: Shown with the type.
        loader: Makes values from configuration.

    Raises:
        DefinitionError: What is decorated is no class, or stands for another type already.
    """
    if isinstance(name, type):
        return usable_as_dagster_type()(name)

    def register(python_type: T) -> T:
        made = PythonObjectDagsterType(python_type, name=name, description=description, loader=loader)
        make_python_type_usable_as_dagster_type(python_type, made)
        return python_type

    return register


def check_dagster_type(dagster_type: object, value: object) -> TypeCheck:
    """Check a value outside of a run, to test a type. Mirrors Dagster's function.

    What the type's function raises comes through.

    Raises:
        DefinitionError: Python's own generic types are refused here, as Dagster does.
    """
    is_alias = any(dagster_type is alias for alias, _ in BARE_ALIASES)
    if is_alias or get_origin(dagster_type) not in (None, Output, MaterializeResult):
        raise DefinitionError(
            f"check_dagster_type takes a DagsterType or a class, not {dagster_type!r}; use the library's own "
            "List, Dict, Set, Tuple or Optional."
        )
    resolved = resolve_dagster_type(dagster_type)
    return resolved.type_check(TypeCheckContext().scoped_to(()), value)
