"""Where in the user's code something was defined."""

from __future__ import annotations

import contextlib
import inspect
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Any

from assetq.errors import DefinitionError

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


@dataclass(frozen=True, slots=True)
class SourceLocation:
    """A line of a file; as text `file:line`, relative to the current folder when it lies below it."""

    file: str
    line: int

    def __str__(self) -> str:
        try:
            relative = os.path.relpath(self.file)
        except (OSError, ValueError):  # the current folder is gone, or the file is on another drive
            relative = os.pardir
        return f"{self.file if relative.startswith(os.pardir) else relative}:{self.line}"


def location_of(fn: Callable[..., Any]) -> SourceLocation | None:
    """Where a function was defined, seen through its decorators; None for what has no Python code."""
    code = getattr(inspect.unwrap(fn), "__code__", None)
    return None if code is None else SourceLocation(os.path.abspath(code.co_filename), code.co_firstlineno)


def user_frame() -> FrameType | None:
    """The innermost running frame that is not assetq's own; None when there is none."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and is_own_file(frame.f_code.co_filename):
        frame = frame.f_back
    return frame


def is_own_file(file: str) -> bool:
    """True for files of this package and for generated code."""
    return file.startswith("<") or os.path.abspath(file).startswith(PACKAGE)


def user_location() -> SourceLocation | None:
    """The line of the user's code that is running."""
    frame = user_frame()
    return None if frame is None else SourceLocation(os.path.abspath(frame.f_code.co_filename), frame.f_lineno)


@contextlib.contextmanager
def located(asset: object = None, location: object | None = None) -> Iterator[None]:
    """Adds asset and location to a `DefinitionError` from the block that lacks them."""
    try:
        yield
    except DefinitionError as error:
        if error.location is not None:
            raise
        name = None if asset is None else str(asset)
        raise error.at(asset=name, location=location or user_location()) from error.__cause__
