"""Checks of the attributes that assets are described with; each names the asset and what is allowed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from assetq.errors import DefinitionError

OWNER = re.compile(r"team:.+|[^@\s]+@[^@\s]+\.[^@\s]+")
GROUP = re.compile(r"[A-Za-z0-9_]+(/[A-Za-z0-9_]+)*")
TAG_KEY = re.compile(r"([A-Za-z0-9_.\-]{1,63}/)*[A-Za-z0-9_.\-]{1,63}")
KIND_TAG = "dagster/kind/"
KIND_TAGS = ("assetq/kind/", KIND_TAG)


def strings(values: Iterable[str] | None, what: str, asset: object) -> tuple[str, ...]:
    """The strings of a collection, which must not be one string by itself.

    Raises:
        DefinitionError: It is one string, or holds something else.
    """
    if values is None:
        return ()
    given = () if isinstance(values, str) or not isinstance(values, Iterable) else tuple(values)
    if isinstance(values, str) or not all(isinstance(value, str) and value for value in given):
        raise DefinitionError(f"Asset '{asset}' has {what} {values!r}; give a list of strings.", asset=str(asset))
    return given


def check_owners(owners: Iterable[str] | None, asset: object) -> tuple[str, ...]:
    """The owners, if each is an e-mail address or `team:name`."""
    checked = strings(owners, "owners", asset)
    for owner in checked:
        if not OWNER.fullmatch(owner):
            raise DefinitionError(
                f"Asset '{asset}' has owner {owner!r}; give an e-mail address, or 'team:name'.", asset=str(asset)
            )
    return checked


def check_group(group: str | None, asset: object) -> str | None:
    """The group name, if its parts are letters, digits and underscores."""
    if group is not None and not (isinstance(group, str) and GROUP.fullmatch(group)):
        raise DefinitionError(
            f"Asset '{asset}' has group {group!r}; use letters, digits, underscores, and '/' to nest.",
            asset=str(asset),
        )
    return group


def check_tags(tags: Mapping[str, str] | None, asset: object) -> dict[str, str]:
    """The tags, if keys are plain words and values are strings."""
    if tags is not None and not isinstance(tags, Mapping):
        raise DefinitionError(f"Asset '{asset}' has tags {tags!r}; give a mapping of strings.", asset=str(asset))
    for key, value in (tags or {}).items():
        if not (isinstance(key, str) and TAG_KEY.fullmatch(key) and isinstance(value, str)):
            raise DefinitionError(
                f"Asset '{asset}' has tag {key!r}: {value!r}; keys are words of letters, digits, '_', '-', '.', "
                "values are strings.",
                asset=str(asset),
            )
    return dict(tags or {})


def check_kinds(kinds: Iterable[str] | None, tags: Mapping[str, str], asset: object) -> frozenset[str]:
    """The kinds, with those that tags such as "dagster/kind/python" give."""
    tagged = (key.removeprefix(prefix) for key in tags for prefix in KIND_TAGS if key.startswith(prefix))
    return frozenset([*strings(kinds, "kinds", asset), *tagged])


def check_metadata(metadata: Mapping[str, object] | None, asset: object) -> dict[str, object]:
    """The metadata, if its names are strings."""
    if metadata is None:
        return {}
    if not isinstance(metadata, Mapping) or not all(isinstance(name, str) for name in metadata):
        raise DefinitionError(
            f"Asset '{asset}' has metadata {metadata!r}; give a mapping with string keys.", asset=str(asset)
        )
    return dict(metadata)


def check_pool(pool: str | None, asset: object) -> str | None:
    """The pool's name, if it can name a queue."""
    if pool is not None and not is_pool_name(pool):
        raise DefinitionError(
            f"Asset '{asset}' has pool {pool!r}; use letters, digits, '_', '-', '.', '/', at most 128.",
            asset=str(asset),
        )
    return pool


def is_pool_name(pool: object) -> bool:
    """True for a name that can name a queue."""
    return isinstance(pool, str) and re.fullmatch(r"[\w\-./]{1,128}", pool) is not None


def check_partitions(partitions_def: object, asset: object) -> object:
    """The partitions definition, if it is one."""
    if partitions_def is not None and (isinstance(partitions_def, type) or not hasattr(partitions_def, "identity")):
        raise DefinitionError(
            f"Asset '{asset}' has partitions_def {partitions_def!r}, which is no partitions definition; give for "
            "example DailyPartitionsDefinition(start_date=...).",
            asset=str(asset),
        )
    return partitions_def


def check_kind_of(value: object, wanted: type, option: str, asset: object) -> None:
    """Refuses an option of another type."""
    if value is not None and not isinstance(value, wanted):
        raise DefinitionError(f"Asset '{asset}' has {option}={value!r}; give a {wanted.__name__}.", asset=str(asset))
