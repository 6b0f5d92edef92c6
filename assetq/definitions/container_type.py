"""Types of containers: the container's own class first, then each thing that it holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Optional

from assetq.definitions.dagster_type import DagsterType, DagsterTypeKind
from assetq.definitions.type_check import PASSED, TypeCheck, TypeCheckContext
from assetq.errors import DefinitionError

_Part = tuple[str | int, DagsterType, object]  # where it stands, what it must be, what it is


class ContainerType(DagsterType):
    """A type made of other types."""

    _held: tuple[DagsterType, ...]

    @property
    def inner_types(self) -> Sequence[DagsterType]:
        """Types of what the container holds, at any depth."""
        return [each for held in self._held for each in (held, *held.inner_types)]


class OptionalType(ContainerType):
    """A value of a type, or None."""

    def __init__(self, inner_type: DagsterType) -> None:
        _refuse_nothing("Optional", inner_type)
        self.inner_type = inner_type
        self._held = (inner_type,)
        super().__init__(
            self._check,
            key=f"Optional.{inner_type.key}",
            kind=DagsterTypeKind.NULLABLE,
            typing_type=Optional[inner_type.typing_type],  # noqa: UP045
        )

    @property
    def display_name(self) -> str:
        return f"{self.inner_type.display_name}?"

    def _check(self, context: TypeCheckContext, value: object) -> TypeCheck:
        return PASSED if value is None else self.inner_type.type_check(context, value)


class ListType(ContainerType):
    """A list whose items are of one type."""

    def __init__(self, inner_type: DagsterType) -> None:
        _refuse_nothing("List", inner_type)
        self.inner_type = inner_type
        self._held = (inner_type,)
        super().__init__(
            self._check,
            key=f"List.{inner_type.key}",
            kind=DagsterTypeKind.LIST,
            typing_type=_alias(list, inner_type),
        )

    @property
    def display_name(self) -> str:
        return f"[{self.inner_type.display_name}]"

    def _check(self, context: TypeCheckContext, value: object) -> TypeCheck:
        if not isinstance(value, list):
            return _wrong_class("list", value)
        if self.inner_type.passes_all(value):
            return PASSED
        return _first_failure(context, ((i, self.inner_type, item) for i, item in enumerate(value)))


class SetType(ContainerType):
    """A set whose items are of one type."""

    def __init__(self, inner_type: DagsterType) -> None:
        _refuse_nothing("Set", inner_type)
        self._held = (inner_type,)
        super().__init__(self._check, key=f"TypedPythonSet.{inner_type.key}", typing_type=_alias(set, inner_type))

    @property
    def display_name(self) -> str:
        return f"Set[{self._held[0].display_name}]"

    def _check(self, context: TypeCheckContext, value: object) -> TypeCheck:
        if not isinstance(value, set):
            return _wrong_class("set", value)
        if self._held[0].passes_all(value):
            return PASSED
        return _first_failure(context, (("an item", self._held[0], item) for item in value))


class DictType(ContainerType):
    """A dict whose keys are of one type, and its values of one."""

    def __init__(self, key_type: DagsterType, value_type: DagsterType) -> None:
        self._held = (key_type, value_type)
        super().__init__(
            self._check,
            key=f"TypedPythonDict.{key_type.key}.{value_type.key}",
            typing_type=_alias(dict, key_type, value_type),
        )

    @property
    def display_name(self) -> str:
        return f"Dict[{self._held[0].display_name},{self._held[1].display_name}]"

    def _check(self, context: TypeCheckContext, value: object) -> TypeCheck:
        if not isinstance(value, dict):
            return _wrong_class("dict", value)
        key_type, value_type = self._held
        if key_type.passes_all(value) and value_type.passes_all(value.values()):
            return PASSED
        return _first_failure(context, self._parts(value))

    def _parts(self, value: dict[object, object]) -> Iterator[_Part]:
        key_type, value_type = self._held
        for key, item in value.items():
            yield "a key", key_type, key
            yield "a value", value_type, item


class TupleType(ContainerType):
    """A tuple with a type for each of its places."""

    def __init__(self, *types: DagsterType) -> None:
        _refuse_nothing("Tuple", *types)
        self._held = types
        super().__init__(
            self._check,
            key=f"TypedPythonTuple{'.'.join(each.key for each in types)}",
            typing_type=_alias(tuple, *types),
        )

    @property
    def display_name(self) -> str:
        return f"Tuple[{','.join(each.display_name for each in self._held)}]"

    def _check(self, context: TypeCheckContext, value: object) -> TypeCheck:
        if not isinstance(value, tuple):
            return _wrong_class("tuple", value)
        if len(value) != len(self._held):
            return TypeCheck(False, f"expected {len(self._held)} items in the tuple, got {len(value)}")
        places = zip(self._held, value, strict=True)
        return _first_failure(context, ((i, each, item) for i, (each, item) in enumerate(places)))


def _first_failure(context: TypeCheckContext, parts: Iterable[_Part]) -> TypeCheck:
    for place, dagster_type, part in parts:
        check = dagster_type.type_check(context, part)
        if not check.success:
            found = check.description or f"no {dagster_type.display_name}, but a {type(part).__name__}"
            label = f"item {place}" if isinstance(place, int) else place
            return TypeCheck(False, f"{label}: {found}", check.metadata)
    return PASSED


def _wrong_class(expected: str, value: object) -> TypeCheck:
    return TypeCheck(False, f"expected {expected}, got {type(value).__name__}")


def _refuse_nothing(container: str, *types: DagsterType) -> None:
    if any(each.is_nothing for each in types):
        raise DefinitionError(f"{container}[...] cannot hold Nothing, which has no values. Use a type that has some.")


def _alias(container: Any, *types: DagsterType) -> Any:
    return container[tuple(each.typing_type for each in types)]
