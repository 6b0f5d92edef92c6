"""Tags of runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from assetq.errors import UsageError

PRIORITY_LIMIT = 1000
MAX_STEPS_TAG = "assetq/max_concurrent_steps"


def checked_tags(tags: Mapping[str, str] | None) -> dict[str, str]:
    """The tags.

    Raises:
        UsageError: One of them is no text.
    """
    for key, value in (tags or {}).items():
        if not isinstance(key, str) or not isinstance(value, str) or not key:
            raise UsageError(f"Tag {key!r}: {value!r} is not text; tags are strings.")
    return dict(tags or {})


def check_priority(priority: object) -> None:
    """Refuse what is no priority.

    Raises:
        UsageError: It is out of range.
    """
    if isinstance(priority, bool) or not isinstance(priority, int) or abs(priority) > PRIORITY_LIMIT:
        raise UsageError(
            f"Priority must be a whole number from -{PRIORITY_LIMIT} to {PRIORITY_LIMIT}, not {priority!r}."
        )


def max_steps(tags: Mapping[str, str] | None) -> int | None:
    """How many of its own steps a run may have at once, by its tag; None for no limit.

    Raises:
        UsageError: The tag is no number from 1.
    """
    text = (tags or {}).get(MAX_STEPS_TAG)
    if text is None:
        return None
    if not text.isdecimal() or not int(text):
        raise UsageError(f"Tag '{MAX_STEPS_TAG}' must be a whole number from 1, not '{text}'.")
    return int(text)


def check_run_limit(tag: object, limit: object) -> None:
    """Refuse what is no limit of runs.

    Raises:
        UsageError: Says what would be one.
    """
    if not isinstance(tag, str) or not tag:
        raise UsageError(f"A limit of runs is for 'customer=acme', 'customer=*', 'customer' or '*', not {tag!r}.")
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 0:
        raise UsageError(f"A limit of runs is a whole number from 0, not {limit!r}.")


def run_limits_given(entries: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Limits by tag, of entries as Dagster's `tag_concurrency_limits` has them.

    Args:
        entries: Each has `key`, `limit` and perhaps `value`: text, or `{"applyLimitPerUniqueValue": True}`.

    Raises:
        UsageError: An entry has another form.
    """
    limits = {}
    for entry in entries:
        key, value, limit = entry.get("key"), entry.get("value"), entry.get("limit")
        is_each = isinstance(value, Mapping) and bool(value.get("applyLimitPerUniqueValue"))
        if not isinstance(key, str) or not (value is None or isinstance(value, str) or is_each):
            raise UsageError(f"tag_concurrency_limits has {dict(entry)!r}; give key, limit, and a value or none.")
        tag = key if value is None else f"{key}={'*' if is_each else value}"
        check_run_limit(tag, limit)
        limits[tag] = int(str(limit))
    return limits
