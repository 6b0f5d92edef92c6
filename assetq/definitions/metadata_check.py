"""Checks of what metadata is built from."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping, Sequence
from typing import Any

from assetq.errors import DefinitionError

SHORT = reprlib.Repr()  # never walks through a large value
SHORT.maxstring = SHORT.maxother = 80


def expect(value: Any, kinds: type | tuple[type, ...], what: str, *, optional: bool = False) -> None:
    """Refuse a value of another type.

    Args:
        value: What was given.
        kinds: The types that are right.
        what: Names the value in the error, as "Class: argument".
        optional: None is right too.

    Raises:
        DefinitionError: The value has none of the types.
    """
    if isinstance(value, kinds) or (optional and value is None):
        return
    raise DefinitionError(f"{what} must be of type {_names(kinds)}; give one instead of {described(value)}.")


def expect_list(values: Any, kinds: type | tuple[type, ...], what: str) -> list[Any]:
    """The members as a list, so that what was read back equals what was written.

    Raises:
        DefinitionError: It is no sequence, or a member has another type.
    """
    if isinstance(values, str | bytes) or not isinstance(values, Sequence):
        raise DefinitionError(f"{what} must be a list of {_names(kinds)}; give one instead of {described(values)}.")
    for index, value in enumerate(values):
        expect(value, kinds, f"{what}[{index}]")
    return list(values)


def expect_mapping(values: Any, kinds: type | tuple[type, ...], what: str) -> dict[str, Any]:
    """The entries as a dict.

    Raises:
        DefinitionError: It is no mapping, a key is no text, or a value has another type.
    """
    expect(values, Mapping, what)
    for name, value in values.items():
        expect(name, str, f"{what}: key {name!r}")
        expect(value, kinds, f"{what}[{name!r}]")
    return dict(values)


def set_fields(target: Any, **values: Any) -> None:
    """Fill a frozen dataclass, for those whose arguments differ from their fields."""
    for name, value in values.items():
        object.__setattr__(target, name, value)


def described(value: Any) -> str:
    """A value and its type, short enough for an error."""
    return f"{SHORT.repr(value)} ({type(value).__name__})"


def _names(kinds: type | tuple[type, ...]) -> str:
    return " or ".join(kind.__name__ for kind in (kinds if isinstance(kinds, tuple) else (kinds,)))
