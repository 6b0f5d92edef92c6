"""A pydantic model as `config_schema`: the same fields, for functions that take the config as a dict."""

from __future__ import annotations

import enum
import inspect
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from assetq.definitions.config_field import Array, Field, Map, Noneable, Permissive, Selector, Shape
from assetq.definitions.config_plain import plain_config_value
from assetq.definitions.config_type import ANY, BoolSource, Enum, EnumValue, IntSource, StringSource

SCALARS: dict[Any, Any] = {str: StringSource, int: IntSource, bool: BoolSource, float: float}


def model_fields(model: type[BaseModel], without: frozenset[str] = frozenset()) -> dict[str, Field]:
    """The fields of a model as those of a schema, by name."""
    return {name: _field(each) for name, each in model.model_fields.items() if name not in without}


def model_schema(model: type[BaseModel], without: frozenset[str] = frozenset()) -> Field:
    """A model as a schema."""
    return Field(_shape(model, without))


def _shape(model: type[BaseModel], without: frozenset[str] = frozenset()) -> Any:
    is_open = model.model_config.get("extra") == "allow"
    return (Permissive if is_open else Shape)(model_fields(model, without))


def _field(info: FieldInfo) -> Field:
    kind = _union(info) if isinstance(info.discriminator, str) else _kind(info.annotation)
    default = info.get_default(call_default_factory=True, validated_data={})
    if default is PydanticUndefined:
        return Field(kind, description=info.description)
    if default is None:
        return Field(kind, is_required=False, description=info.description)
    return Field(kind, default_value=plain_config_value(default), description=info.description)


def _union(info: FieldInfo) -> Any:
    name = str(info.discriminator)
    models = {get_args(each.model_fields[name].annotation)[0]: each for each in get_args(info.annotation)}
    return Selector({kind: Field(_shape(each, frozenset({name}))) for kind, each in models.items()})


def _kind(annotation: Any) -> Any:
    if annotation in SCALARS:
        return SCALARS[annotation]
    if inspect.isclass(annotation) and issubclass(annotation, enum.Enum):
        return Enum.from_python_enum(annotation)
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        return _shape(annotation)
    return _container(get_origin(annotation) or annotation, get_args(annotation))


def _container(origin: Any, arguments: tuple[Any, ...]) -> Any:
    if origin is list:
        return Array(_kind(arguments[0])) if arguments else [ANY]
    if origin is dict:
        return Map(str, _kind(arguments[1])) if arguments else Permissive()
    if origin is Literal and all(isinstance(each, str) for each in arguments):
        return Enum("Literal", [EnumValue(each) for each in arguments])
    others = [each for each in arguments if each is not NoneType]
    if origin in (Union, UnionType) and len(others) == 1 and len(arguments) == 2:
        return Noneable(_kind(others[0]))
    return ANY
