"""The kinds of value that configuration is made of: scalars, enums and values from the environment."""

from __future__ import annotations

import enum
import os
import reprlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from assetq.definitions.env_var import EnvVar
from assetq.errors import DefinitionError, suggest

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 80


class Missing(enum.Enum):
    """Stands for a value that nobody gave, where None is a value."""

    MISSING = "MISSING"


MISSING = Missing.MISSING


@dataclass(frozen=True, slots=True)
class Reading:
    """One pass over a config value.

    Attributes:
        problems: A sentence for each bad value found so far; each begins with the path of the value.
        reads_environment: False while a definition is checked, when the variables need not exist.
        hides_values: Whether the values are secret and messages must not show them.
    """

    problems: list[str] = field(default_factory=list)
    reads_environment: bool = True
    hides_values: bool = False

    def wrong(self, path: str, text: str) -> object:
        """Note what is wrong with the value at `path`; None, which then stands for it."""
        self.problems.append(f"{path} {text}.")
        return None

    def mismatch(self, path: str, expected: str, value: object) -> object:
        """Note that the value at `path` is not what was expected."""
        return self.wrong(path, f"must be {expected}, not {self._show(value)}{_way_out(value)}")

    def unknown(self, path: str, name: object, known: Iterable[str]) -> object:
        """Note that there is no field `name` at `path`."""
        names = sorted(known)
        fields = f"the fields are {quoted(names)}" if names else "no fields are defined there"
        self.problems.append(f"{path}.{name} is not defined; {fields}.{suggest(str(name), names)}")
        return None

    def _show(self, value: object) -> str:
        if value is None:
            return "None"
        return (
            f"a value of type {type(value).__name__}"
            if self.hides_values
            else f"{_SHORT.repr(value)} ({type(value).__name__})"
        )


def quoted(names: Iterable[object]) -> str:
    """The names in quotes, with commas."""
    return ", ".join(f"'{name}'" for name in names) or "no names"


def _way_out(value: object) -> str:
    if value is None:
        return "; wrap its type in Noneable to allow None"
    if isinstance(value, EnvVar):
        written = f'{{"env": "{value.env_var_name}"}}'
        return f"; EnvVar is for Config and resources: write {written} for a type like StringSource"
    return f"; write its name '{value.name}'" if isinstance(value, enum.Enum) else ""


class ConfigType(ABC):
    """What a config value may be, and how one is read."""

    __slots__ = ()

    @abstractmethod
    def describe(self) -> str:
        """What a value must be, with an article."""

    @abstractmethod
    def read(self, value: object, path: str, reading: Reading) -> object:
        """The Python value for a config value; what is wrong goes to `reading`."""

    def implied_default(self) -> object:
        """The default of a field of this type that states none; `MISSING` where it is then required."""
        return MISSING


class AnyType(ConfigType):
    """Whatever is given, unchanged."""

    __slots__ = ()

    def describe(self) -> str:
        return "any value"

    def read(self, value: object, path: str, reading: Reading) -> object:
        """The value; containers are copied, so that a run cannot change a default."""
        if isinstance(value, dict):
            return {name: self.read(item, path, reading) for name, item in value.items()}
        return [self.read(item, path, reading) for item in value] if isinstance(value, list) else value


@dataclass(frozen=True, slots=True)
class Scalar(ConfigType):
    """A whole number, a number, text, or yes and no."""

    python_type: type
    text: str

    def describe(self) -> str:
        return self.text

    def read(self, value: object, path: str, reading: Reading) -> object:
        if not self.accepts(value):
            return reading.mismatch(path, self.text, value)
        if self.python_type is float and isinstance(value, int):
            return self._as_float(value, path, reading)
        return value

    def accepts(self, value: object) -> bool:
        """Whether the value is of this type; yes and no are numbers only for float, as in Dagster."""
        if self.python_type is int:
            return isinstance(value, int) and not isinstance(value, bool)
        if self.python_type is float:
            return isinstance(value, int | float)
        return isinstance(value, self.python_type) and not isinstance(value, EnvVar)

    def _as_float(self, value: int, path: str, reading: Reading) -> object:
        try:
            return float(value)
        except OverflowError:
            return reading.wrong(path, "must be a number, but is too large for one")


@dataclass(frozen=True, slots=True)
class Source(ConfigType):
    """A literal, or `{"env": "NAME"}` for the value of an environment variable."""

    literal: Scalar
    parse: Callable[[str], object]

    def describe(self) -> str:
        return f'{self.literal.describe()} or {{"env": "NAME"}}'

    def read(self, value: object, path: str, reading: Reading) -> object:
        if self.literal.accepts(value):
            return self.literal.read(value, path, reading)
        if not isinstance(value, dict) or list(value) != ["env"]:
            return reading.mismatch(path, self.describe(), value)
        if not isinstance(value["env"], str):
            return reading.mismatch(f"{path}.env", "the name of an environment variable", value["env"])
        return self._from_environment(value["env"], path, reading) if reading.reads_environment else None

    def _from_environment(self, name: str, path: str, reading: Reading) -> object:
        if name not in os.environ:
            return reading.wrong(path, f"reads the environment variable '{name}', which is not set")
        try:
            return self.parse(os.environ[name])
        except ValueError:  # the value may be a secret, so it is not shown
            return reading.wrong(
                path, f"needs {self.literal.describe()}, but the variable '{name}' holds something else"
            )


def _parse_bool(text: str) -> bool:
    return text.lower() not in ("", "0", "false", "none")


ANY = AnyType()
SCALARS: dict[object, Scalar] = {
    int: Scalar(int, "a whole number"),
    float: Scalar(float, "a number"),
    str: Scalar(str, "text"),
    bool: Scalar(bool, "true or false"),
}
StringSource = Source(SCALARS[str], str)
IntSource = Source(SCALARS[int], int)
BoolSource = Source(SCALARS[bool], _parse_bool)


@dataclass(frozen=True, slots=True)
class EnumValue:
    """One choice of an `Enum`. Mirrors Dagster's `EnumValue`.

    Args:
        config_value: How the choice is written in config.
        python_value: What the op receives; `config_value` where none is given.
        description: For people.

    Raises:
        DefinitionError: `config_value` is no text.
    """

    config_value: str
    python_value: object = None
    description: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.config_value, str):
            raise DefinitionError(f"EnumValue: config_value must be text, not {self.config_value!r}.")
        if self.python_value is None:
            object.__setattr__(self, "python_value", self.config_value)


@dataclass(frozen=True, slots=True)
class Enum(ConfigType):
    """One of a few named values. Mirrors Dagster's config `Enum`.

    Args:
        name: What the choice is called in messages.
        enum_values: The choices.

    Raises:
        DefinitionError: The name is no text, or the choices are not distinct.
    """

    name: str
    enum_values: Sequence[EnumValue]

    def __post_init__(self) -> None:
        if not isinstance(self.name, str):
            raise DefinitionError(f"Enum: the name must be text, not {self.name!r}; write Enum('Color', [...]).")
        for value in self.enum_values:
            if not isinstance(value, EnumValue):
                raise DefinitionError(f"Enum '{self.name}': {value!r} is no EnumValue; write EnumValue({value!r}).")
        self._check_distinct([value.config_value for value in self.enum_values], "config_value")
        self._check_distinct([value.python_value for value in self.enum_values], "python_value")

    @classmethod
    def from_python_enum(cls, enum: type[enum.Enum], name: str | None = None) -> Enum:
        """The choices of a Python enum, written by name; the op receives the members."""
        return cls(name or enum.__name__, [EnumValue(member.name, member) for member in enum])

    @classmethod
    def from_python_enum_direct_values(cls, enum: type[enum.Enum], name: str | None = None) -> Enum:
        """The choices of a Python enum, written by name; the op receives the members' values."""
        return cls(name or enum.__name__, [EnumValue(member.name, member.value) for member in enum])

    @property
    def config_values(self) -> list[str]:
        """The choices, as they are written in config."""
        return [value.config_value for value in self.enum_values]

    def describe(self) -> str:
        return (
            f"one of {quoted(self.config_values)}" if self.enum_values else f"a choice of '{self.name}', which has none"
        )

    def read(self, value: object, path: str, reading: Reading) -> object:
        for choice in self.enum_values:
            if isinstance(value, str) and not isinstance(value, enum.Enum) and choice.config_value == value:
                return choice.python_value
        return reading.mismatch(path, self.describe(), value)

    def _check_distinct(self, values: list[object] | list[str], what: str) -> None:
        try:
            distinct = len(set(values)) == len(values)
        except TypeError as error:
            raise DefinitionError(f"Enum '{self.name}': every {what} must be hashable: {error}.") from None
        if not distinct:
            raise DefinitionError(f"Enum '{self.name}': two choices share a {what}; make them distinct.")
