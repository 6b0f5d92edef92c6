"""Concurrency keys: at most so many steps at once for each value of a tag or of a dimension."""

from __future__ import annotations

from collections.abc import Mapping

from assetq.definitions.source_location import SourceLocation
from assetq.errors import DefinitionError

KEY_TAG = "assetq/concurrency_key"


def key_tag(given: object, what: str, location: SourceLocation | None) -> dict[str, str]:
    """The op tag that says the same as `concurrency_key=`.

    Raises:
        DefinitionError: It is neither a name, nor one name with a limit.
    """
    if given is None:
        return {}
    pairs = {given: 1} if isinstance(given, str) else given
    if isinstance(pairs, Mapping) and len(pairs) == 1:
        ((name, limit),) = pairs.items()
        if _is_key(name, limit):
            return {KEY_TAG: f"{name}:{limit}"}
    raise DefinitionError(
        f"{what} has concurrency_key {given!r}; give a name without '=', ':' and '*', or {{name: steps at once}}.",
        location=location,
    )


def _is_key(name: object, limit: object) -> bool:
    is_name = isinstance(name, str) and bool(name) and not set(name) & set("=:*")
    return is_name and isinstance(limit, int) and not isinstance(limit, bool) and limit >= 0


def key_of(tags: Mapping[str, str]) -> tuple[str, int] | None:
    """Name and limit of an op's concurrency key, by its tags; None for none.

    Raises:
        DefinitionError: The tag says something else.
    """
    text = tags.get(KEY_TAG)
    if text is None:
        return None
    name, _, limit = text.partition(":")
    number = int(limit) if limit.isdecimal() else 1 if not limit else -1
    if not _is_key(name, number):
        raise DefinitionError(f"Op tag '{KEY_TAG}' must be a name, or 'name:steps at once', not {text!r}.")
    return name, number
