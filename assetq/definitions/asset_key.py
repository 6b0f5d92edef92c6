"""Asset keys: the identity of an asset, one or more parts."""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from assetq.errors import DefinitionError, InvalidKeyError

NAME = re.compile(r"^[A-Za-z0-9_]+$")
RESERVED = frozenset(
    {"context", "conf", "config", "meta", "arg_dict", "input_arg_dict", "output_arg_dict", "input", "output", "type"}
    | {"bool", "dict", "float", "int", "str"}
)
FORBIDDEN = re.compile(r"[\x00-\x1f\x7f/]")


@dataclass(frozen=True, slots=True, order=True, init=False)
class AssetKey:
    """Names an asset. Mirrors Dagster's `AssetKey`.

    Args:
        path: A string (one part) or a sequence of parts.

    Raises:
        InvalidKeyError: The path is empty, or a part is empty or holds "/" or control characters.
    """

    parts: tuple[str, ...]

    def __init__(self, path: str | Sequence[str]) -> None:
        if not isinstance(path, Sequence):
            raise InvalidKeyError(f"Bad asset key {path!r}: give a string, or a list of strings.")
        parts = (path,) if isinstance(path, str) else tuple(path)
        if not parts:
            raise InvalidKeyError("An asset key needs at least one part.")
        for part in parts:
            if not isinstance(part, str) or not part or FORBIDDEN.search(part) or part in (".", ".."):
                raise InvalidKeyError(
                    f"Bad asset key {list(parts)!r}: each part must be a non-empty string without '/' and control "
                    "characters, and not '.' or '..'. Give a key of several parts as a list."
                )
        object.__setattr__(self, "parts", parts)

    @property
    def path(self) -> list[str]:
        """The parts, as a list of its own."""
        return list(self.parts)

    def to_user_string(self) -> str:
        """The parts joined by "/", as people write it."""
        return "/".join(self.parts)

    def to_string(self) -> str:
        """The parts as a JSON list."""
        return json.dumps(self.path)

    def to_python_identifier(self, suffix: str | None = None) -> str:
        """The parts joined by "__", as argument and op names are made; "-" and "." become "_"."""
        parts = self.parts if suffix is None else (*self.parts, suffix)
        return "__".join(parts).replace("-", "_").replace(".", "_")

    def has_prefix(self, prefix: Sequence[str]) -> bool:
        """True when the key begins with these parts."""
        return len(self.parts) >= len(prefix) and self.path[: len(prefix)] == list(prefix)

    @classmethod
    def from_user_string(cls, text: str) -> AssetKey:
        """The key that `to_user_string` wrote."""
        return cls(text.split("/"))

    def to_escaped_user_string(self) -> str:
        """The same as `to_user_string`: no part can hold a "/" that would have to be escaped."""
        return self.to_user_string()

    @classmethod
    def from_escaped_user_string(cls, text: str) -> AssetKey:
        """The key that `to_escaped_user_string` wrote."""
        return cls.from_user_string(text)

    def to_db_string(self) -> str:
        """The same as `to_string`."""
        return self.to_string()

    @classmethod
    def from_db_string(cls, text: str | None) -> AssetKey | None:
        """The key that `to_db_string` wrote; None for nothing."""
        return cls(json.loads(text)) if text else None

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

    @classmethod
    def from_coercible_or_definition(cls, value: Any) -> AssetKey:
        """A key from anything that names an asset; see `from_coercible`."""
        return cls.from_coercible(value)

    def with_prefix(self, prefix: str | Sequence[str]) -> AssetKey:
        """The key with parts put in front."""
        return AssetKey([*prefix_parts(prefix), *self.parts])

    def __repr__(self) -> str:
        return f"AssetKey({self.path})"

    def __str__(self) -> str:
        return self.to_user_string()


def prefix_parts(prefix: str | Sequence[str] | None) -> list[str]:
    """Parts of a key prefix; in a string "/" separates parts."""
    if not prefix:
        return []
    return prefix.split("/") if isinstance(prefix, str) else list(prefix)


def key_of_function(
    fn: Callable[..., Any], key: Any, name: str | None, key_prefix: str | Sequence[str] | None, location: object | None
) -> AssetKey:
    """Key of the asset that a function makes: the whole one that was given, or prefix and name.

    Raises:
        DefinitionError: Both were given.
        InvalidKeyError: It is no key.
    """
    if key is None:
        return AssetKey([*prefix_parts(key_prefix), name or fn.__name__])
    if name is not None or key_prefix is not None:
        raise DefinitionError(
            f"Asset '{fn.__name__}' is given key together with name or key_prefix; put everything into key.",
            asset=fn.__name__,
            location=location,
        )
    return AssetKey.from_coercible(key)


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


def op_name_of(key: AssetKey, what: str, location: object | None = None) -> str:
    """Name of the op that makes an asset.

    Raises:
        InvalidKeyError: The key has characters that no op may have, or is a word with a meaning of its own.
    """
    name = key.to_python_identifier()
    if NAME.match(name) and not is_reserved(name):
        return name
    why = (
        "it is a reserved word; choose another"
        if is_reserved(name)
        else "use letters, digits and underscores, '-' and '.' only"
    )
    raise InvalidKeyError(f"Bad {what} name '{key}': {why}.", asset=str(key), location=location)


def is_reserved(name: str) -> bool:
    """True for words of Python, and for those that op functions and their config already use."""
    return name in RESERVED or keyword.iskeyword(name)


def names_of(keys: Iterable[AssetKey]) -> str:
    """Keys as a readable list."""
    return ", ".join(f"'{key}'" for key in keys)
