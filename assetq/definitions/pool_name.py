"""Names of pools, and what an op needs of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

NAME_LIMIT, WEIGHT_LIMIT = 128, 1000

PoolSlots: TypeAlias = tuple[tuple[str, int], ...]
"""Pool and slots of it, the home of the messages first."""


def is_pool_name(name: object) -> bool:
    """True for text that can name a pool and its queue."""
    return isinstance(name, str) and 0 < len(name) <= NAME_LIMIT and all(c.isalnum() or c in "_-./" for c in name)


def slots_given(pool: object) -> PoolSlots | None:
    """What `pool=` asks for: a name, or names with the slots to take of each; None when it is neither."""
    given = {pool: 1} if isinstance(pool, str) else pool
    if not isinstance(given, Mapping) or not given:
        return None
    if not all(is_pool_name(name) and _is_weight(weight) for name, weight in given.items()):
        return None
    return tuple(given.items())


def _is_weight(weight: object) -> bool:
    return isinstance(weight, int) and not isinstance(weight, bool) and 0 < weight <= WEIGHT_LIMIT


def bundle_of(slots: PoolSlots) -> str:
    """The slots as text, `db*2+api`; the name alone for one slot of one pool."""
    return "+".join(name if weight == 1 else f"{name}*{weight}" for name, weight in slots)


def slots_of(bundle: str) -> PoolSlots:
    """What `bundle_of` wrote."""
    parts = (part.partition("*") for part in bundle.split("+"))
    return tuple((name, int(weight or 1)) for name, _, weight in parts)
