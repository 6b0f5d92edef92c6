"""Values of a type made from configuration."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError, create_model
from pydantic.errors import PydanticUserError

from assetq.definitions.config import Config
from assetq.definitions.type_check import TypeCheckContext
from assetq.errors import ConfigError, DefinitionError

CONTEXT_NAMES = ("context", "_context", "context_", "_")


@dataclass(frozen=True, slots=True)
class DagsterTypeLoaderContext(TypeCheckContext):
    """The first argument of a loader function. Mirrors Dagster's `DagsterTypeLoaderContext`."""


class DagsterTypeLoader(ABC):
    """Makes a value from configuration. Mirrors Dagster's `DagsterTypeLoader`."""

    @property
    @abstractmethod
    def schema_type(self) -> Any:
        """Python type of the configuration."""

    @abstractmethod
    def construct_from_config_value(self, context: Any, config_value: Any) -> Any:
        """The value for configuration that was validated."""

    def required_resource_keys(self) -> frozenset[str]:
        """Resources that the loader uses."""
        return frozenset()


class _FunctionLoader(DagsterTypeLoader):
    def __init__(self, schema: Any, fn: Callable[[Any, Any], Any], required: frozenset[str]) -> None:
        self._schema = schema
        self._fn = fn
        self._required = required

    @property
    def schema_type(self) -> Any:
        return self._schema

    def construct_from_config_value(self, context: Any, config_value: Any) -> Any:
        return self._fn(context, config_value)

    def required_resource_keys(self) -> frozenset[str]:
        return self._required


def dagster_type_loader(
    config_schema: Any, required_resource_keys: Set[str] | None = None
) -> Callable[[Callable[[Any, Any], Any]], DagsterTypeLoader]:
    """Decorator: a function of context and configuration becomes a loader. Mirrors Dagster's.

    Args:
        config_schema: Type of the configuration, or a mapping of field name to type.
        required_resource_keys: Resources that the function uses.

    Raises:
        DefinitionError: The schema is none, or the function does not take a context first.
    """
    schema = _schema(config_schema)

    def decorate(fn: Callable[[Any, Any], Any]) -> DagsterTypeLoader:
        names = list(inspect.signature(fn).parameters)
        if len(names) < 2 or names[0] not in CONTEXT_NAMES:
            raise DefinitionError(
                f"Type loader '{fn.__name__}' must take 'context' and the config value, not ({', '.join(names)})."
            )
        return _FunctionLoader(schema, fn, frozenset(required_resource_keys or ()))

    return decorate


def load_from_config(loader: DagsterTypeLoader, config_value: Any, context: TypeCheckContext, *, where: str) -> Any:
    """The value that a loader makes of configuration.

    Args:
        loader: The type's loader.
        config_value: The plain configuration.
        context: Gives the resources that the loader declares.
        where: Path of the value in the run config, for the message.

    Raises:
        ConfigError: The configuration does not fit the loader's schema.
    """
    try:
        valid = TypeAdapter(loader.schema_type).validate_python(config_value, strict=True)
    except ValidationError as error:
        problem = error.errors()[0]
        path = "".join(f".{part}" for part in problem["loc"])
        raise ConfigError(f"Config at {where}{path} does not validate: {problem['msg']}.") from None
    scoped = context.scoped_to(loader.required_resource_keys())
    made_for = DagsterTypeLoaderContext(scoped.run_id, scoped.log, scoped.resources)
    return loader.construct_from_config_value(made_for, _plain(valid))


def _schema(config_schema: Any) -> Any:
    try:
        schema = _model(config_schema) if isinstance(config_schema, Mapping) else config_schema
        TypeAdapter(schema)
    except (PydanticUserError, TypeError) as error:
        raise DefinitionError(f"{config_schema!r} is no config schema of a type loader: {error}.") from None
    return schema


def _model(fields: Mapping[str, Any]) -> type[BaseModel]:
    typed: dict[str, Any] = {name: (_schema(declared), ...) for name, declared in fields.items()}
    return create_model("LoaderConfig", __base__=Config, **typed)


def _plain(value: Any) -> Any:
    return value.model_dump() if isinstance(value, BaseModel) else value
