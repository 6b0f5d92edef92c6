"""Limits of pools: who gave them, and which one holds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from assetq.definitions import Definitions
from assetq.definitions.concurrency_key import key_of
from assetq.definitions.pool_name import is_pool_name, slots_of
from assetq.errors import PoolLimitError
from assetq.planning import Plan

DEFAULT_POOL = "default"
DEFAULT_LIMIT = "*"
"""Stands for every named pool without a limit of its own."""


PERIODS_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
RATE = re.compile(r"(\d+)/(\d*)(ms|s|m|h|d)")


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `starts` steps of a pool begin in any `period_ms`."""

    starts: int
    period_ms: int

    @classmethod
    def parse(cls, given: str | Rate | None) -> Rate | None:
        """Read `5/s`, `100/m`, `3/10s`; None stays None.

        Raises:
            PoolLimitError: The text is no rate.
        """
        if given is None or isinstance(given, Rate):
            return given
        match = RATE.fullmatch(given) if isinstance(given, str) else None
        if match is None or not int(match[1]) or match[2] == "0":
            raise PoolLimitError(
                f"A rate is starts in a period, for example 5/s, 100/m or 3/10s, not {given!r}. Limit 0 pauses a pool."
            )
        return cls(int(match[1]), int(match[2] or 1) * PERIODS_MS[match[3]])

    @classmethod
    def from_wire(cls, rate: str) -> Rate:
        """What `to_wire` wrote."""
        starts, _, period_ms = rate.partition("/")
        return cls(int(starts), int(period_ms))

    def to_wire(self) -> str:
        """As scripts read it."""
        return f"{self.starts}/{self.period_ms}"

    def __str__(self) -> str:
        unit = next(u for u, ms in reversed(PERIODS_MS.items()) if self.period_ms % ms == 0)
        count = self.period_ms // PERIODS_MS[unit]
        return f"{self.starts}/{'' if count == 1 else count}{unit}"


def key_limits(defs: Definitions) -> dict[str, int]:
    """`customer=*` -> steps at once for each value of a concurrency key."""
    ops = (definition.op for definition in (*defs.graph.ops, *defs.graph.checks, *defs.graph.observables))
    keys = (key_of(op.tags) for op in ops)
    return {f"{key[0]}=*": key[1] for key in keys if key is not None}


def _is_key_limit(pool: object) -> bool:
    name, equals, value = pool.partition("=") if isinstance(pool, str) else ("", "", "")
    return bool(name and equals and value) and not set(name) & set(":*")


def pools_of(defs: Definitions) -> set[str]:
    """Every pool that some definitions name."""
    ops = (definition.op for definition in (*defs.graph.ops, *defs.graph.checks, *defs.graph.observables))
    used = {pool for op in ops for pool in op.pools or {DEFAULT_POOL}}
    return used | set(defs.pools) - {DEFAULT_LIMIT}


def check_limit(pool: str, limit: object, rate: object = None) -> None:
    """Refuse what is no limit, or no name of a pool, or a rate for many at once.

    Raises:
        PoolLimitError: Says what would be one.
    """
    if pool != DEFAULT_LIMIT and not is_pool_name(pool) and not _is_key_limit(pool):
        raise PoolLimitError(
            f"{pool!r} cannot name a pool: use letters, digits, '_', '-', '.', '/', at most 128; '*' stands for every "
            "pool without a limit of its own."
        )
    if rate is not None and not is_pool_name(pool):
        raise PoolLimitError("A rate belongs to one pool, not to a default or a concurrency key.")
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 0:
        raise PoolLimitError(f"A pool limit is a whole number from 0, not {limit!r}. 0 pauses the pool.")


def check_weights(plan: Plan, limits: Callable[[], PoolLimits]) -> None:
    """Refuse a step that could never start: it needs more slots at once than a pool has. A paused pool may go on later.

    Raises:
        PoolLimitError: Says which, and what to do.
    """
    heavy = [(node.name, pool, weight) for node in plan.nodes for pool, weight in slots_of(node.bundle) if weight > 1]
    known = limits() if heavy else PoolLimits()
    for name, pool, weight in heavy:
        limit = known.of(pool)
        if limit and weight > limit:
            raise PoolLimitError(
                f"A step of '{name}' takes {weight} slots of pool '{pool}', whose limit is {limit}: it would never "
                f"start. Take fewer slots, or raise the limit: `assetq pools set {pool} {weight}`."
            )


@dataclass(slots=True)
class PoolLimits:
    """The limits of an instance in memory."""

    limits: dict[str, int] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    rates: dict[str, Rate] = field(default_factory=dict)

    def assign(self, pool: str, limit: int, rate: Rate | None = None) -> None:
        """By hand: code does not change it any more."""
        self.limits[pool], self.sources[pool] = limit, "hand"
        self.rates.pop(pool, None)
        if rate is not None:
            self.rates[pool] = rate

    def unset(self, pool: str) -> None:
        """As if nobody had given one."""
        self.limits.pop(pool, None)
        self.sources.pop(pool, None)
        self.rates.pop(pool, None)

    def register(self, given: Mapping[str, int]) -> None:
        """By code: replaces what code gave before."""
        for pool, limit in given.items():
            if self.sources.get(pool) != "hand":
                self.limits[pool], self.sources[pool] = limit, "code"

    def _default_of(self, pool: str) -> str:
        name, equals, _ = pool.partition("=")
        return f"{name}=*" if equals else DEFAULT_LIMIT

    def _follows_default(self, pool: str) -> bool:
        return pool not in self.limits and pool != DEFAULT_POOL and self._default_of(pool) in self.limits

    def of(self, pool: str) -> int | None:
        """The limit that holds; None for none."""
        return self.limits.get(self._default_of(pool) if self._follows_default(pool) else pool)

    def source_of(self, pool: str) -> str | None:
        """Who gave it: "hand", "code", or "default" for the one of pools without their own."""
        return "default" if self._follows_default(pool) else self.sources.get(pool)

    def rate_of(self, pool: str) -> str | None:
        """Its rate, as people write it."""
        return str(self.rates[pool]) if pool in self.rates else None

    def paused(self, pools: Iterable[str]) -> bool:
        """True when one of them has limit 0."""
        return any(self.of(pool) == 0 for pool in pools)

    def names(self) -> set[str]:
        """Pools that have a limit of their own."""
        return set(self.limits) - {DEFAULT_LIMIT}
