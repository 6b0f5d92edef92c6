"""What may stand in an asset spec."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from assetq.errors import DefinitionError

OWNER = re.compile(r"^(team:.+|[^@\s]+@[^@\s.]+(\.[^@\s.]+)*\.[A-Za-z]{2,})$")
GROUP = re.compile(r"^[A-Za-z0-9_]+(/[A-Za-z0-9_]+)*$")
TAG_KEY = re.compile(r"^([A-Za-z0-9_.\-]{1,63}/)?[A-Za-z0-9_.\-]{1,63}$")
OWN_TAG = "dagster/"  # what the system itself records may be longer
TAG_VALUE = re.compile(r"^[A-Za-z0-9_.\-]{0,63}$")
KIND_PREFIX = "dagster/kind/"


def check_owners(owners: Iterable[str], asset: object, location: object | None) -> list[str]:
    """The owners, if each is an e-mail address or `team:name`."""
    check_class(owners, Iterable, "owners", f"Asset '{asset}'", location)
    checked = list(owners)
    for owner in checked:
        if not isinstance(owner, str) or not OWNER.match(owner):
            raise DefinitionError(
                f"Asset '{asset}' has owner {owner!r}; give an e-mail address, or 'team:name'.",
                asset=str(asset),
                location=location,
            )
    return checked


def check_class(value: Any, wanted: type, what: str, owner: str, location: object | None = None) -> Any:
    """The value, if it is of a class or absent.

    Raises:
        DefinitionError: It is something else; names whose it is.
    """
    if value is not None and not isinstance(value, wanted):
        raise DefinitionError(f"{owner} is given {what} {value!r}; give a {wanted.__name__}.", location=location)
    return value


def check_partitions(grid: Any, owner: str, location: object | None = None) -> Any:
    """The partitions definition, if it is one or absent.

    Raises:
        DefinitionError: It is something else; names whose it is.
    """
    if grid is not None and not hasattr(grid, "identity"):
        raise DefinitionError(
            f"{owner} is given partitions_def {grid!r}; give a partitions definition.", location=location
        )
    return grid


def check_mapping(mapping: Any, owner: str) -> Any:
    """The partition mapping, if it is one or absent.

    Raises:
        DefinitionError: It is something else; names whose it is.
    """
    if isinstance(mapping, str | bytes | int | float | list | tuple | set | Mapping | type):
        raise DefinitionError(f"{owner} is given partition_mapping {mapping!r}; give a partition mapping object.")
    return mapping


def check_type(declared: Any, owner: str, location: object | None = None) -> Any:
    """The declared type, if it can be one.

    Raises:
        DefinitionError: It cannot; names whose it is.
    """
    if isinstance(declared, str | bytes | int | float | list | tuple | set | Mapping):
        raise DefinitionError(
            f"{owner} is given dagster_type {declared!r}; give a DagsterType or a Python type.", location=location
        )
    return declared


def check_group(group: str | None, asset: object, location: object | None) -> str | None:
    """The group name, if its parts are letters, digits and underscores."""
    if group is not None and not (isinstance(group, str) and GROUP.match(group)):
        raise DefinitionError(
            f"Asset '{asset}' has group {group!r}; use letters, digits, underscores, and '/' to nest.",
            asset=str(asset),
            location=location,
        )
    return group


def check_tags(tags: Mapping[str, str] | None, asset: object, location: object | None) -> dict[str, str]:
    """The tags, if keys and values are plain words; the key of a kind is a word after `dagster/kind/`."""
    if tags is not None and not isinstance(tags, Mapping):
        raise DefinitionError(
            f"Asset '{asset}' has tags {tags!r}; give a mapping from name to text.", asset=str(asset), location=location
        )
    for key, value in (tags or {}).items():
        if not _is_tag(key, value):
            raise DefinitionError(
                f"Asset '{asset}' has tag {key!r}: {value!r}; keys and values are words of letters, digits, '_', '-' "
                "and '.', at most 63 characters, and a key may have a namespace: 'space/key'.",
                asset=str(asset),
                location=location,
            )
    return dict(tags or {})


def checked_tags(tags: Mapping[str, str] | None, what: str) -> dict[str, str]:
    """The tags of a result or a record, if keys and values are plain words.

    Raises:
        DefinitionError: One is not.
    """
    for key, value in (tags or {}).items():
        is_own = isinstance(key, str) and key.startswith(OWN_TAG) and isinstance(value, str)
        if not is_own and not _is_tag(key, value):
            raise DefinitionError(
                f"{what} has tag {key!r}: {value!r}; keys and values are words of letters, digits, '_', '-' and '.', "
                "at most 63 characters, and a key may have a namespace: 'space/key'. Metadata take other values."
            )
    return dict(tags or {})


def _is_tag(key: Any, value: Any) -> bool:
    if not isinstance(key, str) or not isinstance(value, str):
        return False
    return bool(TAG_KEY.match(key.removeprefix(KIND_PREFIX) if is_kind(key) else key) and TAG_VALUE.match(value))


def is_kind(key: str) -> bool:
    """Whether a tag says a kind: its last part is one word, even an empty one."""
    return key.startswith(KIND_PREFIX) and "/" not in key.removeprefix(KIND_PREFIX)


def check_text(value: str | None, what: str, asset: object, location: object | None) -> str | None:
    """The value, if it is text or absent."""
    if value is not None and not isinstance(value, str):
        raise DefinitionError(f"Asset '{asset}' has {what} {value!r}; give text.", asset=str(asset), location=location)
    return value


def check_metadata(metadata: Mapping[str, Any] | None, asset: object, location: object | None) -> dict[str, Any]:
    """The metadata, if every entry has a name; values stay as they are."""
    if metadata is not None and not isinstance(metadata, Mapping):
        raise DefinitionError(
            f"Asset '{asset}' has metadata {metadata!r}; give a mapping from name to value.",
            asset=str(asset),
            location=location,
        )
    for name in metadata or {}:
        if not isinstance(name, str):
            raise DefinitionError(
                f"Asset '{asset}' has metadata under {name!r}; names are text.", asset=str(asset), location=location
            )
    return dict(metadata or {})


def check_kinds(kinds: Iterable[str] | None, asset: object, location: object | None) -> None:
    """Refuse kinds that no tag can have.

    Raises:
        DefinitionError: One is no word.
    """
    check_tags(with_kinds({}, kinds), asset, location)


def with_kinds(tags: Mapping[str, str], kinds: Iterable[str] | None) -> dict[str, str]:
    """The tags, with one more for each kind."""
    return {**tags, **{f"{KIND_PREFIX}{kind}": "" for kind in kinds or ()}}


def without_kinds(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags that say no kind."""
    return {key: value for key, value in tags.items() if not key.startswith(KIND_PREFIX)}


def kinds_in(tags: Mapping[str, str]) -> frozenset[str]:
    """The kinds that tags say."""
    return frozenset(key.removeprefix(KIND_PREFIX) for key in tags if key.startswith(KIND_PREFIX))
