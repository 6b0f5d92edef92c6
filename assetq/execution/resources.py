"""What `context.resources` is: opened resources as attributes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from assetq.errors import UnknownResourceError, suggest


class Resources:
    """Resources as attributes; opened when first asked for.

    Args:
        get: Opens the resource with a key.
        keys: Those that there are.
    """

    __slots__ = ("_get", "_keys")

    def __init__(self, get: Callable[[str], Any], keys: Sequence[str]) -> None:
        self._get = get
        self._keys = tuple(keys)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name in ("_get", "_keys"):
            raise AttributeError(name)
        if name not in self._keys:
            raise UnknownResourceError(
                f"There is no resource '{name}' here.{suggest(name, self._keys)} Name it in required_resource_keys "
                f"and provide it: resources={{'{name}': ...}}."
            )
        return self._get(name)

    def _asdict(self) -> dict[str, Any]:
        return {key: self._get(key) for key in self._keys}

    def __iter__(self) -> Iterator[Any]:
        return iter(self._asdict().values())

    def __dir__(self) -> list[str]:
        return [*self._keys, "_asdict"]
