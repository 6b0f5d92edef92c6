"""Typed configuration of ops."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from assetq.errors import ConfigError, suggest

SECTIONS = ("ops", "resources", "execution", "loggers")
OP_SECTIONS = frozenset({"config", "inputs", "outputs"})


class Config(BaseModel):
    """Base of configuration schemas; unknown fields are refused. Mirrors Dagster's `Config`."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class PermissiveConfig(Config):
    """Like `Config`, but unknown fields are kept. Mirrors Dagster's `PermissiveConfig`."""

    model_config = ConfigDict(extra="allow", frozen=True, arbitrary_types_allowed=True)


@dataclass(frozen=True, slots=True)
class RunConfig:
    """Configuration of a run. Mirrors Dagster's `RunConfig`.

    Args:
        ops: Op name -> `Config`, or mapping of its fields, or `{"config": ...}`.
        resources: Resource key -> the same.
        execution, loggers: Carried along.
    """

    ops: Mapping[str, Any] = field(default_factory=dict)
    resources: Mapping[str, Any] = field(default_factory=dict)
    execution: Mapping[str, Any] = field(default_factory=dict)
    loggers: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The plain form, as it stands in YAML."""
        plain: dict[str, Any] = {
            "ops": {name: _section(value) for name, value in self.ops.items()},
            "resources": {name: _section(value) for name, value in self.resources.items()},
        }
        carried = {"execution": self.execution, "loggers": self.loggers}
        return {**plain, **{name: dict(value) for name, value in carried.items() if value}}


def _section(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return {"config": value.model_dump(mode="json")}
    if isinstance(value, Mapping) and value and OP_SECTIONS.issuperset(value):
        return dict(value)
    return {"config": value}


def run_config_dict(config: RunConfig | Mapping[str, Any] | None) -> dict[str, Any]:
    """The plain form of whatever was given as run config.

    Raises:
        ConfigError: It is no mapping, or has sections that do not exist, or a section is no mapping.
    """
    if config is None:
        return {}
    if isinstance(config, RunConfig):
        return config.to_dict()
    if not isinstance(config, Mapping):
        raise ConfigError(f"Run config must be a mapping with 'ops' and 'resources', not {type(config).__name__}.")
    for section, content in config.items():
        if section not in SECTIONS:
            raise ConfigError(
                f"Run config has no section '{section}'.{suggest(str(section), SECTIONS)} The sections are 'ops' and "
                "'resources'."
            )
        _check_section(section, content)
    return dict(config)


def _check_section(section: str, content: Any) -> None:
    if content is not None and not isinstance(content, Mapping):
        raise ConfigError(f"Section '{section}' of the run config must be a mapping, not {content!r}.")
    if section not in ("ops", "resources"):
        return
    for name, entry in (content or {}).items():
        if entry is not None and not (isinstance(entry, Mapping) and OP_SECTIONS.issuperset(entry)):
            raise ConfigError(f"Run config {section}.{name} must be {{'config': {{...}}}}, not {entry!r}.")


def parse_config(config_type: type[BaseModel], data: Any, *, op: str, location: object | None = None) -> Any:
    """Validate an op's config.

    Args:
        config_type: The schema.
        data: The fields; None for none.
        op: Name of the op, for the message.
        location: Where the op was defined.

    Raises:
        ConfigError: Names the path of each bad field under `ops`, and the nearest field for an unknown one.
    """
    try:
        return config_type.model_validate({} if data is None else data)
    except ValidationError as error:
        problems = "; ".join(_describe(problem, config_type, op) for problem in error.errors())
        raise ConfigError(f"Config of '{op}' does not validate: {problems}.", asset=op, location=location) from None


def _describe(problem: Any, config_type: type[BaseModel], op: str) -> str:
    path = ".".join(["ops", op, "config", *(str(part) for part in problem["loc"])])
    if problem["type"] == "extra_forbidden":
        unknown = str(problem["loc"][-1])
        near = suggest(unknown, config_type.model_fields) if len(problem["loc"]) == 1 else ""
        return f"{path}: there is no such field.{near}".rstrip(".")
    return f"{path}: {problem['msg']}"


def schema_model(op: str, schema: Any) -> type[BaseModel]:
    """The schema that `config_schema` describes: field name -> Python type, or a nested mapping of the same.

    Raises:
        ConfigError: It describes something else.
    """
    if isinstance(schema, type) and issubclass(schema, BaseModel):
        return schema
    if not isinstance(schema, Mapping):
        raise ConfigError(f"config_schema of '{op}' must map field names to types, not be {schema!r}.", asset=op)
    fields: dict[str, Any] = {}
    for name, kind in schema.items():
        if not isinstance(kind, type | Mapping) or not isinstance(name, str):
            raise ConfigError(f"config_schema of '{op}' gives {kind!r} for '{name}'; give a type.", asset=op)
        fields[name] = (schema_model(op, kind) if isinstance(kind, Mapping) else kind, ...)
    model: type[BaseModel] = create_model(f"{op}_config", __base__=Config, **fields)
    return model
