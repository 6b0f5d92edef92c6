"""What to write in place of something that is no config type."""

from __future__ import annotations

import enum
from typing import get_origin

from pydantic import BaseModel

from assetq.definitions.config_type import ConfigType


def instead_of(schema: object) -> str:
    """What to write in place of something that is no schema."""
    if isinstance(schema, list):
        return "a list holds exactly one type: [int]"
    if get_origin(schema) is not None:
        return "write [int] for a list, {str: int} for a mapping, Noneable(int) for an optional value"
    if isinstance(schema, type):
        return _instead_of_class(schema)
    return "use str, int, float, bool, list, dict, Any, a list or dict of those, or a type like Noneable(str)"


def _instead_of_class(schema: type) -> str:
    if issubclass(schema, ConfigType):
        return f"write what it is made of: {schema.__name__}(...)"
    if issubclass(schema, enum.Enum):
        return f"write Enum.from_python_enum({schema.__name__})"
    if issubclass(schema, BaseModel):
        return f"annotate the parameter of the op with it instead: config: {schema.__name__}"
    return "use str, int, float, bool, list, dict or Any"
