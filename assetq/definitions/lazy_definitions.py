"""`@definitions`: definitions that are made when they are loaded."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from assetq.definitions.definitions import Definitions
from assetq.definitions.source_location import location_of
from assetq.errors import InvariantError


@dataclass(frozen=True, slots=True)
class LazyDefinitions:
    """A function that makes definitions; call it to have them.

    Attributes:
        load_fn: The function.
    """

    load_fn: Callable[[], Definitions]

    @property
    def has_context_arg(self) -> bool:
        """Always false: there is nothing that could be handed over."""
        return False

    def __call__(self, context: Any = None) -> Definitions:
        """The definitions.

        Raises:
            InvariantError: The function returns something else.
        """
        made = self.load_fn()
        if not isinstance(made, Definitions):
            raise InvariantError(
                f"'{self.load_fn.__name__}' returns {made!r}; a function under @definitions returns Definitions "
                f"({location_of(self.load_fn)})."
            )
        return made


def definitions(fn: Callable[[], Definitions]) -> LazyDefinitions:
    """Mark a function that makes the definitions of its module. Mirrors Dagster's `@definitions`.

    Args:
        fn: Takes nothing and returns `Definitions`; runs when the module is loaded as a code location.

    Raises:
        InvariantError: It takes arguments.
    """
    if inspect.signature(fn).parameters:
        raise InvariantError(
            f"'{fn.__name__}' takes arguments; a function under @definitions takes none ({location_of(fn)})."
        )
    return LazyDefinitions(fn)
