"""Typed configuration of ops."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from assetq.definitions.config_field import Field
from assetq.definitions.config_model import model_fields, model_schema
from assetq.definitions.config_plain import plain_config_value
from assetq.definitions.config_problem import describe_problems
from assetq.definitions.config_reading import read_model
from assetq.definitions.config_schema import process_config, schema_default
from assetq.definitions.env_var import environment_in
from assetq.errors import ConfigError

# What a section of run config about an op or a resource may hold.
SECTION = frozenset({"config", "inputs", "outputs"})


class Config(BaseModel):
    """Base of configuration schemas; unknown fields are refused. Mirrors Dagster's `Config`."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    def __init__(self, **data: Any) -> None:
        super().__init__(**data)
        # Validation makes plain values of variables; they are put back, to be read where the op runs.
        self.__dict__.update(environment_in(data))

    @classmethod
    def to_fields_dict(cls) -> dict[str, Field]:
        """The fields, as a `config_schema` has them."""
        return model_fields(cls)

    @classmethod
    def to_config_schema(cls) -> Field:
        """The class as a `config_schema`, for a function that takes the config as a dict."""
        return model_schema(cls)


class PermissiveConfig(Config):
    """Like `Config`, but unknown fields are kept."""

    model_config = ConfigDict(extra="allow", frozen=True, arbitrary_types_allowed=True)


@dataclass(frozen=True, slots=True)
class RunConfig:
    """Configuration of a run. Mirrors Dagster's `RunConfig`.

    Args:
        ops: Op name -> `Config`, or mapping of its config, or the section that has it under "config".
        resources: Resource key -> the same.
        loggers, execution: Carried along: the fleet executes, and Python's logging logs.
    """

    ops: Mapping[str, Any] = field(default_factory=dict)
    resources: Mapping[str, Any] = field(default_factory=dict)
    loggers: Mapping[str, Any] = field(default_factory=dict)
    execution: Mapping[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        """The plain form, as it stands in YAML."""
        return {
            "loggers": plain_config_value(dict(self.loggers or {})),
            "resources": {name: _section(value) for name, value in self.resources.items()},
            "ops": {name: _section(value) for name, value in self.ops.items()},
            "execution": plain_config_value(dict(self.execution or {})),
        }

    to_config_dict = to_dict


def _section(value: Any) -> dict[str, Any]:
    plain = plain_config_value(value)
    is_section = isinstance(value, Mapping) and bool(value) and set(value) <= SECTION
    return dict(plain) if is_section else {"config": plain}


def run_config_dict(config: RunConfig | Mapping[str, Any] | None) -> dict[str, Any]:
    """The plain form of whatever was given as run config.

    Raises:
        ConfigError: It is no mapping, or has sections that do not exist.
    """
    if isinstance(config, RunConfig):
        return config.to_dict()
    if config is None:
        return {}
    if not isinstance(config, Mapping):
        raise ConfigError(f"Run config must be a mapping with 'ops' and 'resources', not {type(config).__name__}.")
    unknown = set(config) - {"ops", "resources", "execution", "loggers"}
    if unknown:
        raise ConfigError(f"Run config has no section '{sorted(unknown)[0]}'; the sections are 'ops' and 'resources'.")
    return dict(config)


def parse_config(config_type: type[BaseModel], data: Any, *, op: str, location: object | None = None) -> Any:
    """Validate an op's config.

    Raises:
        ConfigError: Names the path of each bad field under `ops`.
    """
    path = f"ops.{op}.config"
    try:
        return config_type.model_validate(read_model(config_type, data or {}, path))
    except ValidationError as error:
        told = f"{describe_problems(config_type, error, path)}."
    except ConfigError as error:
        told = str(error)
    raise ConfigError(f"Config of '{op}' does not validate: {told}", asset=op, location=location)


def op_config(op: Any, section: Mapping[str, Any] | None) -> Any:
    """The validated config of an op: an object for a config argument, plain data for a schema, else what was given.

    Args:
        op: The `Op`.
        section: What run config says under `ops.<name>`.

    Raises:
        ConfigError: Names the path of each bad field.
    """
    path, given = f"ops.{op.name}.config", dict(section or {})
    if op.config_type is not None:
        return parse_config(op.config_type, given.get("config"), op=op.name, location=op.location)
    if op.config_schema is None:
        return given.get("config")
    if "config" in given:
        return process_config(op.config_schema, given["config"], path=path, location=op.location)
    return schema_default(op.config_schema, path=path, location=op.location)
