"""Config types that hold others: fields, shapes, selectors and collections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from assetq.definitions.config_hint import instead_of
from assetq.definitions.config_type import ANY, MISSING, SCALARS, ConfigType, Reading, Scalar, Source, quoted
from assetq.definitions.env_var import EnvVar
from assetq.errors import DefinitionError


class Field:
    """One config value with its default. Mirrors Dagster's `Field`.

    Args:
        config: Type of the value: anything that may be given as config_schema, but no Field.
        default_value: What stands when nothing is given. Without one, a shape whose fields all have defaults and a
            `Noneable` still have theirs.
        is_required: Whether the value must be given; follows from the default where it is left out.
        description: For people.
        is_secret: Whether error messages must not show the value.

    Raises:
        DefinitionError: The type is none, the default does not fit it, or a required field has a default.
    """

    __slots__ = ("config_type", "default_value", "description", "is_required", "is_secret")

    def __init__(
        self,
        config: object,
        default_value: object = MISSING,
        is_required: bool | None = None,
        description: str | None = None,
        is_secret: bool = False,
    ) -> None:
        self.config_type = as_type(config, "Field: the type")
        self.description = description
        self.is_secret = is_secret
        self._check_arguments(default_value, is_required)
        self.default_value = self._default(default_value, is_required)
        self.is_required: bool = is_required if is_required is not None else not self.default_provided

    @property
    def default_provided(self) -> bool:
        """Whether a value stands when nothing is given."""
        return self.default_value is not MISSING

    def read(self, value: object, path: str, reading: Reading) -> object:
        """The Python value for a config value."""
        return self.config_type.read(value, path, replace(reading, hides_values=True) if self.is_secret else reading)

    def _check_arguments(self, default_value: object, is_required: object) -> None:
        if is_required is not None and not isinstance(is_required, bool):
            raise DefinitionError(f"Field: is_required must be True or False, not {is_required!r}.")
        if self.description is not None and not isinstance(self.description, str):
            raise DefinitionError(f"Field: description must be text, not {self.description!r}.")
        if is_required and default_value is not MISSING:
            raise DefinitionError("Field: a required field has no default; drop is_required=True or default_value.")

    def _default(self, given: object, is_required: bool | None) -> object:
        if given is MISSING:
            return self.config_type.implied_default() if is_required is None else MISSING
        if isinstance(given, EnvVar) and isinstance(self.config_type, Source):
            given = {"env": given.env_var_name}
        reading = Reading(reads_environment=False, hides_values=self.is_secret)
        self.config_type.read(given, "default_value", reading)
        if reading.problems:
            raise DefinitionError(f"Field: the default does not fit the type: {' '.join(reading.problems)}")
        return given


class FieldsType(ConfigType):
    """Base of the types with named fields."""

    __slots__ = ("description", "fields")

    def __init__(self, fields: object, description: str | None = None) -> None:
        self.fields = _as_fields(fields, type(self).__name__)
        self.description = description

    def implied_default(self) -> object:
        """The defaults of the fields, where none of them is required."""
        if any(field.is_required for field in self.fields.values()):
            return MISSING
        return {name: field.default_value for name, field in self.fields.items() if field.default_provided}

    def read_fields(self, value: Mapping[object, object], path: str, reading: Reading) -> dict[str, object]:
        """The values of the fields that are defined, with defaults."""
        result: dict[str, object] = {}
        for name, field in self.fields.items():
            given = value.get(name, field.default_value)
            if given is not MISSING:
                result[name] = field.read(given, f"{path}.{name}", reading)
            elif field.is_required:
                reading.wrong(f"{path}.{name}", f"is missing; give {field.config_type.describe()}")
        return result


class Shape(FieldsType):
    """A mapping with these fields and no others. Mirrors Dagster's `Shape`.

    Args:
        fields: Name -> Field or type.
        description: For people.
        field_aliases: Name of a field -> another name under which it may be given.
    """

    __slots__ = ("field_aliases",)

    def __init__(
        self, fields: object, description: str | None = None, field_aliases: Mapping[str, str] | None = None
    ) -> None:
        FieldsType.__init__(self, fields, description)
        self.field_aliases = dict(field_aliases or {})

    def describe(self) -> str:
        return f"a mapping with {quoted(self.fields)}" if self.fields else "an empty mapping"

    def read(self, value: object, path: str, reading: Reading) -> object:
        if not isinstance(value, dict):
            return reading.mismatch(path, self.describe(), value)
        value = self._without_aliases(value, path, reading)
        for name in value:
            if name not in self.fields:
                reading.unknown(path, name, self.fields)
        return self.read_fields(value, path, reading)

    def _without_aliases(self, value: dict[object, object], path: str, reading: Reading) -> dict[object, object]:
        names = {alias: name for name, alias in self.field_aliases.items() if name in self.fields}
        for alias, name in names.items():
            if alias in value and name in value:
                reading.wrong(f"{path}.{alias}", f"is another name of '{name}', which is given too; give one of them")
        return {names.get(str(name), name): item for name, item in value.items()}


class Permissive(FieldsType):
    """A mapping that may have more than these fields. Mirrors Dagster's `Permissive`."""

    __slots__ = ()

    def __init__(self, fields: object = None, description: str | None = None) -> None:
        FieldsType.__init__(self, {} if fields is None else fields, description)

    def describe(self) -> str:
        return f"a mapping with {quoted(self.fields)} and more" if self.fields else "a mapping"

    def read(self, value: object, path: str, reading: Reading) -> object:
        if not isinstance(value, dict):
            return reading.mismatch(path, self.describe(), value)
        for name in value:
            if not isinstance(name, str):
                reading.wrong(f"{path}.{name}", f"has a name that is no text; write '{name}' in quotes")
        rest = {name: ANY.read(item, path, reading) for name, item in value.items() if name not in self.fields}
        return {**self.read_fields(value, path, reading), **rest}


class Selector(FieldsType):
    """A mapping with exactly one of these fields. Mirrors Dagster's `Selector`."""

    __slots__ = ()

    def describe(self) -> str:
        return f"a mapping with exactly one of {quoted(self.fields)}"

    def implied_default(self) -> object:
        """The only field, where it need not be given."""
        return MISSING if self._only_optional_field() is None else {}

    def read(self, value: object, path: str, reading: Reading) -> object:
        if not isinstance(value, dict) or len(value) > 1:
            return reading.mismatch(path, self.describe(), value)
        if not value:
            return self._read_nothing(path, reading)
        name, given = next(iter(value.items()))
        if name not in self.fields:
            return reading.unknown(path, name, self.fields)
        field = self.fields[name]
        if given is None and isinstance(field.config_type, FieldsType):
            given = {}  # YAML's `selected:` with nothing after it
        return {name: field.read(given, f"{path}.{name}", reading)}

    def _read_nothing(self, path: str, reading: Reading) -> object:
        name = self._only_optional_field()
        if name is None:
            return reading.wrong(path, f"must have exactly one of {quoted(self.fields)}, but is empty")
        return {name: None, **self.read_fields({}, path, reading)}

    def _only_optional_field(self) -> str | None:
        names = list(self.fields)
        return names[0] if len(names) == 1 and not self.fields[names[0]].is_required else None


class Noneable(ConfigType):
    """A value of the inner type, or None. Mirrors Dagster's `Noneable`."""

    __slots__ = ("inner_type",)

    def __init__(self, inner_type: object) -> None:
        self.inner_type = as_type(inner_type, "Noneable: the inner type")

    def describe(self) -> str:
        return f"{self.inner_type.describe()} or None"

    def implied_default(self) -> object:
        """None."""
        return None

    def read(self, value: object, path: str, reading: Reading) -> object:
        return None if value is None else self.inner_type.read(value, path, reading)


class Array(ConfigType):
    """A list of values of the inner type. Mirrors Dagster's `Array`."""

    __slots__ = ("inner_type",)

    def __init__(self, inner_type: object) -> None:
        self.inner_type = as_type(inner_type, "Array: the inner type")

    def describe(self) -> str:
        return f"a list, each item {self.inner_type.describe()}"

    def read(self, value: object, path: str, reading: Reading) -> object:
        if not isinstance(value, list):
            return reading.mismatch(path, self.describe(), value)
        return [_read_item(self.inner_type, item, f"{path}[{index}]", reading) for index, item in enumerate(value)]


class Map(ConfigType):
    """A mapping with any keys of one scalar type. Mirrors Dagster's `Map`.

    Args:
        key_type: Type of the keys: str, int, float or bool.
        inner_type: Type of the values.
        key_label_name: What the keys are, for people.
    """

    __slots__ = ("inner_type", "key_label_name", "key_type")

    def __init__(self, key_type: object, inner_type: object, key_label_name: str | None = None) -> None:
        self.key_type = as_scalar(key_type, "Map: the key type")
        self.inner_type = as_type(inner_type, "Map: the inner type")
        self.key_label_name = key_label_name

    def describe(self) -> str:
        return f"a mapping, each key {self.key_type.describe()}, each value {self.inner_type.describe()}"

    def read(self, value: object, path: str, reading: Reading) -> object:
        if not isinstance(value, dict):
            return reading.mismatch(path, self.describe(), value)
        return {
            self._read_key(key, path, reading): _read_item(self.inner_type, item, f"{path}.{key}", reading)
            for key, item in value.items()
        }

    def _read_key(self, key: object, path: str, reading: Reading) -> object:
        if not self.key_type.accepts(key):
            reading.mismatch(f"{path}.{key}: the key", self.key_type.describe(), key)
        return key


def _read_item(inner_type: ConfigType, value: object, path: str, reading: Reading) -> object:
    # Dagster takes None inside a collection only where Noneable says so, even if the items may be anything.
    if value is None and inner_type is ANY:
        return reading.mismatch(path, "a value", value)
    return inner_type.read(value, path, reading)


class ScalarUnion(ConfigType):
    """A scalar, or something that is none. Mirrors Dagster's `ScalarUnion`.

    Args:
        scalar_type: str, int, float or bool.
        non_scalar_schema: A shape, selector or list.
    """

    __slots__ = ("non_scalar_type", "scalar_type")

    def __init__(self, scalar_type: object, non_scalar_schema: object) -> None:
        self.scalar_type = as_scalar(scalar_type, "ScalarUnion: the scalar type")
        self.non_scalar_type = as_type(non_scalar_schema, "ScalarUnion: the other type")
        if not isinstance(self.non_scalar_type, Shape | Selector | Array):
            raise DefinitionError(
                f"ScalarUnion: the other type must be a Shape, Selector or Array, not {non_scalar_schema!r}."
            )

    def describe(self) -> str:
        return f"{self.scalar_type.describe()} or {self.non_scalar_type.describe()}"

    def read(self, value: object, path: str, reading: Reading) -> object:
        if isinstance(value, dict | list):
            return self.non_scalar_type.read(value, path, reading)
        if not self.scalar_type.accepts(value):
            return reading.mismatch(path, self.describe(), value)
        return self.scalar_type.read(value, path, reading)


def as_field(schema: object, path: str) -> Field:
    """The field for whatever stands as one.

    Raises:
        DefinitionError: Names the path of what is no schema.
    """
    if schema is None:
        raise DefinitionError(f"{path} is None, which is no config type; write Any for a value of any kind.")
    return schema if isinstance(schema, Field) else Field(as_type(schema, path))


def as_type(schema: object, path: str) -> ConfigType:
    """The config type for whatever stands as one.

    Raises:
        DefinitionError: Names the path of what is no schema.
    """
    if isinstance(schema, ConfigType):
        return schema
    if isinstance(schema, Field):
        raise DefinitionError(f"{path} is a Field, which stands only for a named field or the whole; give its type.")
    if schema is None or schema is Any:
        return ANY
    if isinstance(schema, dict):
        return _mapping_type(schema, path)
    if isinstance(schema, list) and len(schema) == 1:
        return Array(as_type(schema[0], f"{path}[0]"))
    if schema is dict or schema is list:
        return Permissive() if schema is dict else Array(ANY)
    if isinstance(schema, type) and schema in SCALARS:
        return SCALARS[schema]
    raise DefinitionError(f"{path} is {schema!r}, which is no config type; {instead_of(schema)}.")


def as_scalar(schema: object, what: str) -> Scalar:
    """The scalar type for whatever stands as one.

    Raises:
        DefinitionError: It is something else.
    """
    config_type = as_type(schema, what)
    if not isinstance(config_type, Scalar):
        raise DefinitionError(f"{what} must be str, int, float or bool, not {schema!r}.")
    return config_type


def _mapping_type(schema: dict[object, object], path: str) -> ConfigType:
    if len(schema) == 1:
        key, inner = next(iter(schema.items()))
        if isinstance(key, type | ConfigType):
            return Map(as_scalar(key, f"{path}: the key"), as_type(inner, f"{path}.{key}"))
    return Shape(_as_fields(schema, path))


def _as_fields(fields: object, path: str) -> dict[str, Field]:
    if not isinstance(fields, Mapping):
        raise DefinitionError(f"{path}: the fields must be a mapping of names to types, not {fields!r}.")
    for name in fields:
        if not isinstance(name, str):
            raise DefinitionError(
                f"{path}: {name!r} is no name of a field; names are text, and {{str: int}} alone means any name."
            )
    return {name: as_field(schema, f"{path}.{name}") for name, schema in fields.items()}
