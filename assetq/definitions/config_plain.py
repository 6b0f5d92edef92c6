"""The form that values have in run config."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from assetq.definitions.env_var import EnvVar, IntEnvVar


def plain_config_value(value: Any) -> Any:
    """The form of a value in run config: enum members by name, variables as `{"env": NAME}`."""
    if isinstance(value, BaseModel):
        return {name: plain_config_value(inner) for name, inner in value}
    if isinstance(value, EnvVar | IntEnvVar):
        return {"env": value.env_var_name}
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, Mapping):
        return {key: plain_config_value(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain_config_value(inner) for inner in value]
    return to_jsonable_python(value)
