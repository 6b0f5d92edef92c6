"""Asset keys: the identity of an asset, one or more parts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from assetq.errors import InvalidKeyError

NAME = re.compile(r"^[A-Za-z0-9_]+$")
FORBIDDEN = re.compile(r"[\x00-\x1f\x7f/]")


@dataclass(frozen=True, slots=True, order=True, init=False)
class AssetKey:
    """Names an asset. Mirrors Dagster's `AssetKey`.

    Args:
        path: A string (one part) or a sequence of parts.

    Raises:
        InvalidKeyError: The path is empty, or a part is empty or holds "/" or control characters.
    """

    path: tuple[str, ...]

    def __init__(self, path: str | Sequence[str]) -> None:
        parts = (path,) if isinstance(path, str) else tuple(path)
        if not parts:
            raise InvalidKeyError("An asset key needs at least one part.")
        for part in parts:
            if not isinstance(part, str) or not part or FORBIDDEN.search(part) or part in (".", ".."):
                raise InvalidKeyError(
                    f"Bad asset key {list(parts)!r}: each part must be a non-empty string without '/' and control "
                    "characters, and not '.' or '..'. Give a key of several parts as a list."
                )
        object.__setattr__(self, "path", parts)

    def to_user_string(self) -> str:
        """The parts joined by "/", as people write it."""
        return "/".join(self.path)

    def to_python_identifier(self) -> str:
        """The parts joined by "__", as argument and op names are made."""
        return "__".join(self.path)

    @classmethod
    def from_user_string(cls, text: str) -> AssetKey:
        """The key that `to_user_string` wrote."""
        return cls(text.split("/"))

    @classmethod
    def from_coercible(cls, value: Any) -> AssetKey:
        """A key from a string ("/" separates parts), a sequence, a key, or anything with one `key`.

        Raises:
            InvalidKeyError: The value does not name exactly one asset.
        """
        if isinstance(value, AssetKey):
            return value
        if isinstance(value, str):
            return cls.from_user_string(value)
        if isinstance(value, list | tuple):
            return cls(value)
        key = getattr(value, "key", None)
        if isinstance(key, AssetKey):
            return key
        raise InvalidKeyError(
            f"{value!r} does not name an asset. Give a string, an AssetKey, an asset or an AssetSpec."
        )

    def with_prefix(self, prefix: str | Sequence[str]) -> AssetKey:
        """The key with parts put in front."""
        return AssetKey([*prefix_parts(prefix), *self.path])

    def __str__(self) -> str:
        return self.to_user_string()


def prefix_parts(prefix: str | Sequence[str] | None) -> list[str]:
    """Parts of a key prefix; in a string "/" separates parts."""
    if prefix is None:
        return []
    return prefix.split("/") if isinstance(prefix, str) else list(prefix)


def check_name(name: str, what: str, location: object | None = None) -> str:
    """The name, if it has only letters, digits and underscores.

    Raises:
        InvalidKeyError: It has others.
    """
    if not isinstance(name, str) or not NAME.match(name):
        raise InvalidKeyError(
            f"Bad {what} name {name!r}: use letters, digits and underscores only.",
            asset=str(name),
            location=location,
        )
    return name


def names_of(keys: Iterable[AssetKey]) -> str:
    """Keys as a readable list."""
    return ", ".join(f"'{key}'" for key in keys)
