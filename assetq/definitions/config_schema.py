"""What ops and resources may be given as `config_schema`, and how a config value is read by it."""

from __future__ import annotations

from typing import Any

from assetq.definitions.config_field import (
    Array,
    Field,
    FieldsType,
    Map,
    Noneable,
    Permissive,
    ScalarUnion,
    Selector,
    Shape,
    as_field,
)
from assetq.definitions.config_type import (
    ANY,
    BoolSource,
    ConfigType,
    Enum,
    EnumValue,
    IntSource,
    Reading,
    StringSource,
)
from assetq.errors import ConfigError, DefinitionError

__all__ = [
    "Any",
    "Array",
    "Bool",
    "BoolSource",
    "ConfigType",
    "Enum",
    "EnumValue",
    "Field",
    "Float",
    "Int",
    "IntSource",
    "Map",
    "Noneable",
    "Permissive",
    "ScalarUnion",
    "Selector",
    "Shape",
    "String",
    "StringSource",
    "check_schema",
    "is_config_required",
    "process_config",
    "schema_default",
]

# Dagster's names for Python's types.
Bool = bool
Float = float
Int = int
String = str


def process_config(
    schema: object, value: object, *, path: str, location: object | None = None, reads_environment: bool = True
) -> object:
    """The config that code receives for the value that was given; `schema_default` is for none given.

    Args:
        schema: Anything that may stand as config_schema; None lets everything pass.
        value: What the run config says. None is a value, allowed only where the schema takes it.
        path: Where the value stands in the run config, such as "ops.my_op.config".
        location: Where the schema is defined.
        reads_environment: False where the variables are another machine's, and need not exist.

    Raises:
        ConfigError: Names the path of every bad value.
        DefinitionError: The schema is none.
    """
    reading = Reading(reads_environment=reads_environment)
    result = _root(schema).read(value, path, reading)
    return _without_problems(result, reading, location)


def schema_default(schema: object, *, path: str = "config", location: object | None = None) -> object:
    """The config that code receives when none is given; None where none is needed.

    Raises:
        ConfigError: Config must be given, or a default cannot be read from the environment.
        DefinitionError: The schema is none.
    """
    field, reading = _root(schema), Reading()
    if field.default_provided:
        return _without_problems(field.read(field.default_value, path, reading), reading, location)
    if field.is_required:
        _note_missing(field, path, reading)
    return _without_problems(None, reading, location)


def is_config_required(schema: object) -> bool:
    """Whether config must be given.

    Raises:
        DefinitionError: The schema is none.
    """
    return _root(schema).is_required


def check_schema(schema: object, what: str, location: object | None = None) -> None:
    """Refuse what cannot stand as config_schema.

    Args:
        schema: The value to check.
        what: Whose schema it is, such as "Op 'my_op'".
        location: Where it is defined.

    Raises:
        DefinitionError: Names the path of what is no schema.
    """
    try:
        _root(schema)
    except DefinitionError as error:
        raise DefinitionError(f"{what}: {error}", location=location) from None


def _root(schema: object) -> Field:
    return Field(ANY, is_required=False) if schema is None else as_field(schema, "config_schema")


def _note_missing(field: Field, path: str, reading: Reading) -> None:
    if isinstance(field.config_type, FieldsType):
        field.read({}, path, reading)  # names the fields that are wanted
    if not reading.problems:
        reading.wrong(path, f"is missing; give {field.config_type.describe()}")


def _without_problems(result: object, reading: Reading, location: object | None) -> object:
    if reading.problems:
        raise ConfigError(f"Config does not fit its schema. {' '.join(reading.problems)}", location=location)
    return result
