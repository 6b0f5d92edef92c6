"""Types that values are checked against when a step runs.

A `DagsterType` is a name and a function. What people write as annotations becomes one in `type_resolution`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from enum import Enum
from typing import Any, Union

from assetq.definitions.metadata import MetadataValue, normalize_metadata
from assetq.definitions.type_check import FAILED, PASSED, TypeCheck, TypeCheckContext, TypeCheckFunctionError
from assetq.definitions.type_loader import DagsterTypeLoader
from assetq.errors import DefinitionError

CheckFn = Callable[[TypeCheckContext, Any], TypeCheck | bool]


class DagsterTypeKind(Enum):
    """What family a type belongs to."""

    ANY = "ANY"
    SCALAR = "SCALAR"
    LIST = "LIST"
    NOTHING = "NOTHING"
    NULLABLE = "NULLABLE"
    REGULAR = "REGULAR"


class DagsterType:
    """A type that values are checked against. Mirrors Dagster's `DagsterType`.

    Args:
        type_check_fn: Function of (context, value) that returns a bool or a `TypeCheck`.
        key: Identifies the type; the name when left out.
        name: Unique name; may be left out when there is a key.
        is_builtin: True for types that come with the library.
        description: Shown with the type.
        loader: Makes values from configuration.
        required_resource_keys: Resources that the function uses.
        kind: Family of the type.
        typing_type: What the type is in Python's own annotations.
        metadata: Shown with the type.

    Raises:
        DefinitionError: An argument has the wrong type, or neither key nor name is given.
    """

    def __init__(
        self,
        type_check_fn: CheckFn,
        key: str | None = None,
        name: str | None = None,
        is_builtin: bool = False,
        description: str | None = None,
        loader: DagsterTypeLoader | None = None,
        required_resource_keys: Set[str] | None = None,
        kind: DagsterTypeKind = DagsterTypeKind.REGULAR,
        typing_type: Any = Any,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        self.key = _key_of(key, name)
        self._name = name
        _expect(self.key, "type_check_fn", type_check_fn, callable(type_check_fn), "a function")
        _refuse_wrong_arguments(self.key, type_check_fn)
        _expect(self.key, "description", description, isinstance(description, str | None), "text")
        _expect(self.key, "loader", loader, isinstance(loader, DagsterTypeLoader | None), "a DagsterTypeLoader")
        is_set = isinstance(required_resource_keys, set | frozenset | None)
        _expect(self.key, "required_resource_keys", required_resource_keys, is_set, "a set of resource keys")
        _expect(self.key, "kind", kind, isinstance(kind, DagsterTypeKind), "a DagsterTypeKind")
        self._type_check_fn = type_check_fn
        self.is_builtin = is_builtin
        self.description = description
        self.loader = loader
        self.required_resource_keys = frozenset(required_resource_keys or ())
        self.kind = kind
        self.typing_type = typing_type
        self.metadata: Mapping[str, MetadataValue] = normalize_metadata(metadata)

    def type_check(self, context: TypeCheckContext, value: object) -> TypeCheck:
        """What the type's function says of a value; what the function raises comes through.

        Raises:
            TypeCheckFunctionError: The function returned neither a bool nor a `TypeCheck`.
        """
        result: object = self._type_check_fn(context, value)
        if isinstance(result, TypeCheck):
            return result
        if isinstance(result, bool):
            return PASSED if result else FAILED
        raise TypeCheckFunctionError(
            f"The check of type {self.display_name} returned {result!r}, a {type(result).__name__}. "
            "It must return True, False or a TypeCheck."
        )

    def passes_all(self, values: Iterable[object]) -> bool:
        """True when it is told at once that values pass; False when each is to be checked."""
        check = self._type_check_fn
        is_own = type(self).type_check is DagsterType.type_check
        return is_own and isinstance(check, InstanceCheck) and check.passes_all(values)

    @property
    def display_name(self) -> str:
        """The name that messages use."""
        return self._name or self.key

    @property
    def has_unique_name(self) -> bool:
        """True when the type was given a name."""
        return self._name is not None

    @property
    def unique_name(self) -> str:
        """The name that the type was given.

        Raises:
            DefinitionError: It was given none.
        """
        if self._name is None:
            raise DefinitionError(f"Type {self.display_name} has no unique name; give DagsterType a name.")
        return self._name

    @property
    def inner_types(self) -> Sequence[DagsterType]:
        """Types of what a container holds, at any depth."""
        return ()

    @property
    def is_nothing(self) -> bool:
        """True when there is no value at all."""
        return self.kind is DagsterTypeKind.NOTHING

    @property
    def is_any(self) -> bool:
        """True when every value passes."""
        return self.kind is DagsterTypeKind.ANY

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DagsterType) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return f"DagsterType({self.display_name!r})"


class PythonObjectDagsterType(DagsterType):
    """Instances of a class, or of one of several. Mirrors Dagster's `PythonObjectDagsterType`.

    Args:
        python_type: The class, or a tuple of classes.
        key: As for `DagsterType`.
        name: Unique name; that of the class when left out.
        options: The other arguments of `DagsterType`.

    Raises:
        DefinitionError: `python_type` is no class.
    """

    def __init__(
        self,
        python_type: type | tuple[type, ...],
        key: str | None = None,
        name: str | None = None,
        **options: Any,
    ) -> None:
        self.python_type = python_type
        self.type_str = _class_names(python_type)
        super().__init__(
            type_check_fn=InstanceCheck(python_type, self.type_str),
            key=key,
            name=name or self.type_str,
            typing_type=Union[python_type] if isinstance(python_type, tuple) else python_type,  # noqa: UP007
            **options,
        )


@dataclass(frozen=True, slots=True)
class InstanceCheck:
    """A check function that passes the instances of a class.

    Args:
        python_type: The class, or a tuple of classes.
        expected: What the description of a failed check calls it.
    """

    python_type: type | tuple[type, ...]
    expected: str

    def __call__(self, _context: TypeCheckContext, value: object) -> TypeCheck:
        if isinstance(value, self.python_type):
            return PASSED
        return TypeCheck(False, f"expected {self.expected}, got {class_name(type(value))}")

    def passes_all(self, values: Iterable[object]) -> bool:
        """True when the classes of values alone tell that all pass; a class that decides by itself is to be asked."""
        wanted = self.python_type if isinstance(self.python_type, tuple) else (self.python_type,)
        return all(type(one) is type for one in wanted) and all(
            issubclass(found, wanted) for found in set(map(type, values))
        )


def class_name(python_type: type) -> str:
    """Name of a class with its module, unless it is one of Python's own."""
    name = python_type.__qualname__
    return name if python_type.__module__ == "builtins" else f"{python_type.__module__}.{name}"


def type_check(dagster_type: DagsterType, value: object, context: TypeCheckContext, where: str = "value") -> TypeCheck:
    """Check a value in a run.

    Args:
        dagster_type: The declared type.
        value: The value.
        context: Gives run, log and all resources; the function sees those that its type declares.
        where: Which value it is, for messages: "output 'result' of op 'orders'".

    Raises:
        TypeCheckFunctionError: The type's function raised, or returned neither a bool nor a `TypeCheck`.
    """
    try:
        return dagster_type.type_check(context.scoped_to(dagster_type.required_resource_keys), value)
    except TypeCheckFunctionError as error:
        raise TypeCheckFunctionError(f"On {where}: {error}") from error.__cause__
    except Exception as error:
        raise TypeCheckFunctionError(
            f"The check of {where} against type {dagster_type.display_name} raised {type(error).__name__} on a value "
            f"of type {type(value).__name__}: {error}. Correct the type's check function."
        ) from error


def _key_of(key: object, name: object) -> str:
    for role, text in (("key", key), ("name", name)):
        if text is not None and not isinstance(text, str):
            raise DefinitionError(f"DagsterType: {role} must be text, not {text!r}.")
    if key is None and name is None:
        raise DefinitionError("DagsterType: give a name or a key.")
    return str(name if key is None else key)


def _expect(key: str, argument: str, value: object, is_right: bool, wanted: str) -> None:
    if not is_right:
        raise DefinitionError(f"DagsterType '{key}': {argument} must be {wanted}, not {value!r}.")


def _refuse_wrong_arguments(key: str, fn: Callable[..., Any]) -> None:
    names = _argument_names(fn)
    taken = names[1:] if names[:1] == ["self"] else names
    if len(taken) != 2:
        raise DefinitionError(
            f"DagsterType '{key}': type_check_fn must take two arguments, context and value; it takes "
            f"{len(taken)} ({', '.join(taken) or 'none'})."
        )


def _argument_names(fn: Callable[..., Any]) -> list[str]:
    try:
        parameters = inspect.signature(fn).parameters.values()
    except ValueError:  # some functions written in C
        return []
    return [parameter.name for parameter in parameters if parameter.kind is parameter.POSITIONAL_OR_KEYWORD]


def _class_names(python_type: object) -> str:
    classes = python_type if isinstance(python_type, tuple) else (python_type,)
    for each in classes:
        if not isinstance(each, type):
            raise DefinitionError(f"PythonObjectDagsterType: python_type must be a class, not {each!r}.")
    names = ", ".join(each.__name__ for each in classes)
    return f"Union[{names}]" if isinstance(python_type, tuple) else names
