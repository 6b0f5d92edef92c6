"""Where in the user's code something was defined."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class SourceLocation:
    """A line of a file; as text `file:line`, relative to the current folder when it lies below it."""

    file: str
    line: int

    def __str__(self) -> str:
        relative = os.path.relpath(self.file)
        return f"{self.file if relative.startswith('..') else relative}:{self.line}"


def location_of(fn: Callable[..., Any]) -> SourceLocation | None:
    """Where a function was defined; None for what has no Python code."""
    code = getattr(inspect.unwrap(fn), "__code__", None)  # of what decorators wrapped, the function itself
    if code is None:
        return None
    return SourceLocation(os.path.abspath(code.co_filename), code.co_firstlineno)


def file_relative_path(dunderfile: str, relative_path: str) -> str:
    """The absolute path of a file that lies beside a module's. Mirrors Dagster's `file_relative_path`.

    Args:
        dunderfile: The module's `__file__`.
        relative_path: Path from the module's folder.
    """
    return os.path.abspath(os.path.join(os.path.dirname(dunderfile), relative_path))
