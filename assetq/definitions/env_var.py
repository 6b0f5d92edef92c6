"""Values that are read from the environment when they are needed, not where they are written."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from assetq.errors import ConfigError


class EnvVar(str):
    """A string read from the environment when resources open. Mirrors Dagster's `EnvVar`."""

    __slots__ = ()

    @classmethod
    def int(cls, name: str) -> IntEnvVar:
        """A whole number read from the environment."""
        return IntEnvVar.create(name)

    @property
    def env_var_name(self) -> str:
        """Name of the variable."""
        return str.__str__(self)

    def get_value(self, default: str | None = None) -> str | None:
        """The variable's value now."""
        return os.environ.get(self.env_var_name, default)

    def __str__(self) -> str:
        raise RuntimeError(_too_early(self))

    def __repr__(self) -> str:
        return f"EnvVar({self.env_var_name!r})"


class IntEnvVar(int):
    """A whole number read from the environment when resources open; made by `EnvVar.int`."""

    name: str

    @classmethod
    def create(cls, name: str) -> IntEnvVar:
        """The number in the variable `name`."""
        made = cls(0)
        made.name = name
        return made

    @property
    def env_var_name(self) -> str:
        """Name of the variable."""
        return self.name

    def get_value(self, default: int | None = None) -> int | None:
        """The variable's value now.

        Raises:
            ConfigError: It is no whole number.
        """
        text = os.environ.get(self.name)
        if text is None:
            return default
        try:
            return int(text)
        except ValueError:
            raise ConfigError(f"Environment variable '{self.name}' must be a whole number, not {text!r}.") from None

    def __int__(self) -> int:
        raise RuntimeError(_too_early(self))

    def __str__(self) -> str:
        raise RuntimeError(_too_early(self))

    def __repr__(self) -> str:
        return f"EnvVar.int({self.name!r})"


def _too_early(variable: EnvVar | IntEnvVar) -> str:
    return (
        f"{variable!r} stands for a value that is read when resources open; it can be given to Config and resources, "
        "and not be used itself. Call its get_value() to read the variable now."
    )


def environment_in(data: Mapping[str, Any]) -> dict[str, EnvVar | IntEnvVar]:
    """Those of some values that are read from the environment."""
    return {name: value for name, value in data.items() if isinstance(value, EnvVar | IntEnvVar)}


def read_environment(value: Any, what: str) -> Any:
    """The value, or what its environment variable holds; `{"env": NAME}` is a variable, too.

    Raises:
        ConfigError: The variable is not set.
    """
    if isinstance(value, dict) and set(value) == {"env"} and isinstance(value["env"], str):
        value = EnvVar(value["env"])
    if not isinstance(value, EnvVar | IntEnvVar):
        return value
    found = value.get_value()
    if found is None:
        raise ConfigError(f"{what} reads environment variable '{value.env_var_name}', which is not set.")
    return found
