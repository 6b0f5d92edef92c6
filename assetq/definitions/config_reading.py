"""Turns run config into what pydantic validates, where Dagster's run config has a form of its own.

Enum members stand by name, a union that is told apart by a field stands as `{kind: {...}}`, and a scalar may be
`{"env": NAME}`.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from enum import Enum
from types import NoneType
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from assetq.definitions.env_var import read_environment

SCALARS = (str, int, float, bool)


def read_model(model: type[BaseModel], data: Any, path: str) -> Any:
    """The values of a model's fields; what is no mapping is left to validation."""
    if not isinstance(data, Mapping):
        return data
    given = {**_implied(model, data), **data}
    return {name: _read_field(model.model_fields.get(name), value, f"{path}.{name}") for name, value in given.items()}


def _implied(model: type[BaseModel], data: Mapping[str, Any]) -> dict[str, Any]:
    """What fields without a default are when nothing is given: None where it is allowed, or a section of defaults."""
    implied: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        if not field.is_required() or name in data or field.alias in data:
            continue
        if NoneType in get_args(field.annotation):
            implied[field.alias or name] = None
        elif inspect.isclass(field.annotation) and issubclass(field.annotation, BaseModel):
            implied[field.alias or name] = {}
    return implied


def _read_field(field: FieldInfo | None, value: Any, path: str) -> Any:
    if field is None:
        return value
    if isinstance(field.discriminator, str):
        return _read_union(field, value, path)
    return _read_value(field.annotation, value, path)


def _read_union(field: FieldInfo, value: Any, path: str) -> Any:
    if not isinstance(value, Mapping) or len(value) != 1 or field.discriminator in value:
        return value
    kind, inner = next(iter(value.items()))
    name = str(field.discriminator)
    for model in get_args(field.annotation):
        tags = get_args(model.model_fields[name].annotation) if name in getattr(model, "model_fields", {}) else ()
        if kind in tags:
            return {**read_model(model, inner or {}, f"{path}.{kind}"), name: kind}
    return value


def _read_value(annotation: Any, value: Any, path: str) -> Any:
    if annotation in SCALARS:
        return read_environment(value, path)
    if inspect.isclass(annotation) and issubclass(annotation, Enum):
        return annotation[value] if isinstance(value, str) and value in annotation.__members__ else value
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        return read_model(annotation, value, path)
    return _read_container(annotation, value, path)


def _read_container(annotation: Any, value: Any, path: str) -> Any:
    arguments = [argument for argument in get_args(annotation) if argument is not type(None)]
    if isinstance(value, list) and len(arguments) == 1:
        return [_read_value(arguments[0], item, f"{path}[{number}]") for number, item in enumerate(value)]
    if isinstance(value, Mapping) and get_origin(annotation) is dict and len(arguments) == 2:
        return {key: _read_value(arguments[1], item, f"{path}.{key}") for key, item in value.items()}
    is_optional = len(arguments) == 1 and len(get_args(annotation)) == 2
    return _read_value(arguments[0], value, path) if is_optional else value
