"""`@config_mapping`: how the config of a graph becomes that of its ops."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from assetq.definitions.config import RunConfig, parse_config
from assetq.definitions.config_plain import plain_config_value
from assetq.definitions.config_schema import process_config, schema_default
from assetq.definitions.signature import type_hints
from assetq.errors import ConfigError, UserCodeError


class ConfigMappingError(UserCodeError):
    """The function of a config mapping raised; what it raised is the `__cause__`.

    Dagster: `DagsterConfigMappingFunctionError`.
    """


@dataclass(frozen=True, slots=True)
class ConfigMapping:
    """Makes the config of a graph's ops from a config of the graph. Mirrors Dagster's `ConfigMapping`.

    Args:
        config_fn: Takes the graph's config and returns that of its ops: op name -> `{"config": ...}`.
        config_schema: Schema of the graph's config.
        receive_processed_config_values: Whether `config_fn` is given values with their defaults.
        config_type: Class of the graph's config, instead of a schema.
    """

    config_fn: Callable[[Any], Any]
    config_schema: Any = None
    receive_processed_config_values: bool | None = None
    config_type: type[BaseModel] | None = None

    def sections(self, given: Mapping[str, Any] | None, path: str) -> dict[str, Any]:
        """Op name -> its section of run config.

        Args:
            given: The section of the graph, which has its config under "config".
            path: Where that stands, for errors.

        Raises:
            ConfigError: The config does not fit, or the function returns no mapping.
            ConfigMappingError: The function raised.
        """
        read = self._read(given, path)
        try:
            made = self.config_fn(read)
        except Exception as error:
            raise ConfigMappingError(
                f"The config mapping of {path} raised {type(error).__name__}: {error}. Mend the function, or the "
                "config that it was given."
            ) from error
        if isinstance(made, RunConfig):
            made = made.to_dict()["ops"]
        if not isinstance(made, Mapping):
            raise ConfigError(
                f"The config mapping of {path} returned {made!r}; return a mapping from op to its config."
            )
        return {name: plain_config_value(section) for name, section in made.items()}

    def _read(self, given: Mapping[str, Any] | None, path: str) -> Any:
        config = (given or {}).get("config")
        if self.config_type is not None:
            return parse_config(self.config_type, config, op=path)
        if self.config_schema is None:
            return config
        if config is None:
            return schema_default(self.config_schema, path=f"{path}.config")
        return process_config(self.config_schema, config, path=f"{path}.config")


def config_mapping(
    config_fn: Callable[[Any], Any] | None = None,
    *,
    config_schema: Any = None,
    receive_processed_config_values: bool | None = None,
) -> Any:
    """Define how the config of a graph becomes that of its ops. Mirrors Dagster's `@config_mapping`."""

    def make(fn: Callable[[Any], Any]) -> ConfigMapping:
        first = next(iter(inspect.signature(fn).parameters), None)
        hint = type_hints(fn).get(first) if first else None
        model = hint if inspect.isclass(hint) and issubclass(hint, BaseModel) else None
        return ConfigMapping(fn, config_schema, receive_processed_config_values, model)

    return make if config_fn is None else make(config_fn)
