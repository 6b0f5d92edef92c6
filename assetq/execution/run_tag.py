"""Tags of runs."""

from __future__ import annotations

from collections.abc import Mapping

from assetq.errors import UsageError


def checked_tags(tags: Mapping[str, str] | None) -> dict[str, str]:
    """The tags.

    Raises:
        UsageError: One of them is no text.
    """
    for key, value in (tags or {}).items():
        if not isinstance(key, str) or not isinstance(value, str) or not key:
            raise UsageError(f"Tag {key!r}: {value!r} is not text; tags are strings.")
    return dict(tags or {})
