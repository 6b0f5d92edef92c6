"""Turns run config into what pydantic validates, where Dagster's run config has a form of its own.

Enum members stand by name, a union that is told apart by a field stands as `{kind: {...}}`, and a scalar may be
`{"env": NAME}`. Scalars must have the type of their field: they are not turned into it.
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
from assetq.errors import ConfigError

SCALARS = (str, int, float, bool)
# Scalars of run config that pydantic would turn into something else.
ALLOWED: dict[type, tuple[type, ...]] = {int: (int,), float: (int, float), bool: (bool,)}
WORDS: dict[type, str] = {int: "a whole number", float: "a number", bool: "true or false"}


def read_model(model: type[BaseModel], data: Any, path: str) -> Any:
    """The values of a model's fields; what is no mapping is left to validation."""
    if not isinstance(data, Mapping):
        return data
    given = {**_implied(model, data), **data}
    fields = {field.alias or name: field for name, field in model.model_fields.items()} | model.model_fields
    return {name: _read_field(fields.get(name), value, f"{path}.{name}") for name, value in given.items()}


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
    return _read_value(field.annotation, _over_default(field, value), path)


def _over_default(field: FieldInfo, value: Any) -> Any:
    """A section over the default of its field: what it leaves out is as there."""
    if not isinstance(field.default, BaseModel) or not isinstance(value, Mapping):
        return value
    return {**{name: getattr(field.default, name) for name in field.default.model_fields_set}, **value}


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
        read = read_environment(value, path)
        return _checked(annotation, value, path) if read is value else read
    if inspect.isclass(annotation) and issubclass(annotation, Enum):
        return annotation[value] if isinstance(value, str) and value in annotation.__members__ else value
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        return read_model(annotation, value, path)
    return _read_container(annotation, value, path)


def _checked(annotation: type, value: Any, path: str) -> Any:
    """The value, where it has the type of the field; what pydantic refuses by itself is left to it."""
    allowed = ALLOWED.get(annotation)
    is_flag = isinstance(value, bool) and annotation is int
    if allowed is None or (isinstance(value, allowed) and not is_flag) or not isinstance(value, str | int | float):
        return value
    raise ConfigError(f"{path} is {value!r} ({type(value).__name__}); give {WORDS[annotation]}.")


def _read_container(annotation: Any, value: Any, path: str) -> Any:
    arguments = [argument for argument in get_args(annotation) if argument is not type(None)]
    if isinstance(value, list) and len(arguments) == 1:
        return [_read_value(arguments[0], item, f"{path}[{number}]") for number, item in enumerate(value)]
    if isinstance(value, Mapping) and get_origin(annotation) is dict and len(arguments) == 2:
        return {key: _read_value(arguments[1], item, f"{path}.{key}") for key, item in value.items()}
    is_optional = len(arguments) == 1 and len(get_args(annotation)) == 2
    return _read_value(arguments[0], value, path) if is_optional else value
