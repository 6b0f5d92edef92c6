"""What the values that ops give and report have in common: they compare and print by their parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, Self, TypeVar

from assetq.errors import InvariantError


class RecordValue:
    """Base of classes whose `__slots__` are arguments of their constructors."""

    __slots__: tuple[str, ...] = ()

    def _parts(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in type(self).__slots__}

    def _changed(self, **changes: Any) -> Self:
        return type(self)(**{**self._parts(), **changes})

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and isinstance(other, RecordValue) and self._parts() == other._parts()

    def __hash__(self) -> int:
        return hash((type(self), *(f"{name}={value!r}" for name, value in self._parts().items())))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self._parts().items())})"


class _Named(Protocol):
    @property
    def check_name(self) -> str | None: ...


N = TypeVar("N", bound=_Named)


def result_named(results: Sequence[N], name: str) -> N:
    """The result of the check of that name.

    Raises:
        InvariantError: There is none.
    """
    for result in results:
        if result.check_name == name:
            return result
    raise InvariantError(f"There is no result of a check '{name}'; there are {[r.check_name for r in results]}.")
