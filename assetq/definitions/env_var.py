"""Configuration that is read from the environment when it is used."""

from __future__ import annotations

import os
from typing import Any

from assetq.errors import ConfigError


class EnvVar(str):
    """Name of an environment variable that a resource reads when it opens. Mirrors Dagster's `EnvVar`."""

    __slots__ = ()

    @classmethod
    def int(cls, name: str) -> EnvVar:
        """The same for a field that holds a whole number."""
        return cls(name)

    def get_value(self, default: str | None = None) -> str | None:
        """The variable's value now; `default` when it is not set."""
        return os.environ.get(str(self), default)

    def require(self, reader: str) -> Any:
        """The variable's value now.

        Raises:
            ConfigError: It is not set; names the reader.
        """
        value = self.get_value()
        if value is None:
            raise ConfigError(
                f"{reader} reads environment variable '{self!s}', which is not set. Set it where the code runs."
            )
        return value

    def __repr__(self) -> str:
        return f"EnvVar({str(self)!r})"
