"""Limits of pools: who gave them, and which one holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from assetq.definitions import Definitions
from assetq.definitions.pool_name import is_pool_name
from assetq.errors import PoolLimitError

DEFAULT_POOL = "default"
DEFAULT_LIMIT = "*"
"""Stands for every named pool without a limit of its own."""


def pools_of(defs: Definitions) -> set[str]:
    """Every pool that some definitions name."""
    ops = (definition.op for definition in (*defs.graph.ops, *defs.graph.checks, *defs.graph.observables))
    used = {pool for op in ops for pool in op.pools or {DEFAULT_POOL}}
    return used | set(defs.pools) - {DEFAULT_LIMIT}


def check_limit(pool: str, limit: object) -> None:
    """Refuse what is no limit, or no name of a pool.

    Raises:
        PoolLimitError: Says what would be one.
    """
    if pool != DEFAULT_LIMIT and not is_pool_name(pool):
        raise PoolLimitError(
            f"{pool!r} cannot name a pool: use letters, digits, '_', '-', '.', '/', at most 128; '*' stands for every "
            "pool without a limit of its own."
        )
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 0:
        raise PoolLimitError(f"A pool limit is a whole number from 0, not {limit!r}. 0 pauses the pool.")


@dataclass(slots=True)
class PoolLimits:
    """The limits of an instance in memory."""

    limits: dict[str, int] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)

    def assign(self, pool: str, limit: int) -> None:
        """By hand: code does not change it any more."""
        self.limits[pool], self.sources[pool] = limit, "hand"

    def unset(self, pool: str) -> None:
        """As if nobody had given one."""
        self.limits.pop(pool, None)
        self.sources.pop(pool, None)

    def register(self, given: Mapping[str, int]) -> None:
        """By code: replaces what code gave before."""
        for pool, limit in given.items():
            if self.sources.get(pool) != "hand":
                self.limits[pool], self.sources[pool] = limit, "code"

    def _follows_default(self, pool: str) -> bool:
        return pool not in self.limits and pool != DEFAULT_POOL and DEFAULT_LIMIT in self.limits

    def of(self, pool: str) -> int | None:
        """The limit that holds; None for none."""
        return self.limits.get(DEFAULT_LIMIT if self._follows_default(pool) else pool)

    def source_of(self, pool: str) -> str | None:
        """Who gave it: "hand", "code", or "default" for the one of pools without their own."""
        return "default" if self._follows_default(pool) else self.sources.get(pool)

    def paused(self, pools: Iterable[str]) -> bool:
        """True when one of them has limit 0."""
        return any(self.of(pool) == 0 for pool in pools)

    def names(self) -> set[str]:
        """Pools that have a limit of their own."""
        return set(self.limits) - {DEFAULT_LIMIT}
